/* static.h - handlers for the pages: out of the program, or out of a folder
 * while they are being written.
 *
 * Flow:    route GET -> [static] <- assets.h (made by web/)
 * Shapes:  the smallest form that Accept-Encoding takes: br, gzip, identity
 * Errors:  404 for what is neither a file nor a page of the app
 * Process: on the loop; with a folder it reads files there (development)
 * Source:  ui.md section 3; RFC 9110 section 13 (ETag, If-None-Match)
 */
#ifndef SERVER_HTTP_STATIC_H
#define SERVER_HTTP_STATIC_H

#include "server/http/exchange.h"

/* Serve from this folder from now on; NULL or empty: from the program. Called
 * once, before the first request. */
void static_use_folder(const char *dir);

/* The one page of the app: "/login", "/dashboard/", "/admin/". */
void static_page(struct exchange *x);

/* The same below "/dashboard/" + "*": only when a browser asks for a page. */
void static_subpage(struct exchange *x);

/* A file by its own path: "/assets/" + "*", "/favicon.svg". */
void static_asset(struct exchange *x);

/* 308 from "/" to /dashboard/. */
void static_root(struct exchange *x);

#endif
