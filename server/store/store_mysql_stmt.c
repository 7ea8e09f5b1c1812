/* store_mysql_stmt.c - one prepared statement of MySQL.
 *
 * Source:  mariadb.com/kb/en/mariadb-connector-c (prepared statements)
 *
 * A statement's rows are fetched into the client at once (the walks of the
 * pages ask for one page a statement), so that other statements may run
 * between two steps. MySQL knows ? alone: ?1 ?2 ... are rewritten, and which
 * value stands where is kept.
 */
#include "server/store/store_mysql_stmt.h"

#include "core/buf.h"
#include "core/log.h"
#include "server/store/store_mysql_values.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct column {
    my_bool null;
    int64_t whole;
    double number;
    char *bytes;
    size_t room;
    unsigned long len;
    enum enum_field_types type; /* LONGLONG, DOUBLE or STRING */
};

struct store_mysql_stmt {
    struct db_stmt base;
    struct store_mysql_conn *to;
    const char *name; /* in messages */
    struct buf sql;   /* what the server gets */
    MYSQL_STMT *raw;
    unsigned generation; /* of the connection that prepared it */
    struct store_mysql_values values;
    struct column *columns;
    MYSQL_BIND *results; /* of the columns */
    unsigned column_count;
    bool executed;
};

static struct store_mysql_stmt *stmt_of(struct db_stmt *s)
{
    return (struct store_mysql_stmt *)s;
}

static enum err fail(struct store_mysql_stmt *s)
{
    return store_mysql_conn_fail(s->to, mysql_stmt_errno(s->raw),
                                 mysql_stmt_error(s->raw), s->name);
}

/* --- making statements --- */

static void forget_columns(struct store_mysql_stmt *s)
{
    for (unsigned i = 0; i < s->column_count; i++)
        free(s->columns[i].bytes);
    free(s->columns);
    free(s->results);
    s->columns = NULL;
    s->results = NULL;
    s->column_count = 0;
}

void store_mysql_stmt_close(struct store_mysql_stmt *s)
{
    if (!s)
        return;
    if (s->raw)
        mysql_stmt_close(s->raw);
    forget_columns(s);
    buf_fini(&s->sql);
    store_mysql_values_fini(&s->values);
    free(s);
}

/* ?N becomes ?; texts in quotes hold no question mark of ours. */
static enum err rewrite(struct store_mysql_stmt *s, const char *text)
{
    size_t most = 0, plain = 0, n = 0;
    OWN_FREE uint16_t *order = NULL;

    for (const char *p = text; *p; p++)
        most += *p == '?';
    order = calloc(most + 1, sizeof *order);
    if (!order)
        return WS_NOMEM;
    for (const char *p = text; *p; p++) {
        buf_append(&s->sql, p, 1);
        if (*p != '?')
            continue;
        if (isdigit((unsigned char)p[1]))
            order[n++] = (uint16_t)(*++p - '1');
        else
            order[n++] = (uint16_t)plain++;
    }
    if (buf_check(&s->sql))
        return WS_NOMEM;
    return store_mysql_values_init(&s->values, TAKE(order), n);
}

enum err store_mysql_stmt_open(struct store_mysql_stmt **out,
                               struct store_mysql_conn *to, const char *name,
                               const char *text)
{
    OWN(store_mysql_stmt_close)
    struct store_mysql_stmt *s = calloc(1, sizeof(*s));
    enum err e;

    if (!s)
        return WS_NOMEM;
    s->to = to;
    s->name = name;
    e = rewrite(s, text);
    if (e)
        return e;
    *out = TAKE(s);
    return WS_OK;
}

void store_mysql_stmt_reset(struct db_stmt *base)
{
    struct store_mysql_stmt *s = stmt_of(base);

    if (s->raw && s->executed)
        (void)mysql_stmt_free_result(s->raw);
    s->executed = false;
}

struct db_stmt *store_mysql_stmt_fresh(struct store_mysql_stmt *s,
                                       const struct db_driver *driver)
{
    s->base.driver = driver;
    store_mysql_stmt_reset(&s->base);
    store_mysql_values_fresh(&s->values);
    return &s->base;
}

enum err store_mysql_stmt_rows(struct db_stmt *s, size_t rows)
{
    return store_mysql_values_rows(&stmt_of(s)->values, rows);
}

/* --- values --- */

void store_mysql_stmt_bind_int(struct db_stmt *s, int64_t v)
{
    store_mysql_values_add(&stmt_of(s)->values, MYSQL_TYPE_LONGLONG,
                           (union store_mysql_cell){.whole = v}, 0);
}

