/* assets.h - the web pages inside the program, as one const table.
 *
 * Flow:    web/build.mjs -> web/embed.mjs -> assets.c + assets.S -> [assets]
 *          -> static.c
 * Shapes:  one row a file, sorted by path (strcmp), so that bsearch finds it
 * Units:   lengths in bytes
 * Owns:    everything lives as long as the program
 * Source:  ui.md section 3 "Embedding"
 *
 * Paths as asked for: "/assets/app-AB12CD34.js" (immutable), the one page
 * ASSETS_PAGE, "/favicon.svg", and "/api/openapi.json".
 *
 * How to answer: an immutable file with "public, max-age=31536000, immutable",
 * any other with "no-cache"; always ETag, Vary: Accept-Encoding, 304, HEAD.
 * The page is one for all addresses: ASSETS_PAGE is the answer to GET of
 * /login and /setup (open to everybody) and of /dashboard, /dashboard/...,
 * /admin, /admin/... (with a login; without one 303 to
 * /login?next=PATH). "/" is 308 to /dashboard/. "/assets/..." and the favicon
 * are the login page's own files and open; openapi.json needs a login.
 */
#ifndef SERVER_HTTP_ASSETS_H
#define SERVER_HTTP_ASSETS_H

#include <stdbool.h>
#include <stddef.h>

#define ASSETS_PAGE "/index.html"
#define ASSETS_OPENAPI "/api/openapi.json"

struct assets_bytes {
    const unsigned char *data; /* NULL: there is no such form */
    size_t len;
};

struct assets_file {
    const char *path;
    const char *mime;             /* "text/html; charset=utf-8" */
    const char *etag;             /* quoted, of the identity form */
    bool immutable;               /* the name carries a hash of the content */
    struct assets_bytes identity; /* always there */
    struct assets_bytes gz;       /* only when it is smaller */
    struct assets_bytes br;
};

/* Empty when built with -Dweb=off. */
extern const struct assets_file assets_table[];
extern const size_t assets_count;

#endif
