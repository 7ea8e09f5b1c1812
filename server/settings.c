/* settings.c - every setting of the server, one row each. */
#include "server/settings.h"

#include "server/blob/blob.h"
#include "server/database.h"

#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#define KIB INT64_C(1024)
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static const char *const levels[] = {"debug", "info", "warn", "error", NULL};

static const char *const tiers[] = {"L0", "L1", "L2", "L3", "L4", NULL};

/* clang-format off */
#define KEY(name, member, kind, initial, min, max, doc)                        \
    {#name, CONF_##kind, offsetof(struct settings, member), initial, min, max, \
     NULL, 0, doc}

static const struct conf_key keys[] = {
    KEY(listen, listen, LISTEN, "127.0.0.1:8080", 0, 0,
        "address and port; port 0: any that is free"),
    KEY(data, data, PATH, "/var/lib/worksight", 0, 0,
        "folder of the database, the pictures and the lock"),
    {"db", CONF_TEXT, offsetof(struct settings, db), "", 0, 1000, NULL,
     CONF_SECRET, "mysql://USER:PASSWORD@HOST/DATABASE; empty: a file below data"},
    KEY(db_password_file, db_password_file, PATH, "", 0, 0,
        "file whose first line is the password of db"),
    KEY(auto_migrate, auto_migrate, BOOL, "on", 0, 0,
        "bring the database to this version when the server starts"),
    {"tier_max", CONF_ENUM, offsetof(struct settings, tier_max), "L4", 0, 0,
     tiers, 0, "the most that agents may record and send; a lower one holds at once"},
    KEY(enrollment_from, enrollment_from, CIDRS, "127.0.0.0/8, ::1", 0, 0,
        "networks whose agents need no enrollment code"),
    KEY(behind_proxy, behind_proxy, CIDRS, "127.0.0.0/8, ::1", 0, 0,
        "proxies: their X-Forwarded-For and -Proto are believed"),
    KEY(tls_cert, tls_cert, PATH, "", 0, 0,
        "PEM file of the certificate and its chain: HTTPS; read again on SIGHUP"),
    KEY(tls_key, tls_key, PATH, "", 0, 0,
        "PEM file of its private key"),
    KEY(plain_http, plain_http, BOOL, "off", 0, 0,
        "serve others without TLS and without a proxy; every page warns"),
    KEY(workers, workers, INT, "1", 1, 16,
        "processes that answer; more than 1 needs MySQL"),
    KEY(web_dir, web_dir, PATH, "", 0, 0,
        "serve the pages from this folder; empty: those in the program"),
    KEY(online, online_ms, DURATION, "25s", SECOND, DAY,
        "a heartbeat at most this old: online"),
    KEY(late, late_ms, DURATION, "5m", SECOND, 7 * DAY,
        "at most this old: late; older: offline"),
    KEY(max_connections, max_connections, INT, "10000", 1, 1000000,
        "connections at a time"),
    KEY(max_connections_per_peer, max_connections_per_peer, INT, "256", 1, 1000000,
        "of one address (an IPv6 /64); trusted proxies are not bound"),
    KEY(max_requests_per_peer, max_requests_per_peer, INT, "0", 0, 1000000,
        "requests a second of one address, all workers together; 0: any number"),
    KEY(max_request_memory, max_request_memory_bytes, SIZE, "256MiB", MIB, 64 * GIB,
        "for all requests that are being read"),
    KEY(header_deadline, header_deadline_ms, DURATION, "10s", 50, 10 * MINUTE,
        "for the whole head of a request; also the window of least_rate"),
    KEY(idle_deadline, idle_deadline_ms, DURATION, "75s", 50, HOUR,
        "a connection may stay without a request"),
    KEY(least_rate, least_rate_bytes, SIZE, "8KiB", 1, 64 * MIB,
        "a second, of every body and every answer"),
    KEY(max_image, max_image_bytes, SIZE, "8MiB", 64 * KIB, 16 * MIB,
        "of one picture"),
    KEY(max_batch, max_batch_bytes, SIZE, "4MiB", 64 * KIB, 4 * MIB,
        "of one batch, decoded"),
    KEY(max_batch_items, max_batch_items, INT, "500", 1, 500,
        "items of one batch"),
    KEY(commit_queue, commit_queue_items, INT, "20000", 500, 1000000,
        "items waiting for the database; more are answered 503"),
    KEY(readers, readers, INT, "4", 1, 64,
        "threads that query the database"),
    KEY(blobs, blobs, TEXT, "files", 1, 500,
        "pictures: files (below data), or s3://BUCKET?endpoint=URL&region=NAME"),
    KEY(s3_key, s3_key, TEXT, "", 0, 200,
        "access key of the S3 service"),
    {"s3_secret", CONF_TEXT, offsetof(struct settings, s3_secret), "", 0, 200,
     NULL, CONF_SECRET, "its secret key"},
    KEY(s3_timeout, s3_timeout_ms, DURATION, "30s", SECOND, 10 * MINUTE,
        "of one call to it"),
    KEY(blob_threads, blob_threads, INT, "8", 1, 128,
        "pictures on their way to or from the S3 service at a time"),
    KEY(keep_pictures, keep_pictures_ms, DURATION, "7d", HOUR, 3660 * DAY,
        "pictures, since they came"),
    KEY(max_pictures, max_pictures_bytes, SIZE, "0", 0, 1024 * 1024 * GIB,
        "of all pictures: over it the oldest go; 0: no bound"),
    KEY(keep_recordings, keep_recordings_ms, DURATION, "7d", HOUR, 3660 * DAY,
        "what is known of recordings"),
    KEY(keep_metrics, keep_metrics_ms, DURATION, "90d", HOUR, 3660 * DAY,
        "metrics, events, tombstones"),
    KEY(keep_rollups, keep_rollups_ms, DURATION, "396d", DAY, 3660 * DAY,
        "figures by the quarter of an hour, of each session and of all"),
    KEY(keep_audit, keep_audit_ms, DURATION, "365d", DAY, 3660 * DAY,
        "the access log, and notices of sessions not heard of for so long"),
    KEY(login_lifetime, login_lifetime_ms, DURATION, "12h", MINUTE, 90 * DAY,
        "of a login, from its start"),
    {"log_level", CONF_ENUM, offsetof(struct settings, log_level), "info", 0, 0,
     levels, 0, "least level that is written"},
    KEY(log_all, log_all, BOOL, "off", 0, 0,
        "serve says all in its log (JSON): its address, why it does not start, "
        "and, while there is no account, the link that makes the first"),
};
/* clang-format on */

