#include "server/store/store_ledger.h"

#include "server/store/store_backend.h"

#include <stdlib.h>

enum err store_ledger_delivered(struct store *s, int64_t session_id,
                                int64_t first, int64_t last,
                                struct store_run *out, size_t max,
                                size_t *count)
{
    return s->ops->ledger->delivered(s, session_id, first, last, out, max,
                                     count);
}

enum err store_ledger_known(struct store *s, int64_t session_id, int64_t seq,
                            int64_t *count)
{
    return s->ops->ledger->known(s, session_id, seq, count);
}

enum err store_arrivals_open(struct store_arrivals **out, struct store *s,
                             const struct store_seqs *runs, size_t count)
{
    return s->ops->ledger->arrivals_open(out, s, runs, count);
}

void store_arrivals_close(struct store_arrivals *a)
{
    if (a)
        a->s->ops->ledger->arrivals_close(a);
}

const struct store_seqs *store_arrivals_rows(const struct store_arrivals *a,
                                             size_t *count)
{
    return a->s->ops->ledger->arrivals_rows(a, count);
}

enum err store_arrivals_put(struct store_arrivals *a,
                            const struct store_seqs *runs, size_t count)
{
    return a->s->ops->ledger->arrivals_put(a, runs, count);
}

enum err store_ledger_deliver(struct store *s, int64_t session_id,
                              const struct store_run *runs, size_t count)
{
    OWN(store_arrivals_close)
    struct store_arrivals *a = NULL;
    OWN_FREE struct store_seqs *list = calloc(count, sizeof *list);
    enum err e;

    if (!list)
        return WS_NOMEM;
    for (size_t i = 0; i < count; i++)
        list[i] = (struct store_seqs){session_id, runs[i]};
    e = store_arrivals_open(&a, s, list, count);
    return e ? e : store_arrivals_put(a, list, count);
}

enum err store_ledger_bury(struct store *s, int64_t session_id,
                           const char *reason, const struct store_run *runs,
                           size_t run_count, int64_t count)
{
    return s->ops->ledger->bury(s, session_id, reason, runs, run_count, count);
}

enum err store_ledger_span(struct store *s, int64_t session_id,
                           const struct store_run *runs, size_t run_count)
{
    return s->ops->ledger->span(s, session_id, runs, run_count);
}

enum err store_ledger_read(struct store *s, int64_t session_id,
                           struct store_ledger *out)
{
    return s->ops->ledger->read(s, session_id, out);
}

enum err store_ledger_buried(struct store *s, int64_t session_id, int64_t after,
                             struct store_run *out, size_t max, size_t *count)
{
    return s->ops->ledger->buried(s, session_id, after, out, max, count);
}
