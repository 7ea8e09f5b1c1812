/* Every picture's row has its object with the bytes it had, and every object
 * has a row: rows a page at a time, names in a file of their own, so memory
 * does not grow with the number of pictures. */
#include "server/cli/ask.h"
#include "server/cli/commands.h"

#include "core/clock.h"
#include "core/conf_parse.h"
#include "core/db.h"
#include "core/sha256.h"
#include "server/blob/blob.h"
#include "server/blobs.h"
#include "server/database.h"
#include "server/store/store.h"
#include "server/store/store_retention.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define YOUNG_NS (INT64_C(3600) * 1000000000) /* its row may still come */
#define HASH_DIGITS 16 /* of the bytes' SHA-256, at the end of a name */
#define MAX_SHOWN 100
#define LEAST_AGE_MS INT64_C(86400000)
#define MOST_AGE_MS (3660 * LEAST_AGE_MS)

static const struct cli_option options[] = {
    {"delete-orphans", "AGE",
     "remove objects without a row that were put so long ago: 1d to 3660d"},
    {"dry-run", NULL, "with --delete-orphans: name them, remove nothing"},
    {"json", NULL, "the answer as JSON"},
};

struct verify {
    struct store *store;
    struct blob *blob;
    struct db *names; /* of all rows' objects */
    int64_t begun_ns, rows, objects, missing, damaged, orphans, removed, shown;
    int64_t drop_before_ns; /* orphans put before it go */
    bool dry_run;
    bool walked; /* this place can list its objects */
    struct buf list;
    struct jsonw found;
    enum err failed;
};

static void tell(struct verify *v, const char *what, const char *name)
{
    if (v->shown++ >= MAX_SHOWN)
        return;
    jsonw_object(&v->found, NULL);
    jsonw_text(&v->found, "problem", what);
    jsonw_text(&v->found, "object", name);
    jsonw_object_end(&v->found);
    fprintf(stderr, "%s: %s\n", what, name);
}

/* Whether the bytes have the hash that their name says. */
static enum err check_bytes(int fd, const char *name, bool *same)
{
    OWN(sha256_close)
    struct sha256 *h = NULL;
    uint8_t hash[SHA256_BYTES];
    char part[65536], hex[SHA256_HEX_BYTES];
    size_t len = strlen(name);
    ssize_t n = 0;
    enum err e = sha256_open(&h);

    while (!e && (n = read(fd, part, sizeof part)) > 0)
        sha256_update(h, part, (size_t)n);
    if (e || n < 0)
        return e ? e : err_sys("verify: read %s", name);
    sha256_finish(h, hash);
    sha256_hex(hash, SHA256_BYTES, hex);
    *same = len > HASH_DIGITS + 1 &&
            memcmp(name + len - 1 - HASH_DIGITS, hex, HASH_DIGITS) == 0;
    return WS_OK;
}

static enum err note(struct verify *v, const char *sql, const char *name)
{
    struct db_stmt *q;
    enum err e = db_stmt(v->names, sql, &q);

    if (e)
        return e;
    db_bind_text(q, name);
    e = db_run(q);
    return e == WS_EXISTS ? WS_OK : e;
}

static enum err check_object(struct verify *v, const char *name)
{
    OWN_FD int fd = -1;
    int64_t len;
    bool same = false;
    enum err e;

    if (!*name)
        return WS_OK;
    e = note(v, "INSERT INTO named VALUES (?)", name);
    if (!e)
        e = blob_get(v->blob, name, &fd, &len);
    if (e == WS_NOTFOUND || e == WS_INVALID) {
        v->missing++;
        tell(v, "missing", name);
        return WS_OK;
    }
    if (!e)
        e = check_bytes(fd, name, &same);
    if (!e && !same) {
        v->damaged++;
        tell(v, "damaged", name);
    }
    return e;
}

static enum err check_rows(struct verify *v)
{
    struct store_retention_row rows[STORE_RETENTION_PAGE];
    int64_t after = 0;
    size_t count = 0;
    enum err e;