const struct conf_schema settings_schema = {
    .program = "server",
    .env_prefix = "WORKSIGHT_SERVER_",
    .keys = keys,
    .count = sizeof(keys) / sizeof(keys[0]),
};

/* Of places that lie elsewhere: how they are written, not whether they answer.
 * What is wrong with one was logged where it is known. */
static bool check_places(const struct settings *s, FILE *messages)
{
    OWN_FREE char *blobs = blob_address(s->blobs, s->data), *db = NULL;
    struct database_needs needs = {0};
    struct stat st;
    bool good = blobs && blob_check(blobs) == WS_OK;

    if (strncmp(s->blobs, "file:", 5) == 0) {
        fprintf(messages,
                "blobs is \"%.80s\": it must be files, which lie below data "
                "(another disk: mount it at %.200s/blobs), or s3://BUCKET\n",
                s->blobs, s->data);
        good = false;
    }
    if (!database_is_embedded(s) && strncmp(s->db, "mysql://", 8) != 0) {
        fprintf(messages,
                "db does not begin with mysql://: write it as "
                "mysql://USER@HOST/DATABASE, or leave it empty for a file "
                "below data\n");
        good = false;
    } else if (database_address(s, &db) || database_needs(s, &needs)) {
        good = false;
    }
    free(needs.folder);
    if (*s->web_dir && (stat(s->web_dir, &st) < 0 || !S_ISDIR(st.st_mode))) {
        fprintf(messages,
                "web_dir is \"%.200s\": it is no folder; leave it empty for "
                "the pages in the program\n",
                s->web_dir);
        good = false;
    }
    return good;
}

enum err settings_check(const struct settings *s, FILE *messages)
{
    bool good = check_places(s, messages);

    if (s->late_ms <= s->online_ms) {
        fprintf(messages,
                "late is %lld ms: it must be more than online, which is %lld "
                "ms; raise late\n",
                (long long)s->late_ms, (long long)s->online_ms);
        good = false;
    }
    if (s->max_request_memory_bytes < s->max_batch_bytes) {
        fprintf(messages,
                "max_request_memory is %lld bytes: it must be at least "
                "max_batch, which is %lld, or no batch is ever taken; raise "
                "max_request_memory\n",
                (long long)s->max_request_memory_bytes,
                (long long)s->max_batch_bytes);
        good = false;
    }
    if (!*s->tls_cert != !*s->tls_key) {
        fprintf(messages,
                "tls_cert and tls_key go together: %s is not set; give both, "
                "or none\n",
                *s->tls_cert ? "tls_key" : "tls_cert");
        good = false;
    }
    if (s->workers > 1 && database_is_embedded(s)) {
        fprintf(messages,
                "workers = %lld: SQLite has one writer, so one worker; set "
                "workers = 1, or set db to a MySQL server\n",
                (long long)s->workers);
        good = false;
    }
    return good ? WS_OK : WS_INVALID;
}
