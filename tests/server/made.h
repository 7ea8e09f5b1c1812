/* made.h - a store, sessions and facts as the tests of the server need them. */
#ifndef TESTS_SERVER_MADE_H
#define TESTS_SERVER_MADE_H

#include "core/log.h"
#include "server/commit/commit_plan.h"
#include "server/store/store_sessions.h"

/* A folder under /tmp and a migrated store in it. */
struct made {
    char dir[64];
    char address[256];
    struct store *store;
};

/* The backend that made_setup() opens from now on; "sqlite" at first. False
 * for "mysql" without WS_TEST_MYSQL=mysql://... (each test has a database of
 * its own on that server). */
bool made_use(const char *backend);
int made_setup(void **state); /* *state is a struct made */
int made_teardown(void **state);

/* A session of layer 2 with this id, committed; its token's hash is filled
 * with the id's low byte. */
void made_session(struct store *s, int64_t id);
void made_token(int64_t id, uint8_t out[32]);

/* A metric of a session, scored, at 2026-02-10T16:19:56Z; texts are literals,
 * key and payload the caller's. */
struct fact made_metric(int64_t id, int64_t session_id, const char *key,
                        const char *payload);

/* The same as an item that was sent with the session's token. */
struct commit_item made_item(int64_t session_id, const char *key,
                             const char *payload);

/* Catch what is logged from this level on, until made_log_end() gives the
 * first bytes of it, ended by NUL. */
struct made_log {
    int file, stderr_was;
};
void made_log_begin(struct made_log *l, enum log_level least);
void made_log_end(struct made_log *l, char *out, size_t size);

#endif
