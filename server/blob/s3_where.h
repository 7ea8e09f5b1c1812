/* s3_where.h - the address of a bucket, taken apart.
 *
 * Shapes:  //BUCKET?endpoint=http://HOST:PORT&region=NAME
 * Errors:  WS_INVALID  logged with what is wrong and how it is written
 */
#ifndef SERVER_BLOB_S3_WHERE_H
#define SERVER_BLOB_S3_WHERE_H

#include "core/err.h"

struct s3_where {
    char bucket[64];
    char endpoint[256]; /* without a slash at its end */
    char region[64];
};

enum err s3_where_parse(const char *where, struct s3_where *out) WS_MUST_CHECK;

#endif
