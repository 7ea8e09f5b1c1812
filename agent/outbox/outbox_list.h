/* outbox_list.h - the queue as people see it: lists, retry, purge, explain.
 *
 * Flow:    command line -> control -> [outbox_list] -> db
 * Shapes:  JSON members as agent/cli/control.h has them
 * Errors:  WS_NOTFOUND no such item
 * Process: the outbox role alone
 */
#ifndef AGENT_OUTBOX_OUTBOX_LIST_H
#define AGENT_OUTBOX_OUTBOX_LIST_H

#include "agent/outbox/outbox.h"
#include "core/jsonw.h"

/* "SESSION/SEQ" or "SEQ"; NULL or "" leaves the choice to the verb. */
struct outbox_list_id {
    int64_t session, seq; /* seq 0: none was given */
};
enum err outbox_list_find(struct outbox *o, const char *text,
                          struct outbox_list_id *out) WS_MUST_CHECK;

/* items [...] and more; state is a word, NULL for all that is not done. */
enum err outbox_list_queue(struct outbox *o, const char *state, int64_t limit,
                           struct jsonw *w) WS_MUST_CHECK;

/* items [...], newest first. */
enum err outbox_list_sent(struct outbox *o, int64_t since_wall_ns,
                          int64_t limit, struct jsonw *w) WS_MUST_CHECK;

/* item {...} and payload; without a seq the last metric. */
enum err outbox_list_explain(struct outbox *o, const struct outbox_list_id *id,
                             struct jsonw *w) WS_MUST_CHECK;

/* last_metric {...} or null. */
enum err outbox_list_last_metric(struct outbox *o,
                                 struct jsonw *w) WS_MUST_CHECK;

/* today {...} */
void outbox_list_today(const struct outbox *o, struct jsonw *w);

/* Dead and parked items go back to the queue; without a seq all of them. */
enum err outbox_list_retry(struct outbox *o, const struct outbox_list_id *id,
                           int64_t *count) WS_MUST_CHECK;

/* Dead letters are forgotten (their tombstones stay); without a seq all. */
enum err outbox_list_purge(struct outbox *o, const struct outbox_list_id *id,
                           int64_t *count) WS_MUST_CHECK;

#endif
