#include "agent/outbox/pausing.h"

#include "core/clock.h"
#include "core/conf.h"
#include "core/io.h"
#include "core/jsonw.h"
#include "core/log.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>

#define FILE_NAME "pause" /* in STATE */
#define FILE_DIGITS 20

static const char until_note[] = "pause_until_wall_ns"; /* of the last event */
static const char reason_note[] = "pause_reason";

/* --- the file --- */

enum err pausing_load(const char *state, int64_t now_wall_ns,
                      int64_t *until_wall_ns)
{
    int64_t most = now_wall_ns + PAUSING_MAX_MS * CLOCK_NS_PER_MS, until = 0;
    OWN_FREE char *path = io_path(state, FILE_NAME);
    OWN_BUF struct buf text = BUF_EMPTY;
    enum err e = path ? io_read_file(path, FILE_DIGITS, &text) : WS_NOMEM;

    if (!e)
        e = conf_parse_int(buf_text(&text), &until);
    if (e && e != WS_NOTFOUND)
        return e;
    /* Nobody can pause for longer: the clock was set back since. */
    until = until < most ? until : most;
    *until_wall_ns = until > now_wall_ns ? until : 0;
    return WS_OK;
}

static enum err keep(struct pausing *p, int64_t until_wall_ns)
{
    char text[FILE_DIGITS + 1];

    snprintf(text, sizeof(text), "%0*lld", FILE_DIGITS,
             (long long)until_wall_ns);
    p->kept = pwrite(p->fd, text, FILE_DIGITS, 0) == FILE_DIGITS &&
              fdatasync(p->fd) == 0;
    return p->kept ? WS_OK : err_sys("pause: write STATE/" FILE_NAME);
}

/* Its room is taken and its name made durable while nothing is paused. */
static enum err open_file(struct pausing *p, const char *state)
{
    static const char none[] = "00000000000000000000";
    OWN_FREE char *path = io_path(state, FILE_NAME);
    enum err e = WS_OK;

    _Static_assert(sizeof(none) - 1 == FILE_DIGITS, "as long as any other");
    if (!path)
        return WS_NOMEM;
    if (access(path, F_OK) < 0)
        e = io_write_file(path, none, FILE_DIGITS, 0600);
    if (e)
        return e;
    p->fd = open(path, O_WRONLY | O_CLOEXEC);
    return p->fd < 0 ? err_sys("pause: open %s", path) : WS_OK;
}

/* --- what is in force --- */

int64_t pausing_until(const struct pausing *p)
{
    int64_t until = atomic_load(&p->board->paused_until_wall_ns);

    return until > env_wall_ns(p->env) ? until : 0;
}

bool pausing_set(struct pausing *p, int64_t until_wall_ns, const char *reason)
{
    bool was = pausing_until(p) != 0;

    atomic_store(&p->board->paused_until_wall_ns, until_wall_ns);
    snprintf(p->reason, sizeof(p->reason), "%s", reason ? reason : "");
    (void)!keep(p, until_wall_ns);
    if (!was && until_wall_ns == 0)
        return false;
    p->asked_wall_ns = env_wall_ns(p->env);
    p->until_wall_ns = until_wall_ns;
    p->owed = true;
    return true;
}

bool pausing_end(struct pausing *p)
{
    if (atomic_load(&p->board->paused_until_wall_ns) == 0 ||
        pausing_until(p) != 0)
        return false;
    atomic_store(&p->board->paused_until_wall_ns, 0);
    (void)!keep(p, 0);
    return true;
}

/* --- what is recorded --- */

static enum err put_event(const struct pausing *p)
{
    OWN_BUF struct buf payload = BUF_EMPTY;
    struct jsonw w;

    jsonw_init(&w, &payload);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "event", p->until_wall_ns ? "pause" : "resume");
    jsonw_time(&w, "at", p->asked_wall_ns);
    if (p->until_wall_ns)
        jsonw_time(&w, "until", p->until_wall_ns);
    if (p->reason[0])
        jsonw_text(&w, "reason", p->reason);
    jsonw_object_end(&w);
    return outbox_put_small(p->outbox, WIRE_ITEM_EVENT, &payload);
}

static enum err write_event(struct pausing *p)
{
    enum err e = outbox_begin(p->outbox);

    if (e)
        return e;
    e = put_event(p);
    if (!e)
        e = outbox_set_int(p->outbox, until_note, p->until_wall_ns);
    if (!e)
        e = outbox_set_text(p->outbox, reason_note, p->reason);
    if (e) {
        outbox_rollback(p->outbox);
        return e;
    }
    e = outbox_commit(p->outbox);
    p->owed = e != WS_OK;
    return e;
}

bool pausing_owes(const struct pausing *p)
{
    return p->owed || !p->kept;
}

enum err pausing_write(struct pausing *p)
{
    if (!p->kept)
        (void)!keep(p, pausing_until(p));
    return p->owed ? write_event(p) : WS_OK;
}

enum err pausing_open(struct pausing *p, const char *state)
{
    int64_t said = 0;
    enum err e = open_file(p, state);

    if (!e)
        e = keep(p, pausing_until(p));
    if (!e)
        e = outbox_note_int(p->outbox, until_note, &said);
    if (!e)
        e = outbox_note_text(p->outbox, reason_note, p->reason,
                             sizeof(p->reason));
    if (e)
        return e;
    p->asked_wall_ns = env_wall_ns(p->env);
    p->until_wall_ns = pausing_until(p);
    p->owed = p->until_wall_ns != (said > p->asked_wall_ns ? said : 0);
    if (p->until_wall_ns != said)
        p->reason[0] = '\0'; /* of another pause */
    return WS_OK;
}

void pausing_close(struct pausing *p)
{
    own_fd(&p->fd);
    p->fd = -1;
}
