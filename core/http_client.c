/* http_client.c - one exchange after the other over libcurl's multi handle.
 *
 * Source:  curl_multi_poll(3), CURLOPT_* manual pages; RFC 9110 (Retry-After)
 *
 * The multi handle is driven by hand rather than by curl_easy_perform(), so
 * that the phases can be timed and the caller be asked whether to go on while
 * a peer is silent: an upload worker must say that it lives during a request
 * of a minute, and must be able to end within a second.
 */
#include "core/http_client.h"

#include "core/clock.h"
#include "core/http_answer.h"
#include "core/io.h"
#include "core/log.h"

#include <curl/curl.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HTTP_CLIENT_POLL_MS 250
#define HTTP_CLIENT_MAX_CA_BYTES (8 << 20)
#define HTTP_CLIENT_SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"

struct http_client {
    CURLM *multi;
    CURL *easy;
    struct http_client_limits limits;
    struct buf ca; /* PEM; empty: libcurl looks for the system's itself */
    bool (*go_on)(void *ctx);
    void *go_on_ctx;
};

/* One exchange under way. */
struct call {
    struct http_client *client;
    struct transport_answer *answer;
    struct http_answer head;
    struct curl_slist *headers;
    curl_mime *form;
    bool body_too_large;
    int64_t started_ns;
    int64_t moved_ns; /* last time a byte went either way */
    curl_off_t sent_bytes, received_bytes;
    char curl_words[CURL_ERROR_SIZE];
};

static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static CURLcode global_code;

static void global_init(void)
{
    global_code = curl_global_init(CURL_GLOBAL_DEFAULT);
}

enum err http_client_open(struct http_client **out)
{
    OWN(http_client_close)
    struct http_client *c = calloc(1, sizeof(*c));

    if (!c)
        return WS_NOMEM;
    pthread_once(&global_once, global_init);
    if (global_code != CURLE_OK) {
        log_error("http_client", "libcurl did not start: %s",
                  curl_easy_strerror(global_code));
        return WS_IO;
    }
    c->multi = curl_multi_init();
    c->easy = curl_easy_init();
    if (!c->multi || !c->easy)
        return WS_NOMEM;
    c->limits = HTTP_CLIENT_LIMITS;
    *out = TAKE(c);
    return WS_OK;
}

void http_client_close(struct http_client *c)
{
    if (!c)
        return;
    curl_easy_cleanup(c->easy);
    curl_multi_cleanup(c->multi);
    buf_fini(&c->ca);
    free(c);
}

void http_client_set_limits(struct http_client *c,
                            const struct http_client_limits *limits)
{
    c->limits = *limits;
}

void http_client_on_wait(struct http_client *c, bool (*go_on)(void *ctx),
                         void *ctx)
{
    c->go_on = go_on;
    c->go_on_ctx = ctx;
}

enum err http_client_trust(struct http_client *c, const char *ca_file)
{
    buf_clear(&c->ca);
    if (!ca_file || !*ca_file)
        ca_file = HTTP_CLIENT_SYSTEM_CA;
    return io_read_file(ca_file, HTTP_CLIENT_MAX_CA_BYTES, &c->ca);
}

void http_client_warm(struct http_client *c)
{
    struct addrinfo *found = NULL;

    /* The answer does not matter: the name service's modules get loaded. */
    if (getaddrinfo("localhost", NULL, NULL, &found) == 0)
        freeaddrinfo(found);
    if (c->ca.len == 0 && http_client_trust(c, "") != WS_OK)
        log_debug("http_client",
                  "no %s: only servers without TLS, or with "
                  "a CA file of their own",
                  HTTP_CLIENT_SYSTEM_CA);
}

/* A value that breaks its line would smuggle in headers. Tokens come from
 * files and from servers: look at each. */
static bool is_one_line(const char *text)
{
    return !text || !strpbrk(text, "\r\n");
}

static bool is_loopback(const char *url)
{
    CURLU *u = curl_url();
    char *host = NULL;
    bool yes = false;

    if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK)
        yes = strcasecmp(host, "localhost") == 0 ||
              strncmp(host, "127.", 4) == 0 || strcmp(host, "[::1]") == 0;
    curl_free(host);
    curl_url_cleanup(u);
    return yes;
}