void store_mysql_stmt_bind_number(struct db_stmt *s, double v)
{
    store_mysql_values_add(&stmt_of(s)->values, MYSQL_TYPE_DOUBLE,
                           (union store_mysql_cell){.number = v}, 0);
}

void store_mysql_stmt_bind_null(struct db_stmt *s)
{
    store_mysql_values_add(&stmt_of(s)->values, MYSQL_TYPE_NULL,
                           (union store_mysql_cell){0}, 0);
}

void store_mysql_stmt_bind_text(struct db_stmt *s, const char *v)
{
    if (v)
        store_mysql_values_add(&stmt_of(s)->values, MYSQL_TYPE_STRING,
                               (union store_mysql_cell){.bytes = v}, strlen(v));
    else
        store_mysql_stmt_bind_null(s);
}

void store_mysql_stmt_bind_blob(struct db_stmt *s, const void *v, size_t len)
{
    store_mysql_values_add(&stmt_of(s)->values, MYSQL_TYPE_BLOB,
                           (union store_mysql_cell){.bytes = v ? v : ""}, len);
}

/* --- running --- */

static enum err prepare(struct store_mysql_stmt *s)
{
    struct store_mysql_conn *to = s->to;
    const my_bool yes = 1;

    if (s->raw && s->generation == to->generation)
        return WS_OK;
    if (s->raw)
        mysql_stmt_close(s->raw);
    s->generation = to->generation;
    s->raw = mysql_stmt_init(to->raw);
    if (!s->raw)
        return WS_NOMEM;
    (void)mysql_stmt_attr_set(s->raw, STMT_ATTR_UPDATE_MAX_LENGTH, &yes);
    if (mysql_stmt_prepare(s->raw, buf_text(&s->sql), s->sql.len)) {
        enum err e = fail(s);

        mysql_stmt_close(TAKE(s->raw));
        return e;
    }
    return WS_OK;
}

static enum enum_field_types type_of(const MYSQL_FIELD *f)
{
    switch (f->type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
    case MYSQL_TYPE_NULL:
        return MYSQL_TYPE_LONGLONG;
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
        return f->decimals ? MYSQL_TYPE_DOUBLE : MYSQL_TYPE_LONGLONG;
    case MYSQL_TYPE_FLOAT:
    case MYSQL_TYPE_DOUBLE:
        return MYSQL_TYPE_DOUBLE;
    default:
        return MYSQL_TYPE_STRING;
    }
}

static enum err make_columns(struct store_mysql_stmt *s, unsigned count)
{
    if (s->column_count == count)
        return WS_OK;
    forget_columns(s);
    s->columns = calloc(count, sizeof(*s->columns));
    s->results = calloc(count, sizeof(*s->results));
    if (!s->columns || !s->results)
        return WS_NOMEM;
    s->column_count = count;
    return WS_OK;
}

/* Room for the longest value of each column. */
static enum err bind_column(struct column *c, MYSQL_BIND *b,
                            const MYSQL_FIELD *f)
{
    c->type = type_of(f);
    *b = (MYSQL_BIND){
        .buffer_type = c->type, .is_null = &c->null, .length = &c->len};
    if (c->type == MYSQL_TYPE_LONGLONG) {
        b->buffer = &c->whole;
    } else if (c->type == MYSQL_TYPE_DOUBLE) {
        b->buffer = &c->number;
    } else {
        if (c->room < f->max_length + 1) {
            char *more = realloc(c->bytes, f->max_length + 1);

            if (!more)
                return WS_NOMEM;
            c->bytes = more;
            c->room = f->max_length + 1;
        }
        b->buffer = c->bytes;
        b->buffer_length = c->room;
    }
    return WS_OK;
}

static enum err bind_columns(struct store_mysql_stmt *s, MYSQL_RES *meta)
{
    const MYSQL_FIELD *fields = mysql_fetch_fields(meta);
    enum err e = make_columns(s, mysql_num_fields(meta));

    for (unsigned i = 0; !e && i < s->column_count; i++)
        e = bind_column(&s->columns[i], &s->results[i], &fields[i]);
    if (!e && mysql_stmt_bind_result(s->raw, s->results))
        e = fail(s);
    return e;
}

/* An error among the rows (a deadlock, a node of a cluster that gives up a
 * transaction, a value out of range) ends them. libmariadb 3.3 goes on waiting
 * for the rest, at the statement's next use, unless it is reset. */
