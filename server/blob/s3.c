/* s3.c - libcurl as the way to an S3 service.
 *
 * Source:  CURLOPT_AWS_SIGV4(3), curl_easy_setopt(3)
 *
 * libcurl signs every header it sends and, for S3, the header
 * x-amz-content-sha256: it carries the hash of the body, so bytes that were
 * changed or cut on the way are refused by the service instead of stored.
 * libcurl of Debian 12 neither sorts nor encodes a query for the signature:
 * the caller gives it sorted and encoded. It would also sign "Expect:", the way
 * to leave a header out: so that header stays as libcurl has it. Names are of
 * [0-9a-f/] alone, so a path reads the same however it is encoded.
 */
#include "server/blob/s3.h"

#include "core/io.h"
#include "core/log.h"
#include "core/sha256.h"
#include "server/blob/s3_where.h"

#include <curl/curl.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define S3_KEPT 16 /* connections that wait for the next call */
#define S3_CONNECT_MS 5000L
#define S3_STALL_S 15L /* nothing moved */
#define S3_MAX_TEXT_BYTES (4 << 20)
#define S3_MAX_OBJECT_BYTES (256LL << 20)
#define S3_MAX_CA_BYTES (8 << 20)
#define S3_CA_FILE "/etc/ssl/certs/ca-certificates.crt"

struct s3 {
    struct s3_where where;
    char *key, *secret;
    char sign[96]; /* for CURLOPT_AWS_SIGV4 */
    int64_t timeout_ms;
    struct buf ca; /* PEM; empty with http */
    pthread_mutex_t lock;
    CURL *kept[S3_KEPT];
    size_t kept_count;
};

/* One call under way. */
struct under_way {
    struct s3_call *call;
    CURL *easy;
    struct curl_slist *headers;
    int64_t sent;
    bool write_failed;
    char words[CURL_ERROR_SIZE];
};

/* --- the handle --- */

/* What a sandbox forbids later is read now: name service, CAs. */
static enum err warm(struct s3 *s)
{
    struct addrinfo *found = NULL;

    if (getaddrinfo("localhost", NULL, NULL, &found) == 0)
        freeaddrinfo(found);
    if (strncmp(s->where.endpoint, "https:", 6) != 0)
        return WS_OK;
    return io_read_file(S3_CA_FILE, S3_MAX_CA_BYTES, &s->ca);
}

enum err s3_open(struct s3 **out, const char *where,
                 const struct blob_options *options)
{
    OWN(s3_close)
    struct s3 *s = calloc(1, sizeof *s);
    enum err e;

    if (!s)
        return WS_NOMEM;
    pthread_mutex_init(&s->lock, NULL);
    e = s3_where_parse(where, &s->where);
    if (e)
        return e;
    if (!options->key || !*options->key || !options->secret ||
        !*options->secret) {
        log_error("s3_credentials",
                  "blobs: S3 needs s3_key and s3_secret (or s3_secret_file)");
        return WS_INVALID;
    }
    s->key = strdup(options->key);
    s->secret = strdup(options->secret);
    if (!s->key || !s->secret)
        return WS_NOMEM;
    s->timeout_ms = options->timeout_ms;
    snprintf(s->sign, sizeof s->sign, "aws:amz:%s:s3", s->where.region);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return WS_IO;
    e = warm(s);
    if (e)
        return e;
    *out = TAKE(s);
    return WS_OK;
}

void s3_close(struct s3 *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->kept_count; i++)
        curl_easy_cleanup(s->kept[i]);
    pthread_mutex_destroy(&s->lock);
    buf_fini(&s->ca);
    free(s->key);
    if (s->secret)
        explicit_bzero(s->secret, strlen(s->secret));
    free(s->secret);
    free(s);
}

static CURL *take_easy(struct s3 *s)
{
    CURL *easy = NULL;

    pthread_mutex_lock(&s->lock);
    if (s->kept_count)
        easy = s->kept[--s->kept_count];
    pthread_mutex_unlock(&s->lock);
    if (!easy)
        return curl_easy_init();
    curl_easy_reset(easy); /* keeps the connection */
    return easy;
}

