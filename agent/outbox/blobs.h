/* blobs.h - pictures on disk that the outbox refers to.
 *
 * Flow:    ai -> outbox -> [blobs] -> outbox -> upload
 * Shapes:  one file a picture, <dir>/<sha256 hex>, mode 0600
 * Units:   sizes in bytes
 * Errors:  WS_FULL     the disk is full
 *          WS_INVALID  the bytes are not what their hash says
 *          WS_CORRUPT  a stored file is not what its name says
 *          WS_NOTFOUND no such picture
 *          WS_IO       the disk said no: retry with backoff
 * Owns:    blobs_open() hands the caller a handle; blobs_close() ends it
 * Process: the outbox role alone
 * Source:  rename(2), fsync(2); A-03 of faults.md
 */
#ifndef AGENT_OUTBOX_BLOBS_H
#define AGENT_OUTBOX_BLOBS_H

#include "core/err.h"
#include "core/own.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOBS_MAX_BYTES ((size_t)16 << 20) /* of one picture */

struct blobs;

/* Open the folder, making it when it is not there. */
enum err blobs_open(struct blobs **out, const char *dir) WS_MUST_CHECK;
void blobs_close(struct blobs *b);
OWN_DEFINE(blobs_close, struct blobs *)

/* Store len bytes of a descriptor under their hash. When this returns WS_OK
 * the file survives a power cut; one that is there already stays. */
enum err blobs_put(struct blobs *b, int from_fd, size_t len,
                   const char *sha256) WS_MUST_CHECK;

/* Open a picture for reading, after checking its bytes against its name. */
enum err blobs_get(struct blobs *b, const char *sha256, int *fd,
                   size_t *len) WS_MUST_CHECK;

/* Forget a picture; one that is not there is fine. */
void blobs_remove(struct blobs *b, const char *sha256);

/* Remove every file older than grace_s that `used` does not know (what a
 * crash between rename and row left behind); returns how many. */
size_t blobs_collect(struct blobs *b, int64_t grace_s,
                     bool (*used)(void *ctx, const char *sha256), void *ctx);

#endif
