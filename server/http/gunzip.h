/* gunzip.h - gzip bodies, decoded as they come, never past a cap.
 *
 * Errors:  WS_FULL     more decoded bytes than the cap: answer 413
 *          WS_INVALID  not gzip, damaged, cut off, or bytes after its end
 *          WS_NOMEM
 * Owns:    gunzip_open() hands the caller a handle; gunzip_close() ends it
 * Source:  RFC 1952; zlib
 */
#ifndef SERVER_HTTP_GUNZIP_H
#define SERVER_HTTP_GUNZIP_H

#include "core/buf.h"
#include "core/err.h"
#include "core/own.h"

struct gunzip;

enum err gunzip_open(struct gunzip **out, size_t max_bytes) WS_MUST_CHECK;
void gunzip_close(struct gunzip *g);
OWN_DEFINE(gunzip_close, struct gunzip *)

/* Decode some more bytes onto the end of out. */
enum err gunzip_feed(struct gunzip *g, const char *data, size_t len,
                     struct buf *out) WS_MUST_CHECK;

/* All bytes were fed: WS_INVALID when the stream is not at its end. */
enum err gunzip_end(const struct gunzip *g) WS_MUST_CHECK;

#endif
