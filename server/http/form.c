/* form.c - the parts of a form, kept. */
#include "server/http/form.h"

#include "core/buf.h"
#include "core/io.h"
#include "core/sha256.h"
#include "server/http/multipart.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct form {
    struct multipart *parser;
    const char *spool_dir;
    struct exchange_part parts[MULTIPART_MAX_PARTS];
    size_t count;
    struct buf field; /* the bytes of the field being read */
    size_t field_bytes;
    struct sha256 *hash; /* of the file being read */
    bool disk_failed;
};

static struct exchange_part *current(struct form *f)
{
    return &f->parts[f->count - 1];
}

/* A file without a name: gone with its last descriptor, and linkat(2) can
 * give it one. */
static enum err open_spool(struct form *f, int *out)
{
    char path[512];
    int fd = open(f->spool_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0) { /* a file system without O_TMPFILE */
        snprintf(path, sizeof(path), "%s/form.XXXXXX", f->spool_dir);
        fd = mkostemp(path, O_CLOEXEC);
        if (fd < 0)
            return err_sys("form: make a file in %s", f->spool_dir);
        unlink(path);
    }
    *out = fd;
    return WS_OK;
}

static enum err on_begin(void *ctx, const struct multipart_part *part)
{
    struct form *f = ctx;
    struct exchange_part *p = &f->parts[f->count];
    enum err e;

    *p = (struct exchange_part){.fd = -1};
    memcpy(p->name, part->name, sizeof(p->name));
    memcpy(p->filename, part->filename, sizeof(p->filename));
    memcpy(p->content_type, part->content_type, sizeof(p->content_type));
    f->count++;
    if (!part->is_file)
        return WS_OK;
    sha256_close(TAKE(f->hash));
    e = sha256_open(&f->hash);
    if (e)
        return e;
    e = open_spool(f, &p->fd);
    f->disk_failed = e != WS_OK;
    return e;
}

static enum err on_data(void *ctx, const char *data, size_t len)
{
    struct form *f = ctx;
    struct exchange_part *p = current(f);
    enum err e;

    if (p->fd < 0) {
        if (f->field_bytes + len > FORM_MAX_FIELD_BYTES)
            return WS_FULL;
        f->field_bytes += len;
        buf_append(&f->field, data, len);
        return buf_check(&f->field);
    }
    if (p->len < sizeof(p->head)) {
        size_t room = sizeof(p->head) - p->len;

        memcpy(p->head + p->len, data, len < room ? len : room);
    }
    p->len += len;
    sha256_update(f->hash, data, len);
    e = io_write_all(p->fd, data, len);
    f->disk_failed = e != WS_OK;
    return e;
}

static enum err on_end(void *ctx)
{
    struct form *f = ctx;
    struct exchange_part *p = current(f);

    if (p->fd >= 0) {
        sha256_finish(f->hash, p->sha256);
        if (lseek(p->fd, 0, SEEK_SET) < 0)
            return err_sys("form: rewind a file");
        return WS_OK;
    }
    p->len = f->field.len;
    p->data = strndup(buf_text(&f->field), f->field.len);
    buf_clear(&f->field);
    return p->data ? WS_OK : WS_NOMEM;
}

static const struct multipart_ops form_ops = {
    .begin = on_begin, .data = on_data, .end = on_end};

enum err form_open(struct form **out, const char *content_type,
                   const char *spool_dir)
{
    OWN(form_close)
    struct form *f = calloc(1, sizeof(*f));
    enum err e;

    if (!f)
        return WS_NOMEM;
    f->spool_dir = spool_dir;
    e = multipart_open(&f->parser, content_type, &form_ops, f);
    if (e)
        return e;
    *out = TAKE(f);
    return WS_OK;
}

void form_close(struct form *f)
{
    size_t i;

    if (!f)
        return;
    for (i = 0; i < f->count; i++) {
        free((char *)f->parts[i].data);
        if (f->parts[i].fd >= 0)
            close(f->parts[i].fd);
    }
    multipart_close(f->parser);
    sha256_close(f->hash);
    buf_fini(&f->field);
    free(f);
}

enum err form_feed(struct form *f, const char *data, size_t len)
{
    return multipart_feed(f->parser, data, len);
}

enum err form_end(struct form *f)
{
    return multipart_end(f->parser);
}

struct exchange_part *form_part(struct form *f, const char *name)
{
    size_t i;

    for (i = f->count; i > 0; i--)
        if (strcmp(f->parts[i - 1].name, name) == 0)
            return &f->parts[i - 1];
    return NULL;
}

bool form_disk_failed(const struct form *f)
{
    return f->disk_failed;
}