    do {
        e = store_retention_rows(v->store, STORE_RETENTION_SCREENSHOT, after,
                                 rows, &count);
        for (size_t i = 0; !e && i < count; i++) {
            v->rows++;
            after = rows[i].id;
            e = check_object(v, rows[i].blob);
            if (!e)
                e = check_object(v, rows[i].thumbnail);
        }
    } while (!e && count);
    return e;
}

/* --- objects without a row --- */

static int meet_object(void *ctx, const char *name, int64_t put_ns)
{
    struct verify *v = ctx;
    struct db_stmt *q;

    v->objects++;
    v->failed = db_stmt(v->names, "SELECT 1 FROM named WHERE name = ?", &q);
    if (v->failed)
        return 0;
    db_bind_text(q, name);
    v->failed = db_step(q);
    db_reset(q);
    if (v->failed == WS_NOTFOUND) {
        v->failed = WS_OK;
        if (put_ns < v->begun_ns - YOUNG_NS) {
            v->orphans++;
            tell(v, "orphan", name);
        }
        if (put_ns < v->drop_before_ns)
            v->failed = note(v, "INSERT INTO old VALUES (?)", name);
    }
    return v->failed == WS_OK;
}

static int meet_session(void *ctx, int64_t session_id)
{
    struct verify *v = ctx;
    enum err e = blob_walk(v->blob, session_id, meet_object, v);

    if (e)
        v->failed = e;
    return v->failed == WS_OK;
}

static enum err check_objects(struct verify *v)
{
    enum err e = blob_walk_sessions(v->blob, meet_session, v);

    return e ? e : v->failed;
}

/* --- their end --- */

struct again {
    const char *name;
    int64_t put_ns;
};

static int meet_again(void *ctx, const char *name, int64_t put_ns)
{
    struct again *a = ctx;

    if (strcmp(name, a->name) != 0)
        return 1;
    a->put_ns = put_ns;
    return 0;
}

/* Looked at once more right before: the same picture may have been put again
 * since it was met, and its row be on its way. */
static enum err remove_one(struct verify *v, const char *name)
{
    struct again a = {.name = name, .put_ns = INT64_MAX};
    enum err e = blob_walk(v->blob, strtoll(name, NULL, 16), meet_again, &a);

    if (e || a.put_ns >= v->drop_before_ns)
        return e;
    if (!v->dry_run)
        e = blob_drop(v->blob, name);
    if (e)
        return e == WS_INVALID ? WS_OK : e; /* no name of ours: left alone */
    v->removed++;
    tell(v, v->dry_run ? "would be removed" : "removed", name);
    return WS_OK;
}

static enum err remove_old(struct verify *v)
{
    struct db_stmt *q;
    enum err e = db_stmt(v->names, "SELECT name FROM old ORDER BY name", &q);
    enum err failed = WS_OK;

    if (e)
        return e;
    while (!failed && !(e = db_step(q)))
        failed = remove_one(v, db_text(q, 0));
    db_reset(q);
    return failed ? failed : e == WS_NOTFOUND ? WS_OK : e;
}

/* --- the command --- */

static enum err open_all(struct verify *v, const struct settings *s,
                         const char *names)
{
    OWN_FREE char *store = NULL;
    enum err e = database_address(s, &store);

    if (!e)
        e = store_open(&v->store, store, STORE_READ);
    if (!e)
        e = blobs_open(s, &v->blob);
    if (!e)
        e = db_open(&v->names, names, DB_EXCLUSIVE);
    if (!e)
        e = db_exec(v->names, "PRAGMA synchronous=OFF; CREATE TABLE named "
                              "(name TEXT PRIMARY KEY) WITHOUT ROWID; "
                              "CREATE TABLE old (name TEXT PRIMARY KEY) "
                              "WITHOUT ROWID");
    if (!e)
        e = db_begin(v->names);
    return e;
}

