#include "tests/server/made.h"

#include "core/sha256.h"
#include "server/store/store_mysql_db.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static const char *using = "sqlite";

bool made_use(const char *backend)
{
    using = backend;
    if (strcmp(backend, "mysql") != 0 || getenv("WS_TEST_MYSQL"))
        return true;
    print_message("# mysql: not run here (WS_TEST_MYSQL): make test-stack\n");
    return false;
}

/* A database of this name on the server of WS_TEST_MYSQL, made or dropped. */
static void of_mysql(const char *verb, struct made *m)
{
    const char *server = getenv("WS_TEST_MYSQL");
    const char *end = strrchr(server, '/');
    const char *options = strchr(server, '?');
    char sql[128];
    struct db *db = NULL;

    snprintf(m->address, sizeof m->address, "%.*s/%s%s", (int)(end - server),
             server, strrchr(m->dir, '/') + 1, options ? options : "");
    for (char *c = m->address + (end - server); *c; c++)
        if (*c == '.' || *c == '-')
            *c = '_';
    snprintf(sql, sizeof sql, "%s DATABASE %s", verb,
             m->address + (end - server) + 1);
    sql[strcspn(sql, "?")] = '\0';
    assert_int_equal(store_mysql_db_open(&db, strchr(server, ':') + 1, 0),
                     WS_OK);
    assert_int_equal(db_exec(db, sql), WS_OK);
    db_close(db);
}

int made_setup(void **state)
{
    struct made *m = calloc(1, sizeof *m);
    size_t applied;

    assert_non_null(m);
    snprintf(m->dir, sizeof m->dir, "/tmp/ws-test-store.XXXXXX");
    assert_non_null(mkdtemp(m->dir));
    if (strcmp(using, "mysql") == 0)
        of_mysql("CREATE", m);
    else
        snprintf(m->address, sizeof m->address, "%s:%s/s.db", using, m->dir);
    assert_int_equal(store_open(&m->store, m->address, 0), WS_OK);
    assert_int_equal(store_migrate(m->store, &applied), WS_OK);
    *state = m;
    return 0;
}

int made_teardown(void **state)
{
    struct made *m = *state;
    char command[128];

    store_close(m->store);
    if (strcmp(using, "mysql") == 0)
        of_mysql("DROP", m);
    snprintf(command, sizeof command, "rm -rf %s", m->dir);
    assert_int_equal(system(command), 0);
    free(m);
    return 0;
}

void made_token(int64_t id, uint8_t out[32])
{
    memset(out, (int)(id & 0xff), 32);
}

void made_session(struct store *s, int64_t id)
{
    char uid[STORE_UID_BYTES];
    uint8_t token[32];
    struct store_session row = {
        .id = id,
        .session_uid = uid,
        .agent_id = "00000000000000000000000000000001",
        .agent_name = "a",
        .agent_version = "1",
        .hostname = "h",
        .username = "u",
        .ip_address = "UNKNOWN",
        .features = "[]",
        .peer = "127.0.0.1",
        .started_ns = 1,
        .created_ns = 2,
        .tier = -1,
        .payload = "{}",
        .payload_len = 2,
    };

    snprintf(uid, sizeof uid, "%032llx", (unsigned long long)id);
    made_token(id, token);
    assert_int_equal(store_begin(s), WS_OK);
    assert_int_equal(store_sessions_put(s, &row, token), WS_OK);
    assert_int_equal(store_commit(s), WS_OK);
}

struct fact made_metric(int64_t id, int64_t session_id, const char *key,
                        const char *payload)
{
    struct fact f = {
        .kind = WIRE_ITEM_METRIC,
        .id = id,
        .session_id = session_id,
        .key = key,
        .at_ns = INT64_C(1770740396) * 1000000000,
        .received_ns = INT64_C(1770740397) * 1000000000,
        .payload = payload,
        .payload_len = strlen(payload),
        .metric = {.scored = true,
                   .judged = true,
                   .productivity = 70,
                   .anomaly = 0.25,
                   .activity = NAN,
                   .source_ref = "r",
                   .feature_version = "1"},
    };

    sha256_hash(payload, f.payload_len, f.payload_sha256);
    return f;
}

struct commit_item made_item(int64_t session_id, const char *key,
                             const char *payload)
{
    struct commit_item it = {.fact = made_metric(0, session_id, key, payload)};

    made_token(session_id, it.token_sha256);
    return it;
}

void made_log_begin(struct made_log *l, enum log_level least)
{
    log_init("test", least);
    l->file = memfd_create("log", MFD_CLOEXEC);
    l->stderr_was = dup(STDERR_FILENO);
    assert_true(l->file >= 0 && l->stderr_was >= 0);
    assert_int_equal(dup2(l->file, STDERR_FILENO), STDERR_FILENO);
}

void made_log_end(struct made_log *l, char *out, size_t size)
{
    ssize_t n;

    assert_int_equal(dup2(l->stderr_was, STDERR_FILENO), STDERR_FILENO);
    n = pread(l->file, out, size - 1, 0);
    assert_true(n >= 0);
    out[n] = '\0';
    close(l->file);
    close(l->stderr_was);
}
