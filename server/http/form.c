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
    struct rooms *rooms; /* NULL: files are not held */
    size_t to_come;      /* bytes of the body */
    struct room room;    /* the files, one behind the other */
    size_t room_used;
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

/* The file at hand lies on the disk from here on; what came of it is moved. */
static enum err spool(struct form *f, struct exchange_part *p)
{
    enum err e = open_spool(f, &p->file.fd);

    if (!e && p->len)
        e = io_write_all(p->file.fd, p->file.data, p->len);
    p->file.data = NULL;
    f->disk_failed = e != WS_OK;
    return e;
}

/* The file at hand begins in memory, if it may be held. */
static bool hold(struct form *f, struct exchange_part *p)
{
    size_t at = bytes_align(f->room_used);

    if (!f->rooms ||
        (!f->room.at && rooms_take(f->rooms, f->to_come, &f->room)) ||
        at >= f->room.bytes)
        return false;
    f->room_used = at;
    p->file.data = f->room.at + at;
    return true;
}

static enum err on_begin(void *ctx, const struct multipart_part *part)
{
    struct form *f = ctx;
    struct exchange_part *p = &f->parts[f->count];
    enum err e;

    *p = (struct exchange_part){.file.fd = -1};
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
    return hold(f, p) ? WS_OK : spool(f, p);
}

static enum err add_to_field(struct form *f, const char *data, size_t len)
{
    if (f->field_bytes + len > FORM_MAX_FIELD_BYTES)
        return WS_FULL;
    f->field_bytes += len;
    buf_append(&f->field, data, len);
    return buf_check(&f->field);
}

static enum err add_to_file(struct form *f, struct exchange_part *p,
                            const char *data, size_t len)
{
    enum err e = WS_OK;

    sha256_update(f->hash, data, len);
    if (p->file.data && len > f->room.bytes - f->room_used)
        e = spool(f, p);
    p->len += len;
    if (e)
        return e;
    if (p->file.data) {
        memcpy(f->room.at + f->room_used, data, len);
        f->room_used += len;
        return WS_OK;
    }
    e = io_write_all(p->file.fd, data, len);
    f->disk_failed = e != WS_OK;
    return e;
}

static bool is_file(const struct exchange_part *p)
{
    return p->file.data || p->file.fd >= 0;
}

static enum err on_data(void *ctx, const char *data, size_t len)
{
    struct form *f = ctx;
    struct exchange_part *p = current(f);

    return is_file(p) ? add_to_file(f, p, data, len)
                      : add_to_field(f, data, len);
}

static enum err on_end(void *ctx)
{
    struct form *f = ctx;
    struct exchange_part *p = current(f);

    p->file.len = (int64_t)p->len;
    if (is_file(p)) {
        sha256_finish(f->hash, p->sha256);
        if (p->file.fd >= 0 && lseek(p->file.fd, 0, SEEK_SET) < 0)
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
        if (f->parts[i].file.fd >= 0)
            close(f->parts[i].file.fd);
    }
    multipart_close(f->parser);
    sha256_close(f->hash);
    buf_fini(&f->field);
    rooms_give(f->rooms, f->room);
    free(f);
}

void form_hold(struct form *f, struct rooms *rooms, size_t len)
{
    f->rooms = rooms;
    f->to_come = len;
}

size_t form_held(const struct form *f)
{
    return f->room.bytes;
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
