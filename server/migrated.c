#include "server/migrated.h"

#include "core/log.h"
#include "server/database.h"
#include "server/store/store.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define MIGRATED_SAID_EVERY 30 /* looks, a second each */

/* SIGTERM or SIGINT within a second. The first process of a container has no
 * default action for them, so they are asked for. */
static bool is_told_to_end(const sigset_t *set)
{
    static const struct timespec second = {.tv_sec = 1};

    return sigtimedwait(set, NULL, &second) > 0;
}

static enum err pending(const char *address, size_t *out)
{
    OWN(store_close)
    struct store *s = NULL;
    struct store_migrations m = {.count = 0};
    enum err e = store_open(&s, address, STORE_READ);

    if (!e)
        e = store_migrations(s, &m);
    if (!e)
        e = store_migrations_admit(&m);
    *out = m.pending;
    return e;
}

static enum err wait_for(const char *address, const sigset_t *set)
{
    size_t n = 0;

    for (unsigned looks = 0;; looks++) {
        enum err e = pending(address, &n);

        if (e || n == 0)
            return e;
        if (looks % MIGRATED_SAID_EVERY == 0)
            log_warn("not_migrated",
                     "auto_migrate is off and %zu migrations are pending: "
                     "worksight-server migrate",
                     n);
        if (is_told_to_end(set))
            return WS_AGAIN;
    }
}

enum err migrated_wait(const struct settings *s)
{
    OWN_FREE char *address = NULL;
    sigset_t set, before;
    enum err e;

    /* The embedded store has one process that writes: the workers say it. */
    if (s->auto_migrate || database_is_embedded(s))
        return WS_OK;
    e = database_address(s, &address);
    if (e)
        return e;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, &before);
    e = wait_for(address, &set);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return e;
}
