/* store_mysql_values.h - what stands at the ? of a statement.
 *
 * Flow:    store_mysql_stmt.c -> [store_mysql_values] -> MYSQL_BIND
 * Shapes:  one row of values, or, on MariaDB, an array of rows for one
 *          execution (COM_STMT_BULK_EXECUTE): the server then has one
 *          expression a column instead of one a value, which takes a fifth off
 *          its work for an INSERT of 256 metrics
 * Errors:  WS_NOMEM; a value too many, or of another type than the rows before
 *          have in its column, is kept in mind until store_mysql_values_whole()
 * Owns:    its memory; texts and blobs stay the caller's until the statement
 *          has run
 * Source:  mariadb.com/kb/en/bulk-insert-column-wise-binding
 */
#ifndef SERVER_STORE_STORE_MYSQL_VALUES_H
#define SERVER_STORE_STORE_MYSQL_VALUES_H

#include "core/err.h"

#include <mysql.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

union store_mysql_cell {
    int64_t whole;
    double number;
    const void *bytes;
};

struct store_mysql_values {
    uint16_t *order; /* which value of the row stands at each ? */
    size_t places;
    size_t count;   /* values a row */
    size_t rows;    /* of the array; 0: one row, and no array */
    size_t room;    /* rows that there is memory for */
    size_t row, at; /* where the next value stands */
    bool wrong;
    enum enum_field_types *types; /* of a row's values; NULL: not known yet */
    /* by value, then by row */
    union store_mysql_cell *cells;
    unsigned long *lens; /* bytes */
    char *nulls;
    MYSQL_BIND *binds; /* of the places */
};

/* `order`: which value of a row stands at each of the places; taken over. */
enum err store_mysql_values_init(struct store_mysql_values *v, uint16_t *order,
                                 size_t places) WS_MUST_CHECK;
void store_mysql_values_fini(struct store_mysql_values *v);

/* Forget all values: those of one row come next ... */
void store_mysql_values_fresh(struct store_mysql_values *v);
/* ... or of an array of rows. */
enum err store_mysql_values_rows(struct store_mysql_values *v,
                                 size_t rows) WS_MUST_CHECK;

/* The next value: LONGLONG, DOUBLE, STRING, BLOB or NULL. */
void store_mysql_values_add(struct store_mysql_values *v,
                            enum enum_field_types type,
                            union store_mysql_cell is, size_t len);

/* Has each place of each row its value? */
bool store_mysql_values_whole(const struct store_mysql_values *v);

/* For mysql_stmt_bind_param(); points into `v`. */
MYSQL_BIND *store_mysql_values_binds(struct store_mysql_values *v);

#endif
