#include "server/store/store_ledger.h"

#include "server/store/store_backend.h"

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

enum err store_ledger_deliver(struct store *s, int64_t session_id,
                              const struct store_run *runs, size_t count)
{
    return s->ops->ledger->deliver(s, session_id, runs, count);
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
