/* store.h - what the server keeps, as rows, whatever engine holds them.
 *
 * Flow:    commit (a process's writers) -> [store] <- readers (views, tokens)
 * Shapes:  "sqlite:PATH" names a store; the part before the colon is a row of
 *          the table of backends (server/store/meson.build, store_backends)
 * Errors:  WS_AGAIN    busy or a deadlock: roll back, replay the transaction
 *          WS_INVALID  a row of this call is not storable: find it by halves
 *          WS_EXISTS   a unique key: the first row stands
 *          WS_FULL     out of room          WS_CORRUPT  the file is broken
 *          WS_IO       the outcome is not known: answer 503
 * Owns:    store_open() hands over a handle; a handle is one connection
 * Process: one thread at a time a handle; with sqlite one handle writes, all
 *          others are opened with STORE_READ
 * Source:  design.md section 2, "Schema rules"; server.md
 *
 * The rows: store_facts.h (items), store_ledger.h (what arrived), and
 * store_sessions.h (sessions, tokens, heartbeats).
 */
#ifndef SERVER_STORE_STORE_H
#define SERVER_STORE_STORE_H

#include "core/err.h"
#include "core/own.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STORE_READ = 1 /* queries only: views, exports, token look-ups */ };

#define STORE_SHA256_BYTES 32
#define STORE_ID_BLOCK INT64_C(65536) /* ids of facts taken at a time */

struct store;

/* Open the store that the address names; an unknown backend is WS_INVALID and
 * the known ones are logged. The schema is not touched. */
enum err store_open(struct store **out, const char *address,
                    unsigned flags) WS_MUST_CHECK;
void store_close(struct store *s);
OWN_DEFINE(store_close, struct store *)

/* The address of the embedded store under a data folder, to be freed; NULL
 * without memory. */
char *store_address(const char *data_dir);

const char *store_name(const struct store *s); /* "sqlite" */

/* --- migrations: numbered, forward only --- */

struct store_migration {
    int64_t version;
    const char *name;
    int64_t applied_ns; /* 0: not applied */
};

#define STORE_MAX_MIGRATIONS 64

struct store_migrations {
    struct store_migration list[STORE_MAX_MIGRATIONS];
    size_t count;   /* known to this program */
    size_t pending; /* of these, not applied */
    int64_t ahead;  /* versions in the store that this program doesn't know */
    int64_t least;  /* that a program must know to work with the store */
};

/* List every migration and whether it was applied. */
enum err store_migrations(struct store *s,
                          struct store_migrations *out) WS_MUST_CHECK;

/* The store was changed in a way that this program can't work with. What is
 * only added is no such change: old and new programs work side by side. */
bool store_migrations_shut_out(const struct store_migrations *m);

/* WS_DENIED, with a line in the log, when it shut this program out. */
enum err store_migrations_admit(const struct store_migrations *m) WS_MUST_CHECK;

/* Apply what is pending, each in a transaction of its own; returns how many.
 * WS_DENIED: this program is shut out. */
enum err store_migrate(struct store *s, size_t *applied) WS_MUST_CHECK;

/* --- transactions: every write happens in one --- */

enum err store_begin(struct store *s) WS_MUST_CHECK;
/* Make everything since store_begin() durable. */
enum err store_commit(struct store *s) WS_MUST_CHECK;
void store_rollback(struct store *s);

/* Take `count` ids of a named counter ("fact", "session", "user" ...); the
 * first is returned, ids start at 1. Inside a transaction. */
enum err store_take_ids(struct store *s, const char *counter, int64_t count,
                        int64_t *first) WS_MUST_CHECK;

/* Bytes of the store on its disk, for status and /metrics; -1 unknown. */
int64_t store_bytes(struct store *s);

#endif
