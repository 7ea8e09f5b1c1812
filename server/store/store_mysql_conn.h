/* store_mysql_conn.h - one connection to MySQL: how it is set up, what its
 * errors mean, and how it comes back.
 *
 * Flow:    store_mysql_db.c -> [store_mysql_conn] -> libmariadb
 * Errors:  as core/db.h; every code of the server and of the library is
 *          translated here and nowhere else
 * Process: one thread at a time
 * Source:  faults.md D-01 to D-07; rigs.md "SQL that runs on both"
 */
#ifndef SERVER_STORE_STORE_MYSQL_CONN_H
#define SERVER_STORE_STORE_MYSQL_CONN_H

#include "server/store/store_mysql_url.h"

#include <mysql.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As the servers print it: each connection sets it, reads it back, and is
 * refused when the two differ. */
#define STORE_MYSQL_MODES                                                      \
    "PIPES_AS_CONCAT,ANSI_QUOTES,ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,"      \
    "STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,"                          \
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"

struct store_mysql_conn {
    struct store_mysql_url *url;
    MYSQL *raw;          /* NULL: not connected */
    bool read_only;      /* every transaction of it */
    bool lost;           /* connect again before the next use */
    bool in_transaction; /* begun here; a loss ends it */
    unsigned generation; /* one more with each connection */
    int64_t retry_at_ns, wait_ns;
    int64_t changes;     /* rows that the last statement hit */
    size_t packet_bytes; /* @@max_allowed_packet */
    bool takes_arrays;   /* of rows for one statement: MariaDB, no cluster */
    bool in_cluster;     /* a node of Galera */
    bool guarded;        /* see store_mysql_conn_guard() */
};

/* Connect and set the session up; WS_IO and no attempt while the backoff of
 * an earlier failure lasts. */
enum err store_mysql_conn_ready(struct store_mysql_conn *c) WS_MUST_CHECK;
void store_mysql_conn_drop(struct store_mysql_conn *c);

/* Run one text without rows. */
enum err store_mysql_conn_query(struct store_mysql_conn *c,
                                const char *sql) WS_MUST_CHECK;

/* A node of Galera gives a transaction up for another node's, and not always
 * says so: it lost the word when the next command was a PREPARE (MariaDB
 * 10.11). What follows would then be done on its own, and COMMIT be answered.
 * While guarded, nothing is written out of a transaction, and commit() of
 * store_mysql_db.c asks whether there is one. Elsewhere: nothing. */
enum err store_mysql_conn_guard(struct store_mysql_conn *c,
                                bool on) WS_MUST_CHECK;

/* Is a transaction open, by the server's last word? */
bool store_mysql_conn_is_open(const struct store_mysql_conn *c);

/* What a code of the server or of the library means for the caller; noted in
 * `c` when the connection is of no more use; logged unless the caller knows
 * it by the code alone: as an error, but what makes a transaction's caller
 * replay it (a deadlock) as information. */
enum err store_mysql_conn_fail(struct store_mysql_conn *c, unsigned code,
                               const char *words,
                               const char *doing) WS_MUST_CHECK;

#endif
