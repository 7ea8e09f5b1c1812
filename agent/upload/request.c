#include "agent/upload/request.h"

#include "core/json.h"
#include "core/jsonw.h"
#include "core/log.h"
#include "core/sha256.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define REQUEST_GZIP_LEVEL 6
#define REQUEST_GZIP_WINDOW (15 + 16) /* gzip, not zlib */

void request_init(struct request *r, const char *server, int64_t deadline_ms)
{
    memset(r, 0, sizeof(*r));
    snprintf(r->url, sizeof(r->url), "%s", server);
    r->transport.method = "POST";
    r->transport.url = r->url;
    r->transport.deadline_ms = deadline_ms;
}

void request_fini(struct request *r)
{
    buf_fini(&r->body);
    buf_fini(&r->texts);
    buf_fini(&r->picture);
}

bool request_is_layer_2(const struct client_session *s)
{
    const char *at = strstr(s->features, "batch");

    return at && (at == s->features || at[-1] == ',') &&
           (at[5] == '\0' || at[5] == ',');
}

static void add_route(struct request *r, const char *route)
{
    size_t len = strlen(r->url);

    snprintf(r->url + len, sizeof(r->url) - len, "%s", route);
}

static void add_session_route(struct request *r, const struct client_session *s,
                              const char *route)
{
    char text[96];

    snprintf(text, sizeof(text), "/sessions/%lld/%s", (long long)s->session_id,
             route);
    add_route(r, text);
}

static void add_header(struct request *r, const char *line)
{
    size_t i = 0;

    while (r->headers[i])
        i++;
    r->headers[i] = line;
    r->transport.headers = r->headers;
}

static void add_key(struct request *r, const struct client_session *s,
                    uint64_t seq)
{
    char key[SHA256_HEX_BYTES];

    wire_item_key(s->session_uid, seq, key);
    snprintf(r->key, sizeof(r->key), "X-Idempotency-Key: %s", key);
    add_header(r, r->key);
}

static enum err add_body(struct request *r)
{
    enum err e = buf_check(&r->body);

    r->transport.content_type = "application/json";
    r->transport.body = r->body.data;
    r->transport.body_len = r->body.len;
    return e;
}

/* --- sessions --- */

/* The frozen facts, and the hash of the token that the session has now. */
enum err request_session(struct request *r, const struct client_session *s,
                         const struct buf *payload, const char *bearer)
{
    char hash[SHA256_HEX_BYTES];
    const char *end =
        payload->len > 0 ? memrchr(payload->data, '}', payload->len) : NULL;

    if (!end)
        return WS_INVALID;
    sha256_hash_hex(s->token, strlen(s->token), hash);
    buf_append(&r->body, payload->data, (size_t)(end - payload->data));
    buf_printf(&r->body, ",\"token_sha256\":\"%s\"}", hash);
    add_route(r, "/sessions/");
    r->transport.bearer = bearer;
    r->expected = answer_is_session;
    return add_body(r);
}

/* --- batches --- */

static enum err gzip_body(struct buf *body)
{
    OWN_BUF struct buf packed = BUF_EMPTY;
    z_stream z = {0};
    enum err e;
    int code;

