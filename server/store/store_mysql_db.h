/* store_mysql_db.h - MySQL behind core/db.h, and statements of many rows.
 *
 * Flow:    store_mysql*.c, store_db_*.c -> core/db.h -> [store_mysql_db]
 * Shapes:  SQL as for SQLite: ? and ?1 ?2 ... stand for values, names that are
 *          words of MySQL in double quotes
 * Errors:  as core/db.h. Out of a transaction a SELECT whose connection was
 *          lost is asked once more of a new one; in a transaction a loss is
 *          WS_IO until db_rollback()
 * Process: one thread at a time
 */
#ifndef SERVER_STORE_STORE_MYSQL_DB_H
#define SERVER_STORE_STORE_MYSQL_DB_H

#include "server/store/store_db.h"

/* Connect to what stands after "mysql:". */
enum err store_mysql_db_open(struct db **out, const char *where,
                             unsigned flags) WS_MUST_CHECK;

/* The statement with `rows` rows, cached by the address of `sql` and the count;
 * values are bound row after row. Where the server takes arrays, an INSERT is
 * one statement of one row, and the rows are its array. */
enum err store_mysql_db_rows(struct db *db, const struct store_db_many *sql,
                             size_t rows, struct db_stmt **out) WS_MUST_CHECK;

/* How many of `left` rows the next INSERT should hold: of the sizes that there
 * are, so that few statements are prepared, and two hold up to 256. */
size_t store_mysql_db_take(const struct db *db, size_t left);

/* The largest statement the server takes, in bytes. */
size_t store_mysql_db_packet(const struct db *db);

#endif
