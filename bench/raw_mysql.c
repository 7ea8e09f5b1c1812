/* raw_mysql.c - the most rows a second that a client of libmariadb gets into
 * MySQL or MariaDB: prepared statements of many rows, nothing else.
 *
 * raw_mysql ADDRESS CONNECTIONS ROWS SESSIONS SECONDS [array] prints "rows/s":
 * a transaction has ROWS rows of SESSIONS sessions, as one statement of so many
 * rows or, on MariaDB, as one row's statement with an array of them. The
 * database of the address has the server's schema (worksight-server migrate).
 * The row is the one of ingest.lua (1 KB, keys in no order) with the columns
 * that the server fills, bound as a client must that is given their values;
 * each transaction also writes the roll-ups of its sessions, the fleet's, and
 * the sessions' figures, one statement a table, as the server's does: "share of
 * raw" means raw with roll-ups.
 */
#include "server/store/store_mysql_url.h"

#include <inttypes.h>
#include <mysql.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAYLOAD_BYTES 1000
#define KEY_BYTES 65
#define VALUES_A_ROW 22
#define CONNECTIONS_MOST 8
#define ROWS_MOST 500

struct column { /* of an array of rows */
    union {
        int64_t whole;
        double number;
        void *bytes;
    } cells[ROWS_MOST];
    unsigned long lens[ROWS_MOST];
    char nulls[ROWS_MOST];
};

struct raw {
    const struct store_mysql_url *url;
    int number, rows, sessions;
    bool array;
    struct column columns[VALUES_A_ROW];
    double seconds;
    int64_t done; /* rows */
    MYSQL *db;
    MYSQL_STMT *insert, *rollup, *stat, *fleet;
    int64_t ids[ROWS_MOST], session[ROWS_MOST], at[ROWS_MOST];
    char keys[ROWS_MOST][KEY_BYTES];
    uint8_t hashes[ROWS_MOST][32];
    unsigned long key_len, hash_len, payload_len;
    char payload[PAYLOAD_BYTES];
    pthread_t thread;
};

static atomic_int_least64_t next_id = 1;

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(const struct raw *r, int failed, const char *what)
{
    if (!failed)
        return;
    fprintf(stderr, "raw_mysql: %s: %s\n", what, mysql_error(r->db));
    exit(1);
}

static MYSQL_STMT *prepare(struct raw *r, const char *head, const char *row,
                           int rows, const char *tail)
{
    size_t most =
        strlen(head) + (strlen(row) + 1) * (size_t)rows + strlen(tail);
    char *sql = malloc(most + 1), *at;
    MYSQL_STMT *s = mysql_stmt_init(r->db);

    must(r, !sql || !s, "memory");
    at = stpcpy(sql, head);
    for (int i = 0; i < rows; i++) {
        if (i)
            *at++ = ',';
        at = stpcpy(at, row);
    }
    stpcpy(at, tail);
    must(r, mysql_stmt_prepare(s, sql, strlen(sql)), head);
    free(sql);
    return s;
}

static void bind(struct raw *r, MYSQL_STMT *s, MYSQL_BIND *binds)
{
    must(r, mysql_stmt_bind_param(s, binds), "bind");
    free(binds);
}

static MYSQL_BIND *binds_of(struct raw *r, int count)
{
    MYSQL_BIND *b = calloc((size_t)count, sizeof *b);

    must(r, !b, "memory");
    return b;
}

static MYSQL_BIND whole(int64_t *v)
{
    return (MYSQL_BIND){.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = v};
}

static MYSQL_BIND bytes(enum enum_field_types type, void *v, unsigned long *len)
{
    return (MYSQL_BIND){.buffer_type = type, .buffer = v, .length = len};
}

static MYSQL_BIND real(double *v)
{
    return (MYSQL_BIND){.buffer_type = MYSQL_TYPE_DOUBLE, .buffer = v};
}

static MYSQL_BIND text(char *v)
{
    return (MYSQL_BIND){.buffer_type = MYSQL_TYPE_STRING,
                        .buffer = v,
                        .buffer_length = strlen(v)};
}

