/* blob.h - where pictures lie: bytes under a name, whole or not there.
 *
 * Flow:    ingest (reader threads) -> [blob] -> views
 * Shapes:  names are [0-9a-f/] only, as blob_name() makes them; blob durable,
 *          then the row; to delete: the row marked, the blob, the row
 * Units:   sizes in bytes; times are the wall clock's, ns
 * Errors:  WS_FULL      no room: answer 507
 *          WS_NOTFOUND  no such blob      WS_INVALID  not such a name
 *          WS_IO        the disk or the peer said no: answer 503
 * Owns:    blob_open() hands over a handle; blob_close() ends it
 * Process: all functions may block; safe for threads
 * Source:  design.md section 2, "Pictures are blobs"
 */
#ifndef SERVER_BLOB_BLOB_H
#define SERVER_BLOB_BLOB_H

#include "core/bytes.h"
#include "core/err.h"
#include "core/own.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOB_NAME_BYTES 64

struct blob;

struct blob_options {
    const char *address;      /* "file:DIR", "s3://BUCKET?..." */
    const char *spool_dir;    /* for what is read from afar */
    const char *key, *secret; /* of a service; NULL: none */
    int64_t timeout_ms;       /* of one call to it */
};

/* One kind of place; all functions may block. Every member is required but
 * check, without which every address will do, and the last two: a place that
 * cannot list its blobs has neither, and one that can't tell a blob from the
 * same one put again has no drop_old. */
struct blob_ops {
    const char *name; /* as written in an address, before the colon */
    bool remote;      /* another machine answers: slow, or not at all */
    enum err (*check)(const char *where); /* WS_INVALID was logged */
    enum err (*open)(struct blob **out, const char *where,
                     const struct blob_options *options);
    void (*close)(struct blob *b);
    enum err (*put)(struct blob *b, const char *name,
                    const struct bytes *bytes);
    enum err (*get)(struct blob *b, const char *name, int *fd, int64_t *len);
    enum err (*drop)(struct blob *b, const char *name);
    enum err (*drop_old)(struct blob *b, const char *name, int64_t before_ns);
    enum err (*walk)(struct blob *b, const char *folder,
                     int (*each)(void *ctx, const char *name, int64_t put_ns),
                     void *ctx);
};

/* Every backend's handle begins with this. */
struct blob {
    const struct blob_ops *ops;
};

/* Open the place that an address names. */
enum err blob_open(struct blob **out,
                   const struct blob_options *options) WS_MUST_CHECK;
void blob_close(struct blob *b);
OWN_DEFINE(blob_close, struct blob *)

/* Is this the address of a place? WS_INVALID, logged with how it is written. */
enum err blob_check(const char *address) WS_MUST_CHECK;

/* True when another machine answers: its calls belong in threads of their own.
 */
bool blob_is_remote(const struct blob *b);

/* The address that the setting `blobs` means with a data folder: "files" is
 * file:DATA/blobs. To be freed; NULL without memory. */
char *blob_address(const char *setting, const char *data_dir);

/* The name of an item's picture: session, seq (or the first half of its key's
 * hash), and the start of the picture's own hash, so that other bytes under the
 * same seq never overwrite the first ones. part 0: image, 1: thumbnail. */
void blob_name(int64_t session_id, uint64_t seq_or_key,
               const uint8_t sha256[32], int part, char out[BLOB_NAME_BYTES]);

/* Keep bytes (as exchange_part gives them) under a name. When this returns
 * WS_OK they survive a power cut; the same name again means the same bytes, and
 * is fine. */
enum err blob_put(struct blob *b, const char *name,
                  const struct bytes *bytes) WS_MUST_CHECK;

/* Open a blob for reading at offset 0. */
enum err blob_get(struct blob *b, const char *name, int *fd,
                  int64_t *len) WS_MUST_CHECK;

/* Remove a blob; one that is not there is fine. */
enum err blob_drop(struct blob *b, const char *name) WS_MUST_CHECK;

/* Remove a blob unless it was put, for the first time or again, at or after a
 * time: WS_AGAIN. A put of the same name at the same moment is never lost. */
enum err blob_drop_old(struct blob *b, const char *name,
                       int64_t before_ns) WS_MUST_CHECK;

/* Meet every session that has a folder, or every blob of one of them with the
 * time when it was last put, in no order, until `each` returns 0. A place that
 * cannot list its blobs shows none. */
enum err blob_walk_sessions(struct blob *b,
                            int (*each)(void *ctx, int64_t session_id),
                            void *ctx) WS_MUST_CHECK;
enum err blob_walk(struct blob *b, int64_t session_id,
                   int (*each)(void *ctx, const char *name, int64_t put_ns),
                   void *ctx) WS_MUST_CHECK;

#endif