    if (deflateInit2(&z, REQUEST_GZIP_LEVEL, Z_DEFLATED, REQUEST_GZIP_WINDOW, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return WS_NOMEM;
    e = buf_reserve(&packed, deflateBound(&z, body->len));
    if (e) {
        (void)deflateEnd(&z);
        return e;
    }
    z.next_in = (Bytef *)body->data;
    z.avail_in = (uInt)body->len;
    z.next_out = (Bytef *)packed.data;
    z.avail_out = (uInt)deflateBound(&z, body->len);
    code = deflate(&z, Z_FINISH);
    packed.len = z.total_out;
    (void)deflateEnd(&z);
    if (code != Z_STREAM_END) {
        log_error("gzip", "zlib answered %d", code);
        return WS_NOMEM;
    }
    buf_clear(body);
    buf_append(body, packed.data, packed.len);
    return buf_check(body);
}

enum err request_batch(struct request *r, const struct client_session *s,
                       const struct client_lease *leases, size_t count)
{
    struct jsonw w;
    size_t i;
    enum err e;

    jsonw_init(&w, &r->body);
    jsonw_object(&w, NULL);
    jsonw_array(&w, "items");
    for (i = 0; i < count; i++) {
        const struct buf *payload = &leases[i].payload;

        jsonw_object(&w, NULL);
        jsonw_int(&w, "seq", (int64_t)leases[i].seq);
        jsonw_text(&w, "kind", wire_item_name(leases[i].kind));
        jsonw_text_len(&w, "payload", payload->data, payload->len);
        jsonw_object_end(&w);
    }
    jsonw_array_end(&w);
    jsonw_object_end(&w);
    e = buf_check(&r->body);
    if (!e && r->body.len > REQUEST_GZIP_FROM_BYTES) {
        e = gzip_body(&r->body);
        add_header(r, "Content-Encoding: gzip");
    }
    if (e)
        return e;
    add_session_route(r, s, "batch/");
    r->transport.bearer = s->token;
    r->expected = answer_is_batch;
    return add_body(r);
}

/* --- layer 1 --- */

enum err request_single(struct request *r, const struct client_session *s,
                        const struct client_lease *lease)
{
    if (lease->kind == WIRE_ITEM_METRIC) {
        add_session_route(r, s, "ai-metrics/");
        r->expected = answer_is_metric;
    } else if (lease->kind == WIRE_ITEM_RECORDING) {
        add_session_route(r, s, "recordings/");
        r->expected = answer_is_recording;
    } else {
        return WS_NOTFOUND;
    }
    add_key(r, s, lease->seq);
    r->transport.bearer = s->token;
    buf_append(&r->body, lease->payload.data, lease->payload.len);
    return add_body(r);
}

/* --- pictures --- */

/* Values first, pointers after: the buffer moves while it grows. */
static void add_field(struct request *r, const char *name, const char *value)
{
    struct transport_part *p;

    if (r->transport.part_count >= REQUEST_MAX_PARTS)
        return;
    p = &r->parts[r->transport.part_count++];
    p->name = name;
    p->len = strlen(value);
    buf_append(&r->texts, value, p->len + 1);
}

static void point_at_texts(struct request *r)
{
    const char *at = r->texts.data;
    size_t i;

    for (i = 0; i < r->transport.part_count; i++) {
        r->parts[i].data = at;
        at += r->parts[i].len + 1;
    }
    r->transport.parts = r->parts;
}

/* The fields of wire_screenshot that the payload has, as text. */
static void add_payload_fields(struct request *r, const struct json *doc)
{
    OWN_BUF struct buf text = BUF_EMPTY;
    size_t i;

    for (i = 0; i < wire_screenshot.count; i++) {
        const char *name = wire_screenshot.fields[i].name;
        const struct json *v = json_get(doc, name);

        if (!v || json_kind(v) == JSON_NULL)
            continue;
        buf_clear(&text);
        if (json_kind(v) == JSON_TEXT)
            buf_append_text(&text, json_text(v, ""));
        else
            json_print(v, &text);
        add_field(r, name, buf_text(&text));
    }
}

static const char *type_of(const struct buf *picture)
{
    if (picture->len > 8 && memcmp(picture->data, "\x89PNG", 4) == 0)
        return "image/png";
    if (picture->len > 12 && memcmp(picture->data, "RIFF", 4) == 0)
        return "image/webp";
    return "image/jpeg";
}

/* By position: the descriptor's offset is shared with the outbox. */
static enum err read_picture(const struct client_lease *lease, struct buf *out)
{
    size_t have = 0;
    enum err e;

    if (lease->picture_fd < 0 || lease->picture_len > REQUEST_MAX_PICTURE_BYTES)
        return WS_INVALID;
    e = buf_reserve(out, lease->picture_len);
    while (!e && have < lease->picture_len) {
        ssize_t n = pread(lease->picture_fd, out->data + have,
                          lease->picture_len - have, (off_t)have);

        if (n <= 0)
            return n < 0 ? err_sys("request: picture") : WS_INVALID;
        have += (size_t)n;
    }
    if (e)
        return e;
    out->len = have;
    out->data[have] = '\0';
    return WS_OK;
}

static enum err add_image(struct request *r)
{
    if (r->transport.part_count >= REQUEST_MAX_PARTS)
        return WS_INVALID;
    r->parts[r->transport.part_count++] =
        (struct transport_part){.name = "image",
                                .filename = "screenshot",
                                .content_type = type_of(&r->picture),
                                .data = r->picture.data,
                                .len = r->picture.len};
    return WS_OK;
}

enum err request_picture(struct request *r, const struct client_session *s,
                         const struct client_lease *lease)
{
    OWN(json_free)
    struct json *doc = NULL;
    char number[24];
    enum err e =
        json_parse(lease->payload.data, lease->payload.len, &doc, NULL);

    if (!e)
        e = read_picture(lease, &r->picture);
    if (e)
        return e;
    snprintf(number, sizeof(number), "%lld", (long long)s->session_id);
    add_field(r, "session_id", number);
    if (request_is_layer_2(s)) {
        snprintf(number, sizeof(number), "%llu",
                 (unsigned long long)lease->seq);
        add_field(r, "seq", number);
        add_field(r, "sha256", lease->picture_sha256);
    }
    add_payload_fields(r, doc);
    e = buf_check(&r->texts);
    if (e)
        return e;
    point_at_texts(r);
    e = add_image(r);
    if (e)
        return e;
    add_route(r, "/screenshots/");
    add_key(r, s, lease->seq);
    r->transport.bearer = s->token;
    r->expected = answer_is_picture;
    return WS_OK;
}