static int print(struct cli_call *call, struct verify *v)
{
    OWN_BUF struct buf b = BUF_EMPTY;
    struct jsonw w;
    int64_t gone = v->dry_run ? 0 : v->removed;
    int64_t bad = v->missing + v->damaged + v->orphans - gone;

    jsonw_array_end(&v->found);
    jsonw_init(&w, &b);
    jsonw_object(&w, NULL);
    jsonw_bool(&w, "ok", bad == 0);
    jsonw_int(&w, "rows", v->rows);
    jsonw_int(&w, "missing", v->missing);
    jsonw_int(&w, "damaged", v->damaged);
    jsonw_bool(&w, "objects_listed", v->walked);
    jsonw_int(&w, "objects", v->objects);
    jsonw_int(&w, "orphans", v->orphans);
    jsonw_int(&w, "removed", gone);
    jsonw_raw(&w, "problems", v->list.data, v->list.len);
    jsonw_object_end(&w);
    if (cli_has(call, "json"))
        printf("%s\n", buf_text(&b));
    else
        printf("%lld rows: %lld missing, %lld damaged; %lld objects%s: %lld "
               "orphans, %lld removed\n",
               (long long)v->rows, (long long)v->missing, (long long)v->damaged,
               (long long)v->objects, v->walked ? "" : " (not listed)",
               (long long)v->orphans, (long long)gone);
    return bad ? CLI_DEGRADED : CLI_OK;
}

/* The options; CLI_OK or said. */
static int read_options(struct cli_call *call, struct verify *v)
{
    const char *age = cli_value(call, "delete-orphans");
    int64_t ms = 0;

    v->begun_ns = env_wall_ns(&env_system);
    v->drop_before_ns = INT64_MIN;
    v->dry_run = cli_has(call, "dry-run");
    if (!age && v->dry_run)
        return cli_fail(call, "blob verify --delete-orphans 7d --dry-run",
                        "--dry-run goes with --delete-orphans");
    if (!age)
        return CLI_OK;
    if (conf_parse_duration(age, &ms) || ms < LEAST_AGE_MS || ms > MOST_AGE_MS)
        return cli_fail(call,
                        "write it as 7d; within a day the same picture "
                        "may come again and get its row",
                        "--delete-orphans \"%s\" is no time from 1d to 3660d",
                        age);
    v->drop_before_ns = v->begun_ns - ms * CLOCK_NS_PER_MS;
    return CLI_OK;
}

static int verify_all(struct cli_call *call)
{
    const struct settings *s = ask_settings(call);
    char names[] = "/tmp/worksight-verify.XXXXXX";
    struct verify v = {.rows = 0};
    int fd, status = read_options(call, &v);
    enum err e;

    if (status)
        return status;
    fd = mkstemp(names);
    if (fd < 0)
        return ask_fail(call, "make room in /tmp", "no file in /tmp");
    close(fd);
    jsonw_init(&v.found, &v.list);
    jsonw_array(&v.found, NULL);
    e = open_all(&v, s, names);
    if (!e)
        e = check_rows(&v);
    if (!e)
        e = check_objects(&v);
    if (!e)
        e = remove_old(&v);
    v.walked = v.blob && v.blob->ops->walk;
    status = e ? ask_failed(call, e) : print(call, &v);
    db_close(v.names);
    unlink(names);
    blob_close(v.blob);
    store_close(v.store);
    buf_fini(&v.list);
    return status;
}

static const struct cli_word words[] = {
    {"verify", 0, verify_all},
};

const struct cli_command cli_blob = {
    .name = "blob",
    .args = "verify",
    .summary = "whether every picture is there and whole",
    .help = "Examples:\n"
            "  worksight-server blob verify\n"
            "  worksight-server blob verify --json\n"
            "  worksight-server blob verify --delete-orphans 7d --dry-run\n"
            "  worksight-server blob verify --delete-orphans 7d\n\n"
            "Reads every picture. Objects without a row count as orphans when "
            "they are older than\nan hour. Below data the server removes them "
            "by itself after a day; in S3 this command\ndoes, when it is told "
            "to. A session that the database does not know keeps nothing "
            "there:\nlook at the dry run before you remove after a restored "
            "backup.\n\n"
            "Exit status: 0 all there and whole, 1 something is wrong or can't "
            "be read, 2 used wrongly.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .min_args = 1,
    .max_args = 1,
    .words = words,
    .word_count = sizeof(words) / sizeof(words[0]),
};
