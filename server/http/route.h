/* route.h - the table of everything the server answers.
 *
 * Flow:    conn (head complete) -> [route] -> access check -> body -> handler
 * Shapes:  one const row a method and path, all rows in server/routes.c
 * Errors:  404 no such path; 405 with Allow; 401/403 by access, 413 by
 *          max_body, all before a body is read
 * Source:  house-style.md law 6; the OpenAPI check reads this table
 */
#ifndef SERVER_HTTP_ROUTE_H
#define SERVER_HTTP_ROUTE_H

#include "server/http/exchange.h"

#include <stddef.h>

enum route_access {
    ROUTE_OPEN,   /* everybody: health, login page and its assets */
    ROUTE_AGENT,  /* a session's token; {id} must be its session */
    ROUTE_ENROLL, /* POST /api/sessions/: network, code, or session token */
    ROUTE_USER,   /* login cookie or API key, with `permissions` */
};

enum route_body {
    ROUTE_NO_BODY,   /* ignored up to 64 KiB, refused beyond */
    ROUTE_MEMORY,    /* kept in memory up to max_body_bytes */
    ROUTE_GZIP,      /* the same, also gzip with the cap on decoded bytes */
    ROUTE_MULTIPART, /* files held in memory, or spooled to DATA/tmp */
};

enum route_place {
    ROUTE_ON_LOOP,   /* must not block: no database */
    ROUTE_ON_READER, /* runs on a reader thread, may query */
};

struct route {
    const char *method;
    const char *path; /* "/api/sessions/{id}/batch/"; a last "*": the rest */
    enum route_access access;
    unsigned permissions; /* PERM_* all needed, for users */
    enum route_body body;
    size_t max_body_bytes;
    enum route_place place;
    void (*handle)(struct exchange *x);
    const char *operation; /* operationId in api/openapi.yaml; NULL: none */
    bool lane;             /* answered also when others are told to wait */
    bool quiet;            /* answered 2xx: its access line is for debug only */
};

extern const struct route routes[];
extern const size_t routes_count;

struct route_match {
    const struct route *route; /* NULL: none */
    char allow[64];            /* methods of the path, when only those differ */
    int64_t id;                /* of {id}; 0: the row has none */
};

/* Find the row for a method and a decoded path. HEAD finds GET. */
void route_find(const struct route *table, size_t count, const char *method,
                const char *path, struct route_match *out);

#endif
