/* import_pictures.c - Django's files, as blobs.
 *
 * The path of a row is somebody's text: it is walked folder by folder from the
 * media folder, each opened without following a link, so it ends below that
 * folder or nowhere. The bytes are copied before they are judged: the file
 * behind a blob may not change any more.
 */
#include "server/import/import_private.h"

#include "core/clock.h"
#include "core/io.h"
#include "core/jsonw.h"
#include "core/sha256.h"
#include "server/ingest/image.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* --- a file below the media folder --- */

static enum err refuse(char reason[IMPORT_REASON_BYTES], enum err e,
                       const char *path, const char *what)
{
    snprintf(reason, IMPORT_REASON_BYTES, "image \"%.200s\" %s", path, what);
    return e;
}

/* The next part of a path, without its slashes; WS_NOTFOUND at the end. */
static enum err next_part(const char **at, char part[NAME_MAX + 1])
{
    size_t n;

    *at += strspn(*at, "/");
    n = strcspn(*at, "/");
    if (n == 0)
        return WS_NOTFOUND;
    if (n > NAME_MAX)
        return WS_INVALID;
    memcpy(part, *at, n);
    part[n] = '\0';
    *at += n;
    return strcmp(part, "..") == 0 ? WS_INVALID : WS_OK;
}

static enum err open_part(int folder, const char *part, const char *path,
                          int *fd, char reason[IMPORT_REASON_BYTES])
{
    *fd = openat(folder, part, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (*fd >= 0)
        return WS_OK;
    if (errno == ENOENT || errno == ENOTDIR)
        return refuse(reason, WS_NOTFOUND, path, "is not there");
    if (errno == ELOOP)
        return refuse(reason, WS_INVALID, path,
                      "leads over a symbolic link: those are not followed");
    return refuse(reason, WS_INVALID, path, strerror(errno));
}

enum err import_pictures_open(int media_fd, const char *path, int *fd,
                              char reason[IMPORT_REASON_BYTES])
{
    OWN_FD int at_fd = dup(media_fd);
    char part[NAME_MAX + 1];
    const char *at = path;
    struct stat st;
    enum err e;

    if (at_fd < 0)
        return err_sys("import: dup");
    if (path[0] == '/')
        return refuse(reason, WS_INVALID, path,
                      "is no path below the media folder");
    while (!(e = next_part(&at, part))) {
        int next;

        e = open_part(at_fd, part, path, &next, reason);
        if (e)
            return e;
        close(at_fd);
        at_fd = next;
    }
    if (e == WS_INVALID)
        return refuse(reason, e, path, "is no path below the media folder");
    if (fstat(at_fd, &st) < 0 || !S_ISREG(st.st_mode))
        return refuse(reason, WS_INVALID, path, "is no file");
    *fd = TAKE_FD(at_fd);
    return WS_OK;
}

/* --- its bytes --- */

struct picture {
    int fd; /* of the copy, or of the file itself */
    int64_t len;
    uint8_t sha256[SHA256_BYTES];
    struct image header;
};

/* Hash what there is, and copy it when `to` is a file. */
static enum err read_bytes(struct picture *p, int from, int to,
                           const char *path, char reason[IMPORT_REASON_BYTES])
{
    OWN(sha256_close)
    struct sha256 *h = NULL;
    char part[65536];
    ssize_t n = 0;
    enum err e = sha256_open(&h);

    p->len = 0;
    while (!e && (n = read(from, part, sizeof part)) > 0) {
        sha256_update(h, part, (size_t)n);
        p->len += n;
        if (to >= 0)
            e = io_write_all(to, part, (size_t)n);
    }
    if (n < 0)
        return refuse(reason, WS_INVALID, path, strerror(errno));
    if (e)
        return e;
    sha256_finish(h, p->sha256);
    return WS_OK;
}

static enum err judge(const struct import *im, struct picture *p,
                      const char *path, char reason[IMPORT_REASON_BYTES])
{
    enum err e;

    if (p->len > im->o->max_image_bytes) {
        snprintf(reason, IMPORT_REASON_BYTES,
                 "image \"%.200s\" has %" PRId64 " bytes, at most %" PRId64
                 ": raise --max-image",
                 path, p->len, im->o->max_image_bytes);
        return WS_INVALID;
    }
    e = image_read(&(struct bytes){.fd = p->fd, .len = p->len}, &p->header);
    if (e == WS_INVALID || e == WS_FULL)
        return refuse(reason, WS_INVALID, path,
                      e == WS_FULL ? "is larger than 16384 pixels a side or "
                                     "64 megapixels"
                                   : "is no PNG, JPEG or WebP");
    return e;
}

/* --- the row --- */

static void write_payload(struct import_item *it, const char *path,
                          const struct picture *p)
{
    char hex[SHA256_HEX_BYTES];
    struct jsonw w;

    sha256_hex(p->sha256, SHA256_BYTES, hex);
    buf_clear(&it->payload);
    jsonw_init(&w, &it->payload);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "captured_at",
               json_text(json_get(it->doc, "captured_at"), ""));
    jsonw_text(&w, "image_sha256", hex);
    jsonw_int(&w, "bytes", p->len);
    jsonw_text(&w, "image", path);
    jsonw_object_end(&w);
}

