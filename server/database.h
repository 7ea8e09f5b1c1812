/* database.h - which store the settings name, and what it takes to reach it.
 *
 * Flow:    settings db, db_password_file, data -> [database] -> store_open()
 * Shapes:  db is empty (SQLite below data) or mysql://USER@HOST/DATABASE
 * Errors:  WS_INVALID or WS_NOTFOUND after saying what is wrong
 * Process: before the process gives up what it does not need: the password's
 *          file is read here
 */
#ifndef SERVER_DATABASE_H
#define SERVER_DATABASE_H

#include "core/err.h"
#include "server/server.h"

#include <stdbool.h>

/* SQLite below data: DATA/lock says who writes. */
bool database_is_embedded(const struct settings *s);

/* The address for store_open(), to be freed; it may hold a password: never
 * print it. */
enum err database_address(const struct settings *s, char **out) WS_MUST_CHECK;

struct database_needs {
    bool network, unix_socket; /* to connect, also again */
    char *folder;              /* to read: of the certificates; or NULL */
};
/* What a process keeps for it; folder is the caller's to free. */
enum err database_needs(const struct settings *s,
                        struct database_needs *out) WS_MUST_CHECK;

#endif
