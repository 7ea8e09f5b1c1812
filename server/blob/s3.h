/* s3.h - one signed call to an S3 service; the only file that knows how the
 * requests are made is s3.c.
 *
 * Flow:    blob_s3.c -> [s3] -> libcurl -> the service
 * Shapes:  PATH-style addresses: ENDPOINT/BUCKET/NAME; SigV4 by libcurl over
 *          the body's SHA-256, which the service checks
 * Units:   sizes in bytes, times in ms
 * Errors:  WS_NOTFOUND no such object     WS_FULL  the service is out of room
 *          WS_IO       everything else, logged here in the service's words
 *          WS_INVALID  an address that cannot be used, logged here
 * Owns:    s3_open() hands over a handle; s3_close() ends it
 * Process: any thread; a call takes one of the connections kept, or a new one
 * Source:  CURLOPT_AWS_SIGV4(3); the S3 API reference, PutObject, GetObject,
 *          DeleteObject, ListObjectsV2
 */
#ifndef SERVER_BLOB_S3_H
#define SERVER_BLOB_S3_H

#include "core/buf.h"
#include "core/bytes.h"
#include "core/own.h"
#include "server/blob/blob.h"

#include <stdint.h>

struct s3;

/* The bucket of "//BUCKET?endpoint=URL&region=NAME". Nothing is sent yet. */
enum err s3_open(struct s3 **out, const char *where,
                 const struct blob_options *options) WS_MUST_CHECK;
void s3_close(struct s3 *s);
OWN_DEFINE(s3_close, struct s3 *)

struct s3_call {
    const char *method; /* "GET", "PUT" or "DELETE" */
    const char *name;   /* of the object; "" for the bucket */
    const char *query;  /* sorted and encoded, or NULL */
    struct bytes in;    /* PUT: the body */
    int out_fd;         /* GET: where a good answer's body goes; -1: text */
    int64_t received;   /* bytes of the answer's body */
    struct buf text; /* the body when it does not go to out_fd; the caller's */
};

/* Make the call and wait for its answer. */
enum err s3_call(struct s3 *s, struct s3_call *c) WS_MUST_CHECK;

#endif