static void give_easy(struct s3 *s, CURL *easy)
{
    pthread_mutex_lock(&s->lock);
    if (s->kept_count < S3_KEPT)
        s->kept[s->kept_count++] = TAKE(easy);
    pthread_mutex_unlock(&s->lock);
    curl_easy_cleanup(easy);
}

/* --- the bytes of a call --- */

static size_t on_read(char *to, size_t size, size_t count, void *arg)
{
    struct under_way *u = arg;
    ssize_t n = bytes_read(&u->call->in, u->sent, to, size * count);

    if (n < 0 || (n == 0 && u->sent < u->call->in.len))
        return CURL_READFUNC_ABORT;
    u->sent += n;
    return (size_t)n;
}

/* A body that is sent again (the kept connection had died) starts over. */
static int on_seek(void *arg, curl_off_t offset, int origin)
{
    struct under_way *u = arg;

    if (origin != SEEK_SET)
        return CURL_SEEKFUNC_CANTSEEK;
    u->sent = offset;
    return CURL_SEEKFUNC_OK;
}

static size_t on_write(char *data, size_t size, size_t count, void *arg)
{
    struct under_way *u = arg;
    struct s3_call *c = u->call;
    size_t n = size * count;
    long status = 0;

    curl_easy_getinfo(u->easy, CURLINFO_RESPONSE_CODE, &status);
    if (c->out_fd >= 0 && status / 100 == 2) {
        c->received += (int64_t)n;
        if (c->received > S3_MAX_OBJECT_BYTES ||
            io_write_all(c->out_fd, data, n)) {
            u->write_failed = true;
            return 0;
        }
        return n;
    }
    if (c->text.len + n > S3_MAX_TEXT_BYTES)
        return 0;
    buf_append(&c->text, data, n);
    return c->text.failed ? 0 : n;
}

static enum err hash_body(const struct s3_call *c, char hex[SHA256_HEX_BYTES])
{
    OWN(sha256_close)
    struct sha256 *h = NULL;
    uint8_t bytes[SHA256_BYTES];
    char part[65536];
    enum err e = sha256_open(&h);

    for (int64_t at = 0; !e && at < c->in.len;) {
        ssize_t n = bytes_read(&c->in, at, part, sizeof part);

        if (n < 0)
            return err_sys("s3: read what is to be put");
        if (n == 0)
            return WS_IO;
        sha256_update(h, part, (size_t)n);
        at += n;
    }
    if (e)
        return e;
    sha256_finish(h, bytes);
    sha256_hex(bytes, SHA256_BYTES, hex);
    return WS_OK;
}

/* --- the request --- */

static enum err add_header(struct under_way *u, const char *line)
{
    struct curl_slist *more = curl_slist_append(u->headers, line);

    if (!more)
        return WS_NOMEM;
    u->headers = more;
    return WS_OK;
}

static void set_limits(const struct s3 *s, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, S3_CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)s->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, S3_STALL_S);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
}

static void set_who(const struct s3 *s, CURL *easy)
{
    struct curl_blob ca = {.data = s->ca.data, .len = s->ca.len};

    curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, s->sign);
    curl_easy_setopt(easy, CURLOPT_USERNAME, s->key);
    curl_easy_setopt(easy, CURLOPT_PASSWORD, s->secret);
    if (s->ca.len)
        curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &ca);
}

