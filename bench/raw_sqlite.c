/* raw_sqlite.c - the most rows a second that SQLite itself takes: one thread,
 * the server's own schema and durability, prepared statements, nothing else.
 *
 * raw_sqlite FILE ROWS_A_TRANSACTION SECONDS prints "rows/s". The row is the
 * one of ingest.lua (1 KB, three indexes), and each transaction also writes
 * the roll-up, the fleet's roll-up, the figures of the session and the ledger,
 * as the server's does: "share of raw" means raw with roll-ups.
 */
#include "server/store/store_sqlite.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAYLOAD_BYTES 1000
#define SESSIONS 64

struct raw {
    sqlite3 *db;
    sqlite3_stmt *insert, *rollup, *fleet, *stat;
    int64_t id;
    char payload[PAYLOAD_BYTES];
};

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(struct raw *r, int code)
{
    if (code == SQLITE_OK || code == SQLITE_DONE)
        return;
    fprintf(stderr, "raw_sqlite: %s\n", sqlite3_errmsg(r->db));
    exit(1);
}

static void run(struct raw *r, const char *sql)
{
    must(r, sqlite3_exec(r->db, sql, NULL, NULL, NULL));
}

static sqlite3_stmt *prepare(struct raw *r, const char *sql)
{
    sqlite3_stmt *s = NULL;

    must(r, sqlite3_prepare_v2(r->db, sql, -1, &s, NULL));
    return s;
}

static void step(struct raw *r, sqlite3_stmt *s)
{
    must(r, sqlite3_step(s));
    must(r, sqlite3_reset(s));
}

static void open_file(struct raw *r, const char *path)
{
    if (sqlite3_open(path, &r->db) != SQLITE_OK)
        exit(1);
    run(r, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
           "PRAGMA journal_size_limit=16777216;");
    for (size_t i = 0; i < store_sqlite_sql_count; i++)
        run(r, store_sqlite_sql[i].text);
    memset(r->payload, 'x', sizeof r->payload);
    r->insert = prepare(
        r, "INSERT INTO metric (id, session_id, key, seq, at, received_at,"
           " payload_sha256, payload, source_type, source_ref, feature_version,"
           " productivity, anomaly, label, pipeline, scored, judged, "
           "ocr_text_hash)"
           " VALUES (?,?,?,NULL,?,?,?,?,0,'display:0/17','1',71.5,0.12,0,0,1,1,"
           " 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')");
    r->rollup = prepare(
        r,
        "INSERT INTO rollup VALUES (?,1,1,1,1,1,0,0,0,0,0,0,0,0,0,1,1,1,1,1,1)"
        " ON CONFLICT DO UPDATE SET observations = observations + 1,"
        " scored = scored + 1, judged = judged + 1, productivity_sum = "
        "productivity_sum + 71.5,"
        " anomaly_sum = anomaly_sum + 0.12");
    r->fleet = prepare(
        r, "INSERT INTO fleet_rollup VALUES"
           " (1,0,1,1,1,1,0,0,0,0,0,0,0,0,0,1,1,1,1,1,1)"
           " ON CONFLICT DO UPDATE SET observations = observations + 1");
    r->stat = prepare(r, "UPDATE session_stat SET metrics = metrics + 1,"
                         " last_metric_at = 5 WHERE session_id = ?");
    for (int i = 1; i <= SESSIONS; i++) {
        char sql[80];

        snprintf(sql, sizeof sql,
                 "INSERT INTO session_stat (session_id) VALUES (%d)", i);
        run(r, sql);
    }
}

static void insert(struct raw *r)
{
    char key[65];
    uint8_t hash[32];
    int64_t id = ++r->id;

    snprintf(key, sizeof key, "run-%" PRId64, id);
    memset(hash, (int)(id & 0xff), sizeof hash);
    sqlite3_bind_int64(r->insert, 1, id);
    sqlite3_bind_int64(r->insert, 2, id % SESSIONS + 1);
    sqlite3_bind_text(r->insert, 3, key, -1, SQLITE_STATIC);
    sqlite3_bind_int64(r->insert, 4, id * 1000);
    sqlite3_bind_int64(r->insert, 5, id * 1000);
    sqlite3_bind_blob(r->insert, 6, hash, sizeof hash, SQLITE_STATIC);
    sqlite3_bind_blob(r->insert, 7, r->payload, sizeof r->payload,
                      SQLITE_STATIC);
    step(r, r->insert);
}

static void transaction(struct raw *r, int rows)
{
    run(r, "BEGIN IMMEDIATE");
    for (int i = 0; i < rows; i++)
        insert(r);
    for (int i = 1; i <= SESSIONS && i <= rows; i++) {
        sqlite3_bind_int64(r->rollup, 1, i);
        step(r, r->rollup);
        sqlite3_bind_int64(r->stat, 1, i);
        step(r, r->stat);
    }
    step(r, r->fleet);
    run(r, "COMMIT");
}

int main(int argc, char **argv)
{
    struct raw r = {0};
    int rows = argc > 2 ? atoi(argv[2]) : 0;
    double seconds = argc > 3 ? atof(argv[3]) : 0, begin;

    if (rows < 1 || seconds <= 0) {
        fprintf(stderr, "usage: raw_sqlite FILE ROWS_A_TRANSACTION SECONDS\n");
        return 2;
    }
    open_file(&r, argv[1]);
    begin = now_s();
    while (now_s() - begin < seconds)
        transaction(&r, rows);
    printf("%.0f\n", (double)r.id / (now_s() - begin));
    sqlite3_finalize(r.insert);
    sqlite3_finalize(r.rollup);
    sqlite3_finalize(r.fleet);
    sqlite3_finalize(r.stat);
    sqlite3_close(r.db);
    return 0;
}
