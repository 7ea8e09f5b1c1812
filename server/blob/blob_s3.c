/* blob_s3.c - pictures as objects of an S3 bucket.
 *
 * A PUT is whole or not there: the service counts Content-Length and checks
 * the body's hash. What is read goes to a file without a name first, so a
 * service that stalls or breaks off in the middle is an error here and never a
 * half picture at a client.
 */
#include "server/blob/blob.h"

#include "server/blob/s3.h"
#include "server/blob/s3_list.h"
#include "server/blob/s3_where.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct blob_s3 {
    struct blob base;
    struct s3 *s3;
    char *spool; /* folder of the files without a name */
};

extern const struct blob_ops blob_s3;

static struct blob_s3 *self(struct blob *b)
{
    return (struct blob_s3 *)b;
}

static void s3_end(struct blob *b)
{
    if (!b)
        return;
    s3_close(self(b)->s3);
    free(self(b)->spool);
    free(b);
}

static enum err s3_begin(struct blob **out, const char *where,
                         const struct blob_options *options)
{
    OWN_FREE struct blob_s3 *b = calloc(1, sizeof *b);
    enum err e;

    if (!b)
        return WS_NOMEM;
    b->base.ops = &blob_s3;
    b->spool = strdup(options->spool_dir ? options->spool_dir : "/tmp");
    if (!b->spool)
        return WS_NOMEM;
    e = s3_open(&b->s3, where, options);
    if (e)
        free(b->spool);
    else
        *out = &TAKE(b)->base;
    return e;
}

static enum err call(struct blob *b, struct s3_call *c)
{
    enum err e = s3_call(self(b)->s3, c);

    buf_fini(&c->text);
    return e;
}

static enum err s3_put(struct blob *b, const char *name,
                       const struct bytes *bytes)
{
    struct s3_call c = {
        .method = "PUT", .name = name, .in = *bytes, .out_fd = -1};
    enum err e = call(b, &c);

    return e == WS_NOTFOUND ? WS_IO : e; /* there is nothing to be found */
}

static enum err s3_get(struct blob *b, const char *name, int *fd, int64_t *len)
{
    OWN_FD int file =
        open(self(b)->spool, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    struct s3_call c = {.method = "GET", .name = name, .out_fd = file};
    enum err e;

    if (file < 0)
        return err_sys("blob: make a file in %s", self(b)->spool);
    e = call(b, &c);
    if (e)
        return e;
    if (lseek(file, 0, SEEK_SET) < 0)
        return err_sys("blob: rewind %s", name);
    *len = c.received;
    *fd = TAKE_FD(file);
    return WS_OK;
}

static enum err s3_drop(struct blob *b, const char *name)
{
    struct s3_call c = {.method = "DELETE", .name = name, .out_fd = -1};
    enum err e = call(b, &c);

    return e == WS_NOTFOUND ? WS_OK : e;
}

static enum err
s3_walk(struct blob *b, const char *folder,
        int (*each)(void *ctx, const char *name, int64_t put_ns), void *ctx)
{
    return s3_list_walk(self(b)->s3, folder, each, ctx);
}

static enum err s3_check(const char *where)
{
    struct s3_where ignored;

    return s3_where_parse(where, &ignored);
}

const struct blob_ops blob_s3 = {
    .name = "s3",
    .remote = true,
    .check = s3_check,
    .open = s3_begin,
    .close = s3_end,
    .put = s3_put,
    .get = s3_get,
    .drop = s3_drop,
    .walk = s3_walk,
};
