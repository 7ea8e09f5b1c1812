/* store_db_run.h - a statement and its values in one call.
 *
 * Flow:    store_db_*.c -> [store_db_run] -> core/db.h
 * Shapes:  SQL as a literal (its address is the cache's key) and a value for
 *          each ? of it: STORE_DB_VALUES(INT(id), TEXT(name), HASH(sha256))
 * Owns:    texts and hashes are the caller's, and outlive the last step
 */
#ifndef SERVER_STORE_STORE_DB_RUN_H
#define SERVER_STORE_STORE_DB_RUN_H

#include "server/store/store_db.h"

struct store_db_value {
    enum { STORE_DB_INT, STORE_DB_TEXT, STORE_DB_HASH } kind;
    int64_t integer;
    const void *bytes; /* a C string, or STORE_SHA256_BYTES */
};

#define INT(v)                                                                 \
    {                                                                          \
        .kind = STORE_DB_INT, .integer = (v)                                   \
    }
#define TEXT(v)                                                                \
    {                                                                          \
        .kind = STORE_DB_TEXT, .bytes = (v)                                    \
    }
#define HASH(v)                                                                \
    {                                                                          \
        .kind = STORE_DB_HASH, .bytes = (v)                                    \
    }
#define STORE_DB_VALUES(...)                                                   \
    (const struct store_db_value[]){__VA_ARGS__},                              \
        sizeof((const struct store_db_value[]){__VA_ARGS__}) /                 \
            sizeof(struct store_db_value)

/* Run what returns no row. */
enum err store_db_run(struct store *s, const char *sql,
                      const struct store_db_value *values,
                      size_t count) WS_MUST_CHECK;

/* The same for an UPDATE that must find a row: WS_NOTFOUND. */
enum err store_db_run_hit(struct store *s, const char *sql,
                          const struct store_db_value *values,
                          size_t count) WS_MUST_CHECK;

/* Begin a query and step to its first row; WS_NOTFOUND: there is none. The
 * caller reads it and calls db_reset(). */
enum err store_db_run_first(struct store *s, const char *sql,
                            const struct store_db_value *values, size_t count,
                            struct db_stmt **out) WS_MUST_CHECK;

/* Where the rows of a list go. */
struct store_db_rows {
    void (*read)(struct db_stmt *q, void *row);
    void *list;
    size_t row_bytes, max;
    size_t *count; /* set when all were read */
};

/* Read up to max rows. */
enum err store_db_run_list(struct store *s, const char *sql,
                           const struct store_db_value *values, size_t count,
                           const struct store_db_rows *rows) WS_MUST_CHECK;

#endif
