/* store_ledger.h - which items of a session arrived, as intervals of seq.
 *
 * Flow:    commit writes it with the facts; the ledger endpoint reads it
 * Shapes:  runs of seqs, first and last included; they outlive the rows
 * Errors:  as store.h
 * Source:  wire.md "Ledger": recorded = delivered + dead-lettered + dropped
 *          (counted, by reason) + still queued; never COUNT(*)
 */
#ifndef SERVER_STORE_STORE_LEDGER_H
#define SERVER_STORE_STORE_LEDGER_H

#include "server/store/store.h"

struct store_run {
    int64_t first, last;
};

struct store_seqs {
    int64_t session_id;
    struct store_run run;
};

/* The delivered runs that overlap [first, last], in order; at most `max`. */
enum err store_ledger_delivered(struct store *s, int64_t session_id,
                                int64_t first, int64_t last,
                                struct store_run *out, size_t max,
                                size_t *count) WS_MUST_CHECK;

/* How many of the seqs from 1 to before `seq` were delivered or buried. */
enum err store_ledger_known(struct store *s, int64_t session_id, int64_t seq,
                            int64_t *count) WS_MUST_CHECK;

/* What arrives in one transaction. Opened with all runs that may (sorted by
 * session and seq, apart): their sessions take turns with other writers until
 * the transaction ends, and the delivered rows that the runs touch are read.
 * Then those of them that are new are put, once. */
struct store_arrivals;
enum err store_arrivals_open(struct store_arrivals **out, struct store *s,
                             const struct store_seqs *runs,
                             size_t count) WS_MUST_CHECK;
void store_arrivals_close(struct store_arrivals *a);
OWN_DEFINE(store_arrivals_close, struct store_arrivals *)

/* The rows that were read, by session and in order: those that overlap a run or
 * lie beside one are among them. */
const struct store_seqs *store_arrivals_rows(const struct store_arrivals *a,
                                             size_t *count);

/* Add runs, sorted and apart; tombstones in them end. WS_INVALID: one was
 * delivered before. */
enum err store_arrivals_put(struct store_arrivals *a,
                            const struct store_seqs *runs,
                            size_t count) WS_MUST_CHECK;

/* The same for runs of one session that are known to be new. */
enum err store_ledger_deliver(struct store *s, int64_t session_id,
                              const struct store_run *runs,
                              size_t count) WS_MUST_CHECK;

#define STORE_LEDGER_SPAN 4096 /* rows that one tombstone may touch */

/* WS_FULL when the runs, from the first seq to the last, touch more rows of
 * the ledger than STORE_LEDGER_SPAN: such a tombstone is not taken. */
enum err store_ledger_span(struct store *s, int64_t session_id,
                           const struct store_run *runs,
                           size_t run_count) WS_MUST_CHECK;

#define STORE_DEAD_LETTER "dead_letter"

/* Account for seqs that will not come (runs may overlap what is delivered or
 * buried: that part changes nothing) and for `count` things without a seq.
 * reason is a class ("evicted"), not a sentence: each has its own figures.
 * WS_INVALID: over store_ledger_span(). */
enum err store_ledger_bury(struct store *s, int64_t session_id,
                           const char *reason, const struct store_run *runs,
                           size_t run_count, int64_t count) WS_MUST_CHECK;

struct store_tombstones {
    char reason[256];
    int64_t seqs;     /* buried now: not delivered since */
    int64_t replaced; /* were buried and arrived after all */
    int64_t count;    /* things that never had a seq */
};

/* Everything about one session but the runs. */
struct store_ledger {
    int64_t accepted, tombstoned, expired, erased; /* monotone, of seqs */
    int64_t replaced;          /* tombstoned, then delivered */
    int64_t buried;            /* tombstoned and not delivered since */
    int64_t head_seq, head_ns; /* as of the last heartbeat; 0: none */
    int64_t dead;              /* of buried: reason "dead_letter" */
    int64_t counted;           /* things without a seq, of all reasons */
    int64_t recorded; /* the highest seq known: head, delivered or buried */
    int64_t queued;   /* recorded - accepted - buried */
    int64_t pending;  /* queue and dead letters the agent spoke of with its
                         head; -1: it said nothing */
    struct store_tombstones reasons[32];
    size_t reason_count;
};

enum err store_ledger_read(struct store *s, int64_t session_id,
                           struct store_ledger *out) WS_MUST_CHECK;

/* The buried runs, in order, from `after` on. */
enum err store_ledger_buried(struct store *s, int64_t session_id, int64_t after,
                             struct store_run *out, size_t max,
                             size_t *count) WS_MUST_CHECK;

#endif
