/* server.h - what a worker of the server holds; handlers reach it by
 * exchange_server().
 *
 * Flow:    main -> worker (opens all of these) -> handlers use them
 * Process: one a worker process; each member says which threads may use it
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "core/conf.h"
#include "core/env.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct settings { /* one row each in server/settings.c */
    char *listen; /* 127.0.0.1:8080 */
    char *data;   /* folder of the database, blobs, lock, control.sock */
    char *db;     /* empty: SQLite below data; else see database.h */
    char *db_password_file;
    bool auto_migrate;
    int64_t tier_max;         /* 0..4: the most that agents may send */
    char *enrollment_from;    /* networks whose agents need no code */
    char *behind_proxy;       /* networks whose X-Forwarded-* is believed */
    char *tls_cert, *tls_key; /* PEM files; empty: plain HTTP */
    bool plain_http; /* beyond loopback too: asked for, and warned of */
    int64_t workers;
    int64_t max_requests_per_peer; /* a second; 0: any number */
    char *web_dir; /* serve the pages from here (development); empty */
    int64_t online_ms, late_ms; /* heartbeat ages: online, late, then offline */
    int64_t max_connections, max_connections_per_peer;
    int64_t max_request_memory_bytes;
    int64_t header_deadline_ms, idle_deadline_ms; /* slow clients */
    int64_t least_rate_bytes;                     /* a second */
    int64_t max_image_bytes, max_batch_bytes, max_batch_items;
    int64_t commit_queue_items; /* full: 503 */
    int64_t readers;            /* reader threads */
    char *blobs;                /* "files", or an address of blob.h */
    char *s3_key, *s3_secret;   /* empty: none */
    int64_t s3_timeout_ms, blob_threads;
    int64_t keep_pictures_ms, keep_recordings_ms; /* retention/ */
    int64_t keep_metrics_ms, keep_rollups_ms, keep_audit_ms;
    int64_t max_pictures_bytes; /* 0: no bound */
    int64_t login_lifetime_ms;
    int64_t log_level;
    bool log_all; /* what people are told too: words.h, setup_link.h */
};

struct loop;      /* server/http/loop.h: the worker's event loop */
struct committer; /* server/commit/committer.h */
struct readers;   /* server/http/readers.h: threads that may query */
struct store;     /* server/store/store.h */
struct blob;      /* server/blob/blob.h */
struct tokens;    /* server/auth/tokens.h: cache of agents' tokens */
struct logins;    /* server/auth/logins.h */
struct live;      /* server/views/live.h: server-sent events */
struct beats;     /* server/ingest/beats.h: heartbeats, coalesced in memory */
struct networks;  /* server/http/networks.h */
struct counters;  /* server/counters.h: what /metrics shows */
struct live_ring; /* server/views/live_ring.h: hints of other workers */

struct server {
    const struct settings *settings;
    const struct env *env;
    struct loop *loop;
    struct committer *committer;
    struct readers *readers;
    struct blob *blob;
    struct readers *blob_threads; /* for blobs that are remote; else NULL */
    struct readers *blob_drops;   /* removes blobs; outlives the committer */
    struct tokens *tokens;
    struct logins *logins;
    struct live *live;
    struct beats *beats;
    struct networks *enrollment_from; /* whose agents need no code */
    struct counters *counters;        /* of all workers of this machine */
    struct live_ring *live_ring;      /* the same; NULL: there are no others */
    size_t seat;                      /* of server/shared.h */
    atomic_uint_least32_t *keeper;    /* the same: whose turn retention is */
    const uint8_t *cursor_key;        /* CURSOR_KEY_BYTES, of views/cursor.h */
};

#endif
