/* head.h - the head of one request, cut into its parts, or refused.
 *
 * Flow:    conn's bytes -> [head] -> route, access
 * Shapes:  stricter than the tokenizer (http-parser): whatever two programs
 *          might read differently is refused, so nothing can be smuggled
 * Errors:  WS_AGAIN    the end of the head has not come yet
 *          WS_INVALID  refused, see struct refusal; the connection must close
 *          WS_NOMEM
 * Owns:    head_fini() frees; the texts live as long as the head
 * Source:  RFC 9112; RFC 9110; server.md "HTTP layer"
 */
#ifndef SERVER_HTTP_HEAD_H
#define SERVER_HTTP_HEAD_H

#include "core/err.h"
#include "server/http/refusal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAD_MAX_FIELDS 64

struct head_field {
    const char *name, *value;
};

struct head {
    char *bytes;        /* everything below points into it */
    const char *method; /* upper case */
    const char *path;   /* decoded, begins with '/' */
    const char *query;  /* as sent, without '?'; "" for none */
    bool is_1_0;        /* HTTP/1.0 */
    bool keep_alive;
    bool chunked;
    bool has_length;
    bool expects_continue;
    int64_t content_length;
    size_t field_count;
    struct head_field fields[HEAD_MAX_FIELDS];
};

/* Look for the end of the head in the bytes that have come; *scanned says how
 * far earlier calls got. WS_OK: the head is the first *head_len bytes. Bytes
 * that can't be a head are refused before its end has come. */
enum err head_find_end(const char *bytes, size_t len, size_t max_bytes,
                       size_t *scanned, size_t *head_len,
                       struct refusal *why) WS_MUST_CHECK;

/* Read a whole head, as head_find_end() found it. */
enum err head_parse(struct head *h, const char *bytes, size_t len,
                    struct refusal *why) WS_MUST_CHECK;
void head_fini(struct head *h);

/* The first field of that name (any case), or NULL. */
const char *head_get(const struct head *h, const char *name);

/* True when the comma-separated list in a field holds the word. */
bool head_lists(const char *list, const char *word);

#endif
