/* lockout.h - how often a login may fail: counts by name, by address, by both.
 *
 * Flow:    POST /api/v1/login -> [lockout] -> password check -> [lockout]
 * Shapes:  LOCKOUT_PAIR failures of one name from one address close it for
 *          LOCKOUT_FIRST_S, doubling up to LOCKOUT_LONGEST_S; LOCKOUT_ADDRESS
 *          from one address (an IPv6 /64), or LOCKOUT_NAME on one name from
 *          everywhere, do the same; a name that nobody has counts like one that
 * somebody has Units:   monotonic ns Errors:  WS_AGAIN  closed: wait_s says for
 * how long WS_FULL   more than LOCKOUT_KEPT counts are in use: wait as well
 * Owns:    lockout_open() hands over a handle; a shared table stays the
 *          caller's
 * Process: any thread of any process that maps the table: a bound holds for
 *          all workers together
 * Source:  privacy.md A1; ui.md "absent in Django"
 */
#ifndef SERVER_AUTH_LOCKOUT_H
#define SERVER_AUTH_LOCKOUT_H

#include "core/err.h"
#include "core/own.h"

#include <stdatomic.h>
#include <stdint.h>

#define LOCKOUT_PAIR 5
#define LOCKOUT_ADDRESS 20
#define LOCKOUT_NAME 50
#define LOCKOUT_FIRST_S 30
#define LOCKOUT_LONGEST_S 900
#define LOCKOUT_FORGET_S 3600 /* a count without news is dropped */
#define LOCKOUT_KEPT 8192

struct lockout;

struct lockout_slot {
    atomic_uint_fast64_t key;   /* 0: never used */
    atomic_uint_fast64_t state; /* ms of the last failure << 16 | failures */
};

/* The counts; zeroed memory, then lockout_table_init(). */
struct lockout_table {
    unsigned char hash_key[16];
    struct lockout_slot slots[LOCKOUT_KEPT];
};

/* Draw the key of its hash, once. */
void lockout_table_init(struct lockout_table *t);

/* Count in a shared table; NULL: in one of its own. */
enum err lockout_open(struct lockout **out,
                      struct lockout_table *shared) WS_MUST_CHECK;
void lockout_close(struct lockout *l);
OWN_DEFINE(lockout_close, struct lockout *)

/* May this name try from this address now? Charges nothing. */
enum err lockout_check(struct lockout *l, const char *name, const char *address,
                       int64_t now_ns, int64_t *wait_s) WS_MUST_CHECK;

/* An attempt failed. */
void lockout_failed(struct lockout *l, const char *name, const char *address,
                    int64_t now_ns);

/* An attempt worked: the pair's count is forgotten, the address's is not. */
void lockout_passed(struct lockout *l, const char *name, const char *address);

#endif