/* In the order of the columns below. */
static void bind_row(struct raw *r, int i, MYSQL_BIND *row)
{
    static int64_t zero, one = 1;
    static double productivity = 71.5, anomaly = 0.12, activity = 0.4;
    static char ref[] = "display:0/17", version[] = "1", category[] = "focus",
                hash[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const MYSQL_BIND all[VALUES_A_ROW] = {
        whole(&r->ids[i]),
        whole(&r->session[i]),
        bytes(MYSQL_TYPE_STRING, r->keys[i], &r->key_len),
        whole(&r->ids[i]),
        whole(&r->at[i]),
        whole(&r->at[i]),
        bytes(MYSQL_TYPE_BLOB, r->hashes[i], &r->hash_len),
        bytes(MYSQL_TYPE_BLOB, r->payload, &r->payload_len),
        whole(&zero),
        text(ref),
        text(version),
        real(&productivity),
        real(&anomaly),
        whole(&zero),
        whole(&zero),
        whole(&one),
        whole(&one),
        text(hash),
        {.buffer_type = MYSQL_TYPE_NULL},
        {.buffer_type = MYSQL_TYPE_NULL},
        real(&activity),
        text(category),
    };

    memcpy(row, all, sizeof all);
}

#define INSERT                                                                 \
    "INSERT INTO metric (id, session_id, `key`, seq, at, received_at,"         \
    " payload_sha256, payload, source_type, source_ref, feature_version,"      \
    " productivity, anomaly, label, pipeline, scored, judged,"                 \
    " ocr_text_hash, error_code, error_message, activity, category, told)"     \
    " VALUES "
#define MARKS "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,1)"

/* What differs from row to row and is no text is an array as it stands. */
static MYSQL_BIND bind_column(struct raw *r, struct column *c, int number)
{
    MYSQL_BIND b = {.length = c->lens, .u.indicator = c->nulls}, last;

    for (int i = 0; i < r->rows; i++) {
        MYSQL_BIND row[VALUES_A_ROW];

        bind_row(r, i, row);
        last = row[number];
        c->lens[i] = last.length ? *last.length : last.buffer_length;
        if (i == 0)
            b.buffer = last.buffer;
        b.buffer_type = last.buffer_type;
        if (last.buffer_type == MYSQL_TYPE_NULL)
            c->nulls[i] = STMT_INDICATOR_NULL;
        else if (last.buffer_type == MYSQL_TYPE_LONGLONG)
            c->cells[i].whole = *(int64_t *)last.buffer;
        else if (last.buffer_type == MYSQL_TYPE_DOUBLE)
            c->cells[i].number = *(double *)last.buffer;
        else
            c->cells[i].bytes = last.buffer;
    }
    if (b.buffer_type != MYSQL_TYPE_LONGLONG || b.buffer == last.buffer)
        b.buffer = c->cells;
    if (b.buffer_type == MYSQL_TYPE_NULL)
        b.buffer_type = MYSQL_TYPE_STRING;
    return b;
}

static void prepare_insert(struct raw *r)
{
    const unsigned rows = (unsigned)r->rows;
    MYSQL_BIND *b = binds_of(r, r->rows * VALUES_A_ROW);

    r->insert = prepare(r, INSERT, MARKS, r->array ? 1 : r->rows, "");
    for (int i = 0; i < r->rows && !r->array; i++)
        bind_row(r, i, b + (ptrdiff_t)i * VALUES_A_ROW);
    for (int k = 0; k < VALUES_A_ROW && r->array; k++)
        b[k] = bind_column(r, &r->columns[k], k);
    if (r->array)
        must(r, mysql_stmt_attr_set(r->insert, STMT_ATTR_ARRAY_SIZE, &rows),
             "array");
    bind(r, r->insert, b);
}

/* Upserts of one value a row: a session, or the shard. */
static MYSQL_STMT *prepare_upsert(struct raw *r, const char *head,
                                  const char *row, int rows, const char *tail)
{
    MYSQL_STMT *s = prepare(r, head, row, rows, tail);
    MYSQL_BIND *b = binds_of(r, rows);

    for (int i = 0; i < rows; i++)
        b[i] = whole(&r->session[i * r->rows / rows]);
    bind(r, s, b);
    return s;
}

#define MERGE                                                                  \
    " ON DUPLICATE KEY UPDATE observations = observations + 1,"                \
    " scored = scored + 1, judged = judged + 1, normal = normal + 1,"          \
    " productivity_sum = productivity_sum + 71.5,"                             \
    " productivity_min = least(productivity_min, 71.5),"                       \
    " productivity_max = greatest(productivity_max, 71.5),"                    \
    " anomaly_sum = anomaly_sum + 0.12,"                                       \
    " anomaly_min = least(anomaly_min, 0.12),"                                 \
    " anomaly_max = greatest(anomaly_max, 0.12)"

static void open_connection(struct raw *r)
{
    const struct store_mysql_url *u = r->url;

    r->db = mysql_init(NULL);
    if (!r->db)
        exit(1);
    must(r,
         !mysql_real_connect(r->db, u->host, u->user, u->password, u->database,
                             u->port, u->socket, 0),
         "connect");
    must(r,
         mysql_query(r->db,
                     "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"),
         "isolation");
    prepare_insert(r);
    r->rollup = prepare_upsert(
        r, "INSERT INTO rollup VALUES ",
        "(?,1,1,1,1,1,0,0,0,0,0,0,0,0,0,71.5,71.5,71.5,0.12,0.12,0.12)",
        r->sessions, MERGE);
    r->stat = prepare_upsert(
        r,
        "INSERT INTO session_stat (session_id, metrics, on_time,"
        " last_metric_at, last_received_at) VALUES ",
        "(?,1,1,5,5)", r->sessions,
        " ON DUPLICATE KEY UPDATE metrics = metrics + 1,"
        " on_time = on_time + 1,"
        " last_metric_at = greatest(last_metric_at, VALUES(last_metric_at)),"
        " last_received_at ="
        " greatest(last_received_at, VALUES(last_received_at))");
    r->fleet = prepare_upsert(
        r, "INSERT INTO fleet_rollup VALUES ",
        "(1,?,1,1,1,1,0,0,0,0,0,0,0,0,0,71.5,71.5,71.5,0.12,0.12,0.12)", 1,
        MERGE);
}

static void fill(struct raw *r)
{
    int64_t first = atomic_fetch_add(&next_id, r->rows);

    for (int i = 0; i < r->rows; i++) {
        int64_t id = first + i;

        r->ids[i] = id;
        r->at[i] = id * 1000;
        snprintf(r->keys[i], KEY_BYTES, "%08x%056" PRIx64,
                 (uint32_t)id * 2654435761U, id);
        memset(r->hashes[i], (int)(id & 0xff), sizeof r->hashes[i]);
    }
}

static void transaction(struct raw *r)
{
    MYSQL_STMT *all[] = {r->insert, r->rollup, r->fleet, r->stat};

    fill(r);
    must(r, mysql_query(r->db, "START TRANSACTION"), "begin");
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (mysql_stmt_execute(all[i])) {
            fprintf(stderr, "raw_mysql: %s\n", mysql_stmt_error(all[i]));
            exit(1);
        }
    must(r, mysql_query(r->db, "COMMIT"), "commit");
    r->done += r->rows;
}

static void *run(void *arg)
{
    struct raw *r = arg;
    double begin = now_s();

    while (now_s() - begin < r->seconds)
        transaction(r);
    return NULL;
}

static struct raw *open_raw(const struct raw *model)
{
    struct raw *r = calloc(1, sizeof *r);

    if (!r)
        exit(1);
    *r = (struct raw){.url = model->url,
                      .number = model->number,
                      .rows = model->rows,
                      .sessions = model->sessions,
                      .array = model->array,
                      .seconds = model->seconds,
                      .key_len = KEY_BYTES - 1,
                      .hash_len = sizeof r->hashes[0],
                      .payload_len = PAYLOAD_BYTES};
    memset(r->payload, 'x', sizeof r->payload);
    for (int i = 0; i < r->rows; i++)
        r->session[i] = r->number * r->sessions + i * r->sessions / r->rows + 1;
    open_connection(r);
    return r;
}

static void report(struct raw **all, int connections)
{
    double begin = now_s();
    int64_t done = 0;

    for (int i = 0; i < connections; i++)
        if (pthread_create(&all[i]->thread, NULL, run, all[i]) != 0)
            exit(1);
    for (int i = 0; i < connections; i++) {
        (void)pthread_join(all[i]->thread, NULL);
        done += all[i]->done;
    }
    printf("%.0f\n", (double)done / (now_s() - begin));
}

static void close_raw(struct raw *r)
{
    mysql_stmt_close(r->insert);
    mysql_stmt_close(r->rollup);
    mysql_stmt_close(r->stat);
    mysql_stmt_close(r->fleet);
    mysql_close(r->db);
    free(r);
}

int main(int argc, char **argv)
{
    struct raw *all[CONNECTIONS_MOST] = {0};
    int connections = argc > 2 ? atoi(argv[2]) : 0;
    struct raw model = {.rows = argc > 3 ? atoi(argv[3]) : 0,
                        .sessions = argc > 4 ? atoi(argv[4]) : 0,
                        .seconds = argc > 5 ? atof(argv[5]) : 0,
                        .array = argc > 6 && strcmp(argv[6], "array") == 0};
    struct store_mysql_url *url;

    if (connections < 1 || connections > CONNECTIONS_MOST ||
        model.rows > ROWS_MOST || model.sessions < 1 ||
        model.sessions > model.rows || model.seconds <= 0 ||
        strncmp(argv[1], "mysql:", 6) != 0 ||
        store_mysql_url_open(&url, argv[1] + 6)) {
        fprintf(stderr,
                "usage: raw_mysql mysql://USER:PASSWORD@HOST:PORT/DATABASE "
                "CONNECTIONS ROWS SESSIONS SECONDS [array]\n");
        return 2;
    }
    model.url = url;
    for (int i = 0; i < connections; i++) {
        model.number = i;
        all[i] = open_raw(&model);
    }
    report(all, connections);
    for (int i = 0; i < connections; i++)
        close_raw(all[i]);
    store_mysql_url_close(url);
    return 0;
}
