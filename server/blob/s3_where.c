#include "server/blob/s3_where.h"

#include "core/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define S3_WHERE_REGION "us-east-1"

static enum err refuse(const char *where, const char *what)
{
    log_error("s3_address",
              "blobs \"s3:%.80s\": %s; write "
              "s3://BUCKET?endpoint=https://HOST:PORT&region=NAME",
              where, what);
    return WS_INVALID;
}

/* Copy n characters, all of them among `allowed`. */
static bool take(const char *from, size_t n, const char *allowed, char *out,
                 size_t out_bytes)
{
    if (n == 0 || n >= out_bytes || strspn(from, allowed) < n)
        return false;
    memcpy(out, from, n);
    out[n] = '\0';
    return true;
}

#define LOWER "abcdefghijklmnopqrstuvwxyz0123456789-"
#define HOST LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ.:/[]_"

static enum err set(struct s3_where *w, const char *where, const char *at,
                    size_t n)
{
    if (n > 9 && memcmp(at, "endpoint=", 9) == 0) {
        if (!take(at + 9, n - 9, HOST, w->endpoint, sizeof w->endpoint) ||
            (strncmp(w->endpoint, "http://", 7) != 0 &&
             strncmp(w->endpoint, "https://", 8) != 0))
            return refuse(where, "endpoint is not http://HOST or https://HOST");
        while (w->endpoint[strlen(w->endpoint) - 1] == '/')
            w->endpoint[strlen(w->endpoint) - 1] = '\0';
        return WS_OK;
    }
    if (n > 7 && memcmp(at, "region=", 7) == 0)
        return take(at + 7, n - 7, LOWER, w->region, sizeof w->region)
                   ? WS_OK
                   : refuse(where, "region is not a name like eu-central-1");
    return refuse(where, "only endpoint= and region= may follow the bucket");
}

enum err s3_where_parse(const char *where, struct s3_where *out)
{
    struct s3_where w = {.region = S3_WHERE_REGION};
    const char *at = where + 2, *end;
    size_t n;

    if (strncmp(where, "//", 2) != 0)
        return refuse(where, "no // after s3:");
    n = strcspn(at, "?");
    if (n < 3 || !take(at, n, LOWER ".", w.bucket, sizeof w.bucket))
        return refuse(where, "a bucket's name has 3 to 63 of a-z 0-9 . -");
    for (at += n; *at; at = end) {
        enum err e;

        at++;
        end = at + strcspn(at, "&");
        e = set(&w, where, at, (size_t)(end - at));
        if (e)
            return e;
    }
    if (!*w.endpoint)
        snprintf(w.endpoint, sizeof w.endpoint, "https://s3.%s.amazonaws.com",
                 w.region);
    *out = w;
    return WS_OK;
}