static size_t on_header(char *data, size_t size, size_t count, void *ctx)
{
    struct call *call = ctx;

    http_answer_line(&call->head, data, size * count);
    return size * count;
}

static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
    struct call *call = ctx;
    struct buf *body = &call->answer->body;
    size_t len = size * count;

    if (len > TRANSPORT_MAX_ANSWER_BYTES - body->len) {
        call->body_too_large = true;
        return 0;
    }
    buf_append(body, data, len);
    return body->failed ? 0 : len;
}

static enum err add_header(struct call *call, const char *line)
{
    struct curl_slist *longer = curl_slist_append(call->headers, line);

    if (!longer)
        return WS_NOMEM;
    call->headers = longer;
    return WS_OK;
}

static enum err add_headers(struct call *call,
                            const struct transport_request *r)
{
    OWN_BUF struct buf line = BUF_EMPTY;
    enum err e = add_header(call, "Expect:");
    size_t i;

    if (!e && r->bearer) {
        buf_printf(&line, "Authorization: Bearer %s", r->bearer);
        e = buf_check(&line);
        if (!e)
            e = add_header(call, line.data);
    }
    if (!e && r->content_type && r->part_count == 0) {
        buf_clear(&line);
        buf_printf(&line, "Content-Type: %s", r->content_type);
        e = buf_check(&line);
        if (!e)
            e = add_header(call, line.data);
    }
    for (i = 0; !e && r->headers && r->headers[i]; i++)
        e = add_header(call, r->headers[i]);
    if (!e)
        curl_easy_setopt(call->client->easy, CURLOPT_HTTPHEADER, call->headers);
    return e;
}

static enum err add_form(struct call *call, const struct transport_request *r)
{
    size_t i;

    call->form = curl_mime_init(call->client->easy);
    if (!call->form)
        return WS_NOMEM;
    for (i = 0; i < r->part_count; i++) {
        const struct transport_part *p = &r->parts[i];
        curl_mimepart *part = curl_mime_addpart(call->form);

        if (!part || curl_mime_name(part, p->name) != CURLE_OK ||
            curl_mime_data(part, p->data, p->len) != CURLE_OK ||
            (p->filename &&
             curl_mime_filename(part, p->filename) != CURLE_OK) ||
            (p->content_type &&
             curl_mime_type(part, p->content_type) != CURLE_OK))
            return WS_NOMEM;
    }
    curl_easy_setopt(call->client->easy, CURLOPT_MIMEPOST, call->form);
    return WS_OK;
}

static void set_transport(struct http_client *c,
                          const struct transport_request *r)
{
    CURL *easy = c->easy;
    struct curl_blob ca = {.data = c->ca.data, .len = c->ca.len};

    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "worksight-agent/" WS_VERSION);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)c->limits.connect_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)r->deadline_ms);
    if (is_loopback(r->url))
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
    if (c->ca.len > 0)
        curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &ca);
}

static enum err prepare(struct call *call, const struct transport_request *r)
{
    CURL *easy = call->client->easy;
    enum err e;

    curl_easy_reset(easy); /* keeps connections and names */
    set_transport(call->client, r);
    curl_easy_setopt(easy, CURLOPT_URL, r->url);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->curl_words);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    e = add_headers(call, r);
    if (e)
        return e;
    if (r->part_count > 0)
        return add_form(call, r);
    if (strcmp(r->method, "GET") != 0) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)r->body_len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, r->body ? r->body : "");
        if (strcmp(r->method, "POST") != 0)
            curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, r->method);
    }
    return WS_OK;
}

/* NULL while the exchange is within its limits, else what it broke. */
static const char *broken_limit(struct call *call, int64_t now_ns)
{
    CURL *easy = call->client->easy;
    const struct http_client_limits *limits = &call->client->limits;
    curl_off_t sent = 0, received = 0, connect_us = 0;
    int64_t still_ms;

    curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
    curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &connect_us);
    if (sent != call->sent_bytes || received != call->received_bytes ||
        connect_us == 0)
        call->moved_ns = now_ns;
    call->sent_bytes = sent;
    call->received_bytes = received;
    still_ms = (now_ns - call->moved_ns) / CLOCK_NS_PER_MS;
    if (call->head.begun)
        return still_ms > limits->low_speed_ms ? "the answer stalled" : NULL;
    /* Bytes still in the kernel's send buffer count as sent, so a peer that
     * stops reading shows as one that does not answer: the smaller limit. */
    return still_ms > limits->first_byte_ms ? "no answer came" : NULL;
}

