/* json.h - reading JSON that came from outside.
 *
 * Flow:    bytes -> [json] -> wire (field tables) -> ingest, outbox, conf
 * Errors:  WS_INVALID  not JSON, deeper than JSON_MAX_DEPTH, a number of
 *          2^53 or more, a member twice, bytes after the end, bad UTF-8;
 *          where and why stand in struct json_error
 *          WS_NOMEM    nothing is known of the text
 * Owns:    json_parse() hands over a tree; json_free() ends it
 * Source:  RFC 8259; cJSON (server.md: five times as fast as jansson)
 */
#ifndef CORE_JSON_H
#define CORE_JSON_H

#include "core/buf.h"
#include "core/err.h"
#include "core/own.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_MAX_DEPTH 32

struct json; /* one value; children belong to their parent */

enum json_kind {
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_TEXT,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json_error {
    size_t offset;     /* bytes from the start */
    char message[120]; /* for people */
};

/* Parse one whole document. why may be NULL. */
enum err json_parse(const char *text, size_t len, struct json **out,
                    struct json_error *why) WS_MUST_CHECK;
void json_free(struct json *root);
OWN_DEFINE(json_free, struct json *)

enum json_kind json_kind(const struct json *v);
const struct json *json_get(const struct json *object, const char *key);

/* Members or elements in order; NULL ends. */
const struct json *json_first(const struct json *parent);
const struct json *json_next(const struct json *v);
const char *json_key(const struct json *member);
size_t json_count(const struct json *parent);

/* The value, or the fallback when v is NULL or of another kind. */
const char *json_text(const struct json *v, const char *fallback);
double json_number(const struct json *v, double fallback);
int64_t json_int(const struct json *v, int64_t fallback);
bool json_bool(const struct json *v, bool fallback);

/* Same value: member order and spelling of numbers don't matter. */
bool json_equal(const struct json *a, const struct json *b);

/* Append the value as compact text. */
void json_print(const struct json *v, struct buf *out);

#endif
