/* Pictures of a session: the list, and one of them. Each view of a picture is
 * in the access log before its first byte leaves. */
#include "core/sha256.h"
#include "server/blob/blob.h"
#include "server/commit/committer.h"
#include "server/http/readers.h"
#include "server/server.h"
#include "server/store/store_audit.h"
#include "server/views/page.h"
#include "server/views/range.h"
#include "server/views/views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *mime(enum fact_format format)
{
    static const char *const words[] = {[FACT_PNG] = "image/png",
                                        [FACT_JPEG] = "image/jpeg",
                                        [FACT_WEBP] = "image/webp"};

    return words[format];
}

struct list {
    struct page page;
    struct jsonw w;
};

static void int_or_null(struct jsonw *w, const char *key, int64_t v,
                        int64_t none)
{
    if (v == none)
        jsonw_null(w, key);
    else
        jsonw_int(w, key, v);
}

static int list_one(void *ctx, const struct store_screenshot_view *row)
{
    struct list *l = ctx;
    char sha256[SHA256_HEX_BYTES], tier[8];

    if (!page_takes(&l->page))
        return 0;
    sha256_hex(row->sha256, SHA256_BYTES, sha256);
    snprintf(tier, sizeof(tier), "L%d", (int)row->tier % 10);
    jsonw_object(&l->w, NULL);
    jsonw_int(&l->w, "id", row->id);
    jsonw_int(&l->w, "session_id", row->session_id);
    int_or_null(&l->w, "seq", row->seq, 0);
    jsonw_time(&l->w, "captured_at", row->at_ns);
    jsonw_time(&l->w, "received_at", row->received_ns);
    jsonw_text(&l->w, "mime", mime(row->format));
    jsonw_int(&l->w, "bytes", row->bytes);
    jsonw_int(&l->w, "width", row->width_px);
    jsonw_int(&l->w, "height", row->height_px);
    jsonw_text(&l->w, "output", row->output);
    jsonw_text(&l->w, "tier", row->tier < 0 ? NULL : tier);
    int_or_null(&l->w, "masks", row->masks, -1);
    int_or_null(&l->w, "metric_id", row->metric_id, 0);
    jsonw_text(&l->w, "sha256", sha256);
    jsonw_bool(&l->w, "has_thumbnail", row->thumbnail != NULL);
    jsonw_object_end(&l->w);
    page_wrote(&l->page, row->at_ns, row->id);
    return 1;
}

void views_screenshots(struct exchange *x)
{
    static const char *const known[] = {"from", "to", "limit", "cursor", NULL};
    struct store_scope scope = page_scope(x);
    struct store *s = readers_context();
    struct list l;
    struct store_range range;
    struct buf b = BUF_EMPTY;
    enum err e;

    page_begin(&l.page, x, known);
    page_read_range(&l.page);
    page_read_list(&l.page, PAGE_SCREENSHOTS);
    if (page_refused(&l.page))
        return;
    e = store_views_may_see(s, &scope, exchange_path_id(x));
    range = page_range(&l.page, exchange_path_id(x));
    page_begin_items(&l.w, &b);
    if (!e)
        e = store_views_screenshots(s, &range, list_one, &l);
    page_end_items(&l.page, e, &l.w, &b);
}

/* --- one picture --- */

struct picture {
    struct exchange *x;
    int64_t id, session_id, now_ns;
    enum fact_format format;
    char blob[BLOB_NAME_BYTES], thumbnail[BLOB_NAME_BYTES];
    bool small; /* the thumbnail was asked for */
};

static int find_picture(void *ctx, const struct store_screenshot_view *row)
{
    struct picture *p = ctx;

    p->session_id = row->session_id;
    p->format = row->format;
    snprintf(p->blob, sizeof(p->blob), "%s", row->blob);
    snprintf(p->thumbnail, sizeof(p->thumbnail), "%s",
             row->thumbnail ? row->thumbnail : "");
    return 0;
}

static enum err write_audit(struct store *writer, void *arg)
{
    const struct picture *p = arg;
    const struct principal *who = exchange_principal(p->x);
    char object[40], detail[60];
    struct store_audit row = {
        .at_ns = p->now_ns,
        .actor = who->name,
        .account_id = who->user_id,
        .action = "screenshot.view",
        .object = object,
        .detail = detail,
        .address = exchange_peer(p->x),
        .request = exchange_id(p->x),
    };

    snprintf(object, sizeof(object), "screenshot:%lld", (long long)p->id);
    snprintf(detail, sizeof(detail), "session:%lld%s", (long long)p->session_id,
             p->small ? " thumbnail" : "");
    return store_audit_append(writer, &row);
}

/* The type of a thumbnail is told by its own first bytes: it need not be of
 * the picture's format. */
