#include "server/store/store_db_run.h"

static enum err begin(struct store *s, const char *sql,
                      const struct store_db_value *values, size_t count,
                      struct db_stmt **out)
{
    enum err e = db_stmt(store_db_conn(s), sql, out);

    for (size_t i = 0; !e && i < count; i++) {
        const struct store_db_value *v = &values[i];

        switch (v->kind) {
        case STORE_DB_INT:
            db_bind_int(*out, v->integer);
            break;
        case STORE_DB_TEXT:
            db_bind_text(*out, v->bytes);
            break;
        case STORE_DB_HASH:
            db_bind_blob(*out, v->bytes, STORE_SHA256_BYTES);
            break;
        }
    }
    return e;
}

enum err store_db_run(struct store *s, const char *sql,
                      const struct store_db_value *values, size_t count)
{
    struct db_stmt *q;
    enum err e = begin(s, sql, values, count, &q);

    return e ? e : db_run(q);
}

enum err store_db_run_hit(struct store *s, const char *sql,
                          const struct store_db_value *values, size_t count)
{
    enum err e = store_db_run(s, sql, values, count);

    if (e)
        return e;
    return db_changes(store_db_conn(s)) ? WS_OK : WS_NOTFOUND;
}

enum err store_db_run_first(struct store *s, const char *sql,
                            const struct store_db_value *values, size_t count,
                            struct db_stmt **out)
{
    enum err e = begin(s, sql, values, count, out);

    return e ? e : db_step(*out);
}

enum err store_db_run_list(struct store *s, const char *sql,
                           const struct store_db_value *values, size_t count,
                           const struct store_db_rows *rows)
{
    struct db_stmt *q;
    enum err e = begin(s, sql, values, count, &q);
    size_t n = 0;

    if (e)
        return e;
    while (n < rows->max && (e = db_step(q)) == WS_OK)
        rows->read(q, (char *)rows->list + rows->row_bytes * n++);
    if (e && e != WS_NOTFOUND)
        return e;
    *rows->count = n;
    db_reset(q);
    return WS_OK;
}
