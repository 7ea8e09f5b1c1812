/* pairs.h - name=value lists: queries, URL-encoded forms, cookies.
 *
 * Shapes:  "a=1&b=%20x" with percent and plus decoded; "a=1; b=2" as it is
 * Errors:  WS_INVALID  a broken percent escape, a NUL, or over PAIRS_MAX
 * Owns:    pairs_open_*() hands the caller a list; pairs_close() ends it and
 *          the texts it gave out
 * Source:  WHATWG URL "application/x-www-form-urlencoded"; RFC 6265
 */
#ifndef SERVER_HTTP_PAIRS_H
#define SERVER_HTTP_PAIRS_H

#include "core/err.h"
#include "core/own.h"

#include <stdbool.h>
#include <stddef.h>

#define PAIRS_MAX 64

struct pairs;

enum err pairs_open_query(struct pairs **out, const char *text,
                          size_t len) WS_MUST_CHECK;
enum err pairs_open_cookies(struct pairs **out, const char *text,
                            size_t len) WS_MUST_CHECK;
void pairs_close(struct pairs *p);
OWN_DEFINE(pairs_close, struct pairs *)

/* The first value of a name, or NULL. */
const char *pairs_get(const struct pairs *p, const char *name);

/* The i-th name, or NULL past the end. */
const char *pairs_name(const struct pairs *p, size_t i);

/* Decode %XX in place (and '+' to a blank when `plus`); false: a broken
 * escape or a NUL. */
bool pairs_decode(char *text, bool plus);

#endif
