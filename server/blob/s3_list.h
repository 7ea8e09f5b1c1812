/* s3_list.h - the names of a bucket, a page a call.
 *
 * Flow:    blob_s3.c -> [s3_list] -> s3.c
 * Errors:  as s3.h; WS_IO: an answer that can't be read
 * Process: any thread
 * Source:  the S3 API reference, ListObjectsV2
 */
#ifndef SERVER_BLOB_S3_LIST_H
#define SERVER_BLOB_S3_LIST_H

#include "server/blob/s3.h"

/* Meet each object of a folder with the time when it was last put, or, without
 * a folder, each folder with no time, until `each` returns 0. */
enum err s3_list_walk(struct s3 *s, const char *folder,
                      int (*each)(void *ctx, const char *name, int64_t put_ns),
                      void *ctx) WS_MUST_CHECK;

#endif
