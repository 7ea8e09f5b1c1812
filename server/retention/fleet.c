#include "server/retention/fleet.h"

#include "core/clock.h"
#include "server/store/store_facts.h"
#include "server/store/store_fleet.h"

/* A session's row may be committed so long after its created_at, by a server
 * whose clock is so far off. */
#define COUNT_BEHIND_NS (INT64_C(600) * CLOCK_NS_PER_S)
/* Agents deliver within it, unless they were away: that is folded later. */
#define FOLD_BEHIND_NS (INT64_C(7200) * CLOCK_NS_PER_S)

static enum err keep(struct store *writer, void *arg)
{
    return store_fleet_keep(writer, arg);
}

static enum err fold(struct store *writer, void *arg)
{
    const int64_t *quarter = arg;

    return store_fleet_fold(writer, *quarter);
}

static enum err fold_all(const struct sweep *w)
{
    int64_t before = (w->now_ns - FOLD_BEHIND_NS) / STORE_QUARTER_NS;
    int64_t quarter = INT64_MIN;
    enum err e;

    while (!(e = store_fleet_next(w->reader, quarter, before, &quarter))) {
        if (w->go_on && !w->go_on(w->ctx))
            return WS_AGAIN;
        e = w->write(w->ctx, fold, &quarter);
        if (e)
            return e;
    }
    return e == WS_NOTFOUND ? WS_OK : e;
}

enum err fleet_run(const struct sweep *w)
{
    struct store_fleet_count count = {.upto_ns = w->now_ns - COUNT_BEHIND_NS};
    enum err e = store_fleet_count(w->reader, &count);

    if (!e)
        e = w->write(w->ctx, keep, &count);
    return e ? e : fold_all(w);
}
