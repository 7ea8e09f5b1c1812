/* multipart.h - multipart/form-data, cut into parts as the bytes come.
 *
 * Flow:    body -> [multipart] -> form (callbacks)
 * Shapes:  holds one header line, never data: a part may be of any size
 * Errors:  WS_INVALID  not multipart/form-data as RFC 7578 has it
 *          WS_FULL     too many parts, or too long part headers
 *          WS_*        what a callback said
 * Owns:    multipart_open() hands the caller a handle; multipart_close()
 * Source:  RFC 7578, RFC 2046 section 5.1; fuzzed (tests/fuzz)
 */
#ifndef SERVER_HTTP_MULTIPART_H
#define SERVER_HTTP_MULTIPART_H

#include "core/err.h"
#include "core/own.h"

#include <stdbool.h>
#include <stddef.h>

#define MULTIPART_MAX_PARTS 32
#define MULTIPART_MAX_LINE_BYTES 1024
#define MULTIPART_MAX_HEADERS 8 /* a part */
#define MULTIPART_MAX_BOUNDARY 70

struct multipart_part {
    char name[64];
    char filename[256]; /* its last path component */
    char content_type[80];
    bool is_file; /* a filename was given, even an empty one */
};

struct multipart_ops {
    enum err (*begin)(void *ctx, const struct multipart_part *part);
    enum err (*data)(void *ctx, const char *data, size_t len);
    enum err (*end)(void *ctx);
};

struct multipart;

/* content_type is the request's header. */
enum err multipart_open(struct multipart **out, const char *content_type,
                        const struct multipart_ops *ops,
                        void *ctx) WS_MUST_CHECK;
void multipart_close(struct multipart *m);
OWN_DEFINE(multipart_close, struct multipart *)

enum err multipart_feed(struct multipart *m, const char *data,
                        size_t len) WS_MUST_CHECK;

/* All bytes were fed: WS_INVALID without the closing boundary. */
enum err multipart_end(const struct multipart *m) WS_MUST_CHECK;

#endif
