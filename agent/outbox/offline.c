#include "agent/outbox/offline.h"

#include "agent/outbox/control.h"
#include "agent/outbox/outbox_priv.h"
#include "agent/outbox/outbox_start.h"
#include "core/io.h"

#include <string.h>
#include <unistd.h>

static const char *const verbs[] = {"queue-list", "queue-retry", "queue-purge",
                                    "sent", "explain"};

static bool is_allowed(const char *verb)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verb, verbs[i]) == 0)
            return true;
    return false;
}

/* "SEQ" alone is of the last session. */
static enum err resume_last(struct outbox *o)
{
    struct db_stmt *s;
    int64_t number;
    enum err e = db_stmt(
        o->db, "SELECT number FROM session ORDER BY number DESC LIMIT 1", &s);

    if (!e)
        e = db_step(s);
    if (e)
        return e;
    number = db_int(s, 0);
    db_reset(s);
    return outbox_session_resume(o, number);
}

enum err offline_answer(const struct settings *settings, const char *verb,
                        const char *request, struct buf *answer)
{
    OWN(outbox_close)
    struct outbox *o = NULL;
    OWN(board_close)
    struct board *board = NULL;
    OWN_FREE char *file = io_path(settings->state, OUTBOX_START_FILE);
    OWN_FD int board_fd = -1;
    struct control_scope scope = {.env = &env_system};
    enum err e;

    if (!is_allowed(verb))
        return WS_DENIED;
    if (!file || access(file, F_OK) < 0)
        return WS_NOTFOUND;
    e = outbox_start_open(&o, settings, &env_system);
    if (!e)
        e = resume_last(o);
    if (!e)
        e = board_create(&board, &board_fd);
    if (e)
        return e;
    scope.outbox = o;
    scope.board = board;
    return control_answer(&scope, request, strlen(request), answer);
}