static void fill(struct import_item *it, const struct picture *p)
{
    uint8_t key[SHA256_BYTES];
    uint64_t number;

    sha256_hash(it->key, strlen(it->key), key);
    memcpy(&number, key, sizeof number);
    blob_name(it->fact.session_id, number | UINT64_C(1) << 63, p->sha256, 0,
              it->blob);
    it->fact.screenshot = (struct fact_screenshot){
        .blob = it->blob,
        .bytes = p->len,
        .width_px = p->header.width_px,
        .height_px = p->header.height_px,
        .format = p->header.format,
        .tier = -1,
        .masks = -1,
    };
    memcpy(it->fact.screenshot.sha256, p->sha256, SHA256_BYTES);
    facts_payload(&it->fact, it->payload.data, it->payload.len);
}

/* Its row is there, so its blob is. */
static enum err is_there(struct import *im, const struct import_item *it,
                         bool *there)
{
    struct fact_found found = {.payload = BUF_EMPTY};
    enum err e = WS_NOTFOUND;

    if (im->o->store)
        e = store_facts_find(im->o->store, WIRE_ITEM_SCREENSHOT,
                             it->fact.session_id, it->key, &found);
    buf_fini(&found.payload);
    *there = e == WS_OK;
    return e == WS_NOTFOUND ? WS_OK : e;
}

enum err import_pictures_fill(struct import *im, struct import_item *it,
                              char reason[IMPORT_REASON_BYTES])
{
    const char *taken = json_text(json_get(it->doc, "captured_at"), "");
    const char *path = json_text(json_get(it->doc, "image"), "");
    OWN_FD int file = -1, copy = -1;
    struct picture p;
    bool there;
    enum err e;

    if (clock_parse_iso(taken, strlen(taken), &it->fact.at_ns)) {
        snprintf(reason, IMPORT_REASON_BYTES, "captured_at is no time");
        return WS_INVALID;
    }
    e = import_pictures_open(im->media_fd, path, &file, reason);
    if (!e)
        e = is_there(im, it, &there);
    if (e)
        return e;
    if (im->o->blob && !there) {
        copy = open(im->o->spool, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (copy < 0)
            return err_sys("import: a file in %s", im->o->spool);
    }
    p.fd = copy < 0 ? file : copy;
    e = read_bytes(&p, file, copy, path, reason);
    if (!e)
        e = judge(im, &p, path, reason);
    if (e)
        return e;
    write_payload(it, path, &p);
    e = buf_check(&it->payload);
    if (e)
        return e;
    fill(it, &p);
    return copy < 0 ? WS_OK
                    : blob_put(im->o->blob, it->blob,
                               &(struct bytes){.fd = copy, .len = p.len});
}