static enum err fetch_all(struct store_mysql_stmt *s)
{
    MYSQL_RES *meta;
    enum err e;

    if (!mysql_stmt_field_count(s->raw))
        return WS_OK;
    if (mysql_stmt_store_result(s->raw)) {
        e = fail(s);
        if (!s->to->lost)
            (void)mysql_stmt_reset(s->raw);
        return e;
    }
    meta = mysql_stmt_result_metadata(s->raw);
    if (!meta)
        return WS_NOMEM;
    e = bind_columns(s, meta);
    mysql_free_result(meta);
    return e;
}

static bool bind_values(struct store_mysql_stmt *s)
{
    const unsigned rows = (unsigned)s->values.rows;

    return (s->values.places &&
            mysql_stmt_bind_param(s->raw,
                                  store_mysql_values_binds(&s->values))) ||
           mysql_stmt_attr_set(s->raw, STMT_ATTR_ARRAY_SIZE, &rows);
}

static enum err execute_once(struct store_mysql_stmt *s)
{
    enum err e = store_mysql_conn_ready(s->to);

    if (!e)
        e = prepare(s);
    if (e)
        return e;
    if (!store_mysql_values_whole(&s->values)) {
        log_error("db_error", "not the values of: %s", s->name);
        return WS_INVALID;
    }
    if (bind_values(s) || mysql_stmt_execute(s->raw))
        return fail(s);
    s->executed = true;
    s->to->changes = (int64_t)mysql_stmt_affected_rows(s->raw);
    e = fetch_all(s);
    if (e)
        store_mysql_stmt_reset(&s->base);
    return e;
}

static enum err execute(struct store_mysql_stmt *s)
{
    struct store_mysql_conn *to = s->to;
    enum err e = execute_once(s);

    if (e && to->lost && !to->in_transaction &&
        strncmp(s->name, "SELECT", 6) == 0)
        e = execute_once(s);
    return e;
}

enum err store_mysql_stmt_step(struct db_stmt *base)
{
    struct store_mysql_stmt *s = stmt_of(base);
    enum err e = s->executed ? WS_OK : execute(s);

    if (e)
        return e;
    if (!s->column_count || !mysql_stmt_field_count(s->raw)) {
        store_mysql_stmt_reset(base);
        return WS_NOTFOUND;
    }
    switch (mysql_stmt_fetch(s->raw)) {
    case 0:
    case MYSQL_DATA_TRUNCATED: /* room is that of the longest: numbers alone */
        break;
    case MYSQL_NO_DATA:
        store_mysql_stmt_reset(base);
        return WS_NOTFOUND;
    default:
        e = fail(s);
        store_mysql_stmt_reset(base);
        return e;
    }
    for (unsigned i = 0; i < s->column_count; i++)
        if (s->columns[i].bytes && !s->columns[i].null &&
            s->columns[i].len < s->columns[i].room)
            s->columns[i].bytes[s->columns[i].len] = '\0';
    return WS_OK;
}

enum err store_mysql_stmt_run(struct db_stmt *base)
{
    enum err e = store_mysql_stmt_step(base);

    if (e == WS_NOTFOUND)
        return WS_OK;
    if (e)
        return e;
    store_mysql_stmt_reset(base);
    log_error("db_error", "rows where none were expected: %s",
              stmt_of(base)->name);
    return WS_INVALID;
}

/* --- columns --- */

bool store_mysql_stmt_is_null(struct db_stmt *s, int column)
{
    return stmt_of(s)->columns[column].null;
}

int64_t store_mysql_stmt_int(struct db_stmt *s, int column)
{
    const struct column *c = &stmt_of(s)->columns[column];

    if (c->null)
        return 0;
    return c->type == MYSQL_TYPE_DOUBLE ? (int64_t)c->number : c->whole;
}

double store_mysql_stmt_number(struct db_stmt *s, int column)
{
    const struct column *c = &stmt_of(s)->columns[column];

    if (c->null)
        return 0;
    return c->type == MYSQL_TYPE_DOUBLE ? c->number : (double)c->whole;
}

const char *store_mysql_stmt_text(struct db_stmt *s, int column)
{
    const struct column *c = &stmt_of(s)->columns[column];

    return c->null ? NULL : c->bytes;
}

const void *store_mysql_stmt_blob(struct db_stmt *s, int column, size_t *len)
{
    const struct column *c = &stmt_of(s)->columns[column];

    *len = c->null || !c->bytes ? 0 : c->len;
    return c->null ? NULL : c->bytes;
}