static CURLcode finished_code(CURLM *multi)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(multi, &left)))
        if (message->msg == CURLMSG_DONE)
            return message->data.result;
    return CURLE_RECV_ERROR;
}

/* Drive the exchange to its end; NULL, or the reason why we ended it. */
static const char *drive(struct call *call, CURLcode *code)
{
    struct http_client *c = call->client;
    const char *why;
    int running = 1;

    call->started_ns = call->moved_ns = clock_mono_ns();
    while (curl_multi_perform(c->multi, &running) == CURLM_OK) {
        if (running == 0) {
            *code = finished_code(c->multi);
            return NULL;
        }
        why = broken_limit(call, clock_mono_ns());
        if (why)
            return why;
        if (c->go_on && !c->go_on(c->go_on_ctx))
            return "stopped";
        if (curl_multi_poll(c->multi, NULL, 0, HTTP_CLIENT_POLL_MS, NULL))
            break;
    }
    return "libcurl's loop failed";
}

static void no_answer(struct transport_answer *a, const char *why)
{
    a->status = 0;
    a->content_type[0] = '\0';
    a->retry_after_s = TRANSPORT_NO_RETRY_AFTER;
    buf_clear(&a->body);
    snprintf(a->error, sizeof(a->error), "%.*s", (int)sizeof(a->error) - 1,
             why);
}

/* libcurl's words, and the system's where it has some. */
static void no_answer_curl(struct call *call, CURLcode code)
{
    const char *words = call->curl_words;
    char both[CURL_ERROR_SIZE + 80];
    long number = 0;

    if (!*words)
        words = curl_easy_strerror(code);
    curl_easy_getinfo(call->client->easy, CURLINFO_OS_ERRNO, &number);
    if (code != CURLE_COULDNT_CONNECT || number == 0) {
        no_answer(call->answer, words);
        return;
    }
    snprintf(both, sizeof(both), "%s (%s)", words, strerror((int)number));
    no_answer(call->answer, both);
}

static void conclude(struct call *call, CURLcode code)
{
    struct transport_answer *a = call->answer;
    long status = 0;

    if (call->body_too_large) {
        no_answer(a, "the answer is larger than 1 MiB");
        return;
    }
    if (code != CURLE_OK) {
        no_answer_curl(call, code);
        return;
    }
    curl_easy_getinfo(call->client->easy, CURLINFO_RESPONSE_CODE, &status);
    a->status = (int)status;
    http_answer_end(&call->head, clock_wall_ns());
}

static enum err check_request(const struct transport_request *r)
{
    size_t i;

    if (!is_one_line(r->bearer) || !is_one_line(r->content_type))
        return WS_INVALID;
    for (i = 0; r->headers && r->headers[i]; i++)
        if (!is_one_line(r->headers[i]))
            return WS_INVALID;
    return WS_OK;
}

enum err http_client_exchange(void *ctx,
                              const struct transport_request *request,
                              struct transport_answer *answer)
{
    struct http_client *c = ctx;
    struct call call = {.client = c, .answer = answer, .head.to = answer};
    CURLcode code = CURLE_OK;
    const char *why;
    enum err e;

    *answer =
        (struct transport_answer){.retry_after_s = TRANSPORT_NO_RETRY_AFTER};
    e = check_request(request);
    if (e)
        return e;
    e = prepare(&call, request);
    if (!e && curl_multi_add_handle(c->multi, c->easy) == CURLM_OK) {
        why = drive(&call, &code);
        if (why)
            no_answer(answer, why);
        else
            conclude(&call, code);
        (void)curl_multi_remove_handle(c->multi, c->easy);
    } else if (!e) {
        e = WS_NOMEM;
    }
    curl_slist_free_all(call.headers);
    curl_mime_free(call.form);
    return e;
}
