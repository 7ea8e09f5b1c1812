/* store_mysql_url.h - what an address of MySQL says.
 *
 * Flow:    store_open("mysql:" + text) -> [store_mysql_url] -> store_mysql_conn
 * Shapes:  //USER[:PASSWORD]@HOST[:PORT]/DATABASE[?key=value&...]; %XX stands
 *          for a byte. Keys: socket=/path (unix socket; HOST is not asked),
 *          ca=/path (whose certificates are believed), tls=on (also on
 *          loopback)
 * Errors:  WS_INVALID after saying what is wrong; the password is never said
 * Owns:    store_mysql_url_open() hands over; texts belong to it
 */
#ifndef SERVER_STORE_STORE_MYSQL_URL_H
#define SERVER_STORE_STORE_MYSQL_URL_H

#include "core/err.h"
#include "core/own.h"

#include <stdbool.h>

#define STORE_MYSQL_PORT 3306
#define STORE_MYSQL_CA "/etc/ssl/certs/ca-certificates.crt"

struct store_mysql_url {
    char *user, *password, *host, *database; /* password: "" for none */
    char *socket;                            /* NULL: TCP */
    char *ca;
    char *shown; /* host:port/database or socket:database, for messages */
    unsigned port;
    bool tls; /* asked for and verified; off on loopback and unix sockets */
};

/* Read what stands after "mysql:". */
enum err store_mysql_url_open(struct store_mysql_url **out,
                              const char *where) WS_MUST_CHECK;
void store_mysql_url_close(struct store_mysql_url *u);
OWN_DEFINE(store_mysql_url_close, struct store_mysql_url *)

#endif
