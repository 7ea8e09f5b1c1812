/* static.c - handlers for the pages. */
#include "server/http/static.h"

#include "core/io.h"
#include "server/http/assets.h"
#include "server/http/head.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATIC_FOREVER "public, max-age=31536000, immutable"

static const char *folder; /* NULL: the table of assets.h */

static const struct {
    const char *ending, *mime;
} mimes[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".png", "image/png"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
};

void static_use_folder(const char *dir)
{
    folder = dir && *dir ? dir : NULL;
}

static void not_found(struct exchange *x)
{
    exchange_problem(x, 404, "not-found", "there is nothing at %.200s",
                     exchange_path(x));
}

/* --- from the program --- */

static const struct assets_file *find_asset(const char *path)
{
    size_t low = 0, high = assets_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(path, assets_table[middle].path);

        if (order == 0)
            return &assets_table[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* "br;q=0" does not count as taken. */
static bool takes(const char *accepted, const char *coding)
{
    const char *at = accepted;
    size_t len = strlen(coding);

    while ((at = strcasestr(at, coding))) {
        const char *after = at + len;
        bool begins = at == accepted || strchr(", \t", at[-1]);
        const char *q;

        after += strspn(after, " \t");
        if (begins && (*after == ',' || *after == '\0'))
            return true;
        q = *after == ';' ? after + 1 + strspn(after + 1, " \t") : NULL;
        if (begins && q && strncasecmp(q, "q=", 2) == 0)
            return strtod(q + 2, NULL) > 0;
        at += len;
    }
    return false;
}

static const struct assets_bytes *pick_form(struct exchange *x,
                                            const struct assets_file *f)
{
    const char *accepted = exchange_header(x, "accept-encoding");

    if (accepted && f->br.data && takes(accepted, "br")) {
        exchange_add_header(x, "Content-Encoding", "br");
        return &f->br;
    }
    if (accepted && f->gz.data && takes(accepted, "gzip")) {
        exchange_add_header(x, "Content-Encoding", "gzip");
        return &f->gz;
    }
    return &f->identity;
}

static bool is_known_to_client(struct exchange *x, const char *etag)
{
    const char *known = exchange_header(x, "if-none-match");

    return known && (strcmp(known, "*") == 0 || strstr(known, etag));
}

static void reply_asset(struct exchange *x, const struct assets_file *f)
{
    const struct assets_bytes *bytes;

    exchange_add_header(x, "ETag", f->etag);
    exchange_add_header(x, "Vary", "Accept-Encoding");
    exchange_add_header(x, "Cache-Control",
                        f->immutable ? STATIC_FOREVER : "no-cache");
    if (is_known_to_client(x, f->etag)) {
        exchange_reply(x, 304, NULL, NULL);
        return;
    }
    bytes = pick_form(x, f);
    exchange_reply_static(x, 200, f->mime, bytes->data, bytes->len);
}

/* --- from a folder --- */

static const char *mime_of(const char *path)
{
    size_t len = strlen(path), i;

    for (i = 0; i < sizeof(mimes) / sizeof(mimes[0]); i++) {
        size_t n = strlen(mimes[i].ending);

        if (len > n && strcmp(path + len - n, mimes[i].ending) == 0)
            return mimes[i].mime;
    }
    return "application/octet-stream";
}

static void reply_file(struct exchange *x, const char *path)
{
    OWN_FREE char *full = io_path(folder, path + 1);
    OWN_FD int fd = -1;
    struct stat st;

    if (!full || strstr(path, "/.")) {
        not_found(x);
        return;
    }
    fd = open(full, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        not_found(x);
        return;
    }
    exchange_add_header(x, "Cache-Control", "no-cache");
    exchange_reply_file(x, 200, mime_of(path), TAKE_FD(fd), st.st_size);
}

/* --- the handlers --- */

static void reply_path(struct exchange *x, const char *path)
{
    const struct assets_file *f;

    if (folder) {
        reply_file(x, path);
        return;
    }
    f = find_asset(path);
    if (f)
        reply_asset(x, f);
    else
        not_found(x);
}

void static_page(struct exchange *x)
{
    reply_path(x, ASSETS_PAGE);
}

void static_subpage(struct exchange *x)
{
    if (head_lists(exchange_header(x, "accept"), "text/html"))
        reply_path(x, ASSETS_PAGE);
    else
        not_found(x);
}

void static_asset(struct exchange *x)
{
    reply_path(x, exchange_path(x));
}

void static_root(struct exchange *x)
{
    exchange_add_header(x, "Location", "/dashboard/");
    exchange_add_header(x, "Cache-Control", "no-cache");
    exchange_reply(x, 308, NULL, NULL);
}
