/* static.h - the pages: embedded in the program, or a folder while they are
 * being written.
 *
 * Flow:    route GET -> [static] -> exchange_reply_static()
 * Shapes:  one row a file, made by the build (web/); smaller forms are picked
 *          by Accept-Encoding: br, gzip, identity
 * Errors:  404 for what is neither a file nor a page of the app
 * Source:  ui.md section 3; RFC 9110 section 13 (ETag, If-None-Match)
 */
#ifndef SERVER_HTTP_STATIC_H
#define SERVER_HTTP_STATIC_H

#include "server/http/exchange.h"

#include <stdbool.h>
#include <stddef.h>

struct static_bytes {
    const unsigned char *data; /* NULL: not in this form */
    size_t len;
};

struct static_file {
    const char *path; /* below the root: "assets/app-1a2b3c4d.js" */
    const char *mime; /* with charset where it is text */
    const char *etag; /* with its quotes: "\"0123456789abcdef\"" */
    struct static_bytes identity, gz, br;
    bool immutable; /* its name has a hash of its bytes */
};

struct static_table {
    const struct static_file *files;
    size_t count;
};

/* Serve from here from now on: the embedded table, or web_dir if not empty
 * (read on every request). Called once, before the first request. */
void static_use(const struct static_table *table, const char *web_dir);

/* The file for the part of the path after the route's prefix ("*"), or the
 * app's index.html when a browser asks for a page. Handler of the rows
 * "/dashboard/" and "/dashboard/" + "*", "/admin/...", "/login". */
void static_page(struct exchange *x);

/* A file by its own path: "/assets/" + "*". Never index.html. */
void static_asset(struct exchange *x);

/* 308 from "/" to /dashboard/. */
void static_root(struct exchange *x);

#endif