static void set_method(struct under_way *u)
{
    const struct s3_call *c = u->call;

    if (strcmp(c->method, "PUT") == 0) {
        curl_easy_setopt(u->easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(u->easy, CURLOPT_READFUNCTION, on_read);
        curl_easy_setopt(u->easy, CURLOPT_READDATA, u);
        curl_easy_setopt(u->easy, CURLOPT_SEEKFUNCTION, on_seek);
        curl_easy_setopt(u->easy, CURLOPT_SEEKDATA, u);
        curl_easy_setopt(u->easy, CURLOPT_INFILESIZE_LARGE,
                         (curl_off_t)c->in.len);
    } else if (strcmp(c->method, "GET") != 0) {
        curl_easy_setopt(u->easy, CURLOPT_CUSTOMREQUEST, c->method);
    }
    curl_easy_setopt(u->easy, CURLOPT_WRITEFUNCTION, on_write);
    curl_easy_setopt(u->easy, CURLOPT_WRITEDATA, u);
    curl_easy_setopt(u->easy, CURLOPT_ERRORBUFFER, u->words);
}

static enum err prepare(const struct s3 *s, struct under_way *u)
{
    const struct s3_call *c = u->call;
    char url[512], hash[SHA256_HEX_BYTES], line[128];
    enum err e = hash_body(c, hash);

    if (e)
        return e;
    snprintf(url, sizeof url, "%s/%s%s%s", s->where.endpoint, s->where.bucket,
             *c->name ? "/" : "", c->name);
    set_limits(s, u->easy);
    set_who(s, u->easy);
    set_method(u);
    snprintf(line, sizeof line, "x-amz-content-sha256: %s", hash);
    e = add_header(u, line);
    if (!e && c->in.len)
        e = add_header(u, "Content-Type: application/octet-stream");
    if (e)
        return e;
    curl_easy_setopt(u->easy, CURLOPT_HTTPHEADER, u->headers);
    if (c->query) {
        OWN_BUF struct buf all = BUF_EMPTY;

        buf_printf(&all, "%s?%s", url, c->query);
        e = buf_check(&all);
        if (!e)
            curl_easy_setopt(u->easy, CURLOPT_URL, buf_text(&all));
        return e;
    }
    curl_easy_setopt(u->easy, CURLOPT_URL, url);
    return WS_OK;
}

/* --- the answer --- */

/* The text of <Code>, or "-". */
static void code_of(const struct buf *text, char *out, size_t out_bytes)
{
    const char *at = strstr(buf_text(text), "<Code>");

    snprintf(out, out_bytes, "%.*s", at ? (int)strcspn(at + 6, "<") : 1,
             at ? at + 6 : "-");
}

static bool is_one_of(const char *word, const char *const list[])
{
    for (size_t i = 0; list[i]; i++)
        if (strcmp(word, list[i]) == 0)
            return true;
    return false;
}

static enum err judge(const struct under_way *u, long status)
{
    static const char *const full[] = {"QuotaExceeded", "InsufficientCapacity",
                                       "XMinioStorageFull", "EntityTooLarge",
                                       NULL};
    const struct s3_call *c = u->call;
    char code[64];

    if (status / 100 == 2)
        return WS_OK;
    code_of(&c->text, code, sizeof code);
    if (status == 404 && strcmp(code, "NoSuchBucket") != 0)
        return WS_NOTFOUND;
    log_warn("s3_refused", "s3: %s %s: status %ld, %s", c->method, c->name,
             status, code);
    return status == 507 || is_one_of(code, full) ? WS_FULL : WS_IO;
}

static enum err finish(const struct under_way *u, CURLcode code)
{
    const struct s3_call *c = u->call;
    long status = 0;

    if (u->write_failed)
        return err_sys("s3: write what %s gave", c->name);
    if (code != CURLE_OK) {
        log_warn("s3_unreachable", "s3: %s %s: %s", c->method, c->name,
                 *u->words ? u->words : curl_easy_strerror(code));
        return WS_IO;
    }
    curl_easy_getinfo(u->easy, CURLINFO_RESPONSE_CODE, &status);
    return judge(u, status);
}

enum err s3_call(struct s3 *s, struct s3_call *c)
{
    struct under_way u = {.call = c, .easy = take_easy(s)};
    enum err e;

    if (!u.easy)
        return WS_NOMEM;
    c->received = 0;
    buf_clear(&c->text);
    e = prepare(s, &u);
    if (!e)
        e = finish(&u, curl_easy_perform(u.easy));
    curl_slist_free_all(u.headers);
    give_easy(s, u.easy);
    return e;
}
