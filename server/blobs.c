#include "server/blobs.h"

#include "core/io.h"
#include "core/own.h"
#include "server/blob/blob.h"
#include "server/server.h"

enum err blobs_open(const struct settings *s, struct blob **out)
{
    OWN_FREE char *address = blob_address(s->blobs, s->data);
    OWN_FREE char *spool = io_path(s->data, "tmp");
    struct blob_options options = {.address = address,
                                   .spool_dir = spool,
                                   .key = s->s3_key,
                                   .secret = s->s3_secret,
                                   .timeout_ms = s->s3_timeout_ms};
    enum err e = address && spool ? io_make_dirs(spool) : WS_NOMEM;

    return e ? e : blob_open(out, &options);
}