static const char *mime_of(int fd, enum fact_format format)
{
    uint8_t head[12] = {0};

    if (pread(fd, head, sizeof(head), 0) < 12)
        return mime(format);
    if (memcmp(head, "\x89PNG", 4) == 0)
        return mime(FACT_PNG);
    if (memcmp(head, "\xff\xd8\xff", 3) == 0)
        return mime(FACT_JPEG);
    if (memcmp(head, "RIFF", 4) == 0 && memcmp(head + 8, "WEBP", 4) == 0)
        return mime(FACT_WEBP);
    return mime(format);
}

static enum err open_picture(struct server *server, const struct picture *p,
                             int *fd, int64_t *len)
{
    if (p->small && *p->thumbnail &&
        blob_get(server->blob, p->thumbnail, fd, len) == WS_OK)
        return WS_OK;
    return blob_get(server->blob, p->blob, fd, len);
}

/* Answer with the part asked for, or all of it; the descriptor is taken. */
static void send_part(struct exchange *x, const char *type, int fd, int64_t len)
{
    OWN_FD int file = fd;
    struct range r;
    char text[80];

    switch (range_read(exchange_header(x, "Range"), len, &r)) {
    case RANGE_WHOLE:
        exchange_reply_file(x, 200, type, TAKE_FD(file), len);
        return;
    case RANGE_BEYOND:
        snprintf(text, sizeof(text), "bytes */%lld", (long long)len);
        exchange_add_header(x, "Content-Range", text);
        exchange_problem(x, 416, "range", "the picture has %lld bytes",
                         (long long)len);
        return;
    case RANGE_PART:
        break;
    }
    if (lseek(file, r.first, SEEK_SET) < 0) {
        exchange_busy(x, 1);
        return;
    }
    snprintf(text, sizeof(text), "bytes %lld-%lld/%lld", (long long)r.first,
             (long long)r.last, (long long)len);
    exchange_add_header(x, "Content-Range", text);
    exchange_reply_file(x, 206, type, TAKE_FD(file), r.last - r.first + 1);
}

static void send_picture(struct exchange *x, const struct picture *p, int fd,
                         int64_t len)
{
    const char *type = mime_of(fd, p->format);
    char name[80];

    snprintf(name, sizeof(name), "inline; filename=\"screenshot-%lld.%s\"",
             (long long)p->id, strchr(type, '/') + 1);
    exchange_add_header(x, "Cache-Control", "private, no-store");
    exchange_add_header(x, "Content-Disposition", name);
    exchange_add_header(x, "Accept-Ranges", "bytes");
    send_part(x, type, fd, len);
}

/* Read it, write down who looks at it, show it. */
static void show_picture(struct picture *p)
{
    struct server *server = exchange_server(p->x);
    OWN_FD int fd = -1;
    int64_t len = 0;
    enum err e = open_picture(server, p, &fd, &len);

    if (!e)
        e = committer_call_wait(server->committer, write_audit, p);
    if (e)
        page_fail(p->x, e);
    else
        send_picture(p->x, p, TAKE_FD(fd), len);
}

static void show_job(void *arg)
{
    OWN_FREE struct picture *p = arg;

    if (exchange_gone(p->x))
        exchange_busy(p->x, 1);
    else
        show_picture(p);
}

/* With pictures in a service the readers do not wait for it. */
static void show_later(const struct picture *p)
{
    OWN_FREE struct picture *copy = malloc(sizeof(*copy));
    struct exchange *x = p->x;

    if (copy) {
        *copy = *p;
        exchange_hold(x);
        if (!readers_run(exchange_server(x)->blob_threads, show_job, copy)) {
            (void)TAKE(copy);
            return;
        }
    }
    exchange_busy(x, 1);
}

void views_image(struct exchange *x)
{
    static const char *const known[] = {"size", NULL};
    struct server *server = exchange_server(x);
    struct store *s = readers_context();
    struct store_scope scope = page_scope(x);
    const char *size = exchange_query(x, "size");
    struct picture p = {
        .x = x, .id = exchange_path_id(x), .now_ns = env_wall_ns(server->env)};
    struct page page;
    enum err e;

    page_begin(&page, x, known);
    if (size && strcmp(size, "full") != 0 && strcmp(size, "thumbnail") != 0)
        page_problem(&page, "size", "is \"%.40s\"; use full or thumbnail",
                     size);
    if (page_refused(&page))
        return;
    p.small = size && strcmp(size, "thumbnail") == 0;
    e = store_views_screenshot(s, p.id, find_picture, &p);
    if (!e)
        e = store_views_may_see(s, &scope, p.session_id);
    if (e)
        page_fail(x, e);
    else if (server->blob_threads)
        show_later(&p);
    else
        show_picture(&p);
}
