/* store_mysql_stmt.h - one prepared statement of MySQL: values in, rows out.
 *
 * Flow:    store_mysql_db.c -> [store_mysql_stmt] -> libmariadb
 * Shapes:  a statement outlives its connection: it is prepared again on the
 *          next one
 * Errors:  as core/db.h
 * Owns:    store_mysql_stmt_open() hands over; texts of a row belong to the
 *          statement until it is run or reset again
 * Process: one thread at a time
 */
#ifndef SERVER_STORE_STORE_MYSQL_STMT_H
#define SERVER_STORE_STORE_MYSQL_STMT_H

#include "core/db_driver.h"
#include "server/store/store_mysql_conn.h"

struct store_mysql_stmt;

/* `name` is what messages show and, with the caller, the key; the server gets
 * `text`. */
enum err store_mysql_stmt_open(struct store_mysql_stmt **out,
                               struct store_mysql_conn *to, const char *name,
                               const char *text) WS_MUST_CHECK;
void store_mysql_stmt_close(struct store_mysql_stmt *s);
OWN_DEFINE(store_mysql_stmt_close, struct store_mysql_stmt *)

/* The statement as db.h knows it, reset, without values. */
struct db_stmt *store_mysql_stmt_fresh(struct store_mysql_stmt *s,
                                       const struct db_driver *driver);

/* The values that come are those of an array of rows; where
 * store_mysql_conn.h says that the server takes arrays. */
enum err store_mysql_stmt_rows(struct db_stmt *s, size_t rows) WS_MUST_CHECK;

/* The statements' half of the driver's table. */
void store_mysql_stmt_bind_int(struct db_stmt *s, int64_t v);
void store_mysql_stmt_bind_number(struct db_stmt *s, double v);
void store_mysql_stmt_bind_text(struct db_stmt *s, const char *v);
void store_mysql_stmt_bind_blob(struct db_stmt *s, const void *v, size_t len);
void store_mysql_stmt_bind_null(struct db_stmt *s);
enum err store_mysql_stmt_step(struct db_stmt *s) WS_MUST_CHECK;
void store_mysql_stmt_reset(struct db_stmt *s);
enum err store_mysql_stmt_run(struct db_stmt *s) WS_MUST_CHECK;
int64_t store_mysql_stmt_int(struct db_stmt *s, int column);
double store_mysql_stmt_number(struct db_stmt *s, int column);
const char *store_mysql_stmt_text(struct db_stmt *s, int column);
const void *store_mysql_stmt_blob(struct db_stmt *s, int column, size_t *len);
bool store_mysql_stmt_is_null(struct db_stmt *s, int column);

#endif
