/* test_request.c - the requests and heartbeats that go over the wire. */
#include "agent/heartbeat/beat.h"
#include "agent/upload/register.h"
#include "agent/upload/request.h"
#include "core/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sys/mman.h>
#include <zlib.h>

static struct client_session session(const char *features)
{
    struct client_session s = {.session_uid =
                                   "0123456789abcdef0123456789abcdef",
                               .token = "t0k3n",
                               .session_id = 42,
                               .registered = true};

    snprintf(s.features, sizeof(s.features), "%s", features);
    return s;
}

static void unzip(const struct transport_request *t, char *out, size_t room)
{
    z_stream z = {.next_in = (Bytef *)t->body,
                  .avail_in = (uInt)t->body_len,
                  .next_out = (Bytef *)out,
                  .avail_out = (uInt)room - 1};

    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    out[z.total_out] = '\0';
    inflateEnd(&z);
}

static void test_request_layer_2_is_a_word_of_the_list(void **state)
{
    struct client_session s;

    (void)state;
    s = session("batch,ledger");
    assert_true(request_is_layer_2(&s));
    s = session("ledger,batch");
    assert_true(request_is_layer_2(&s));
    s = session("");
    assert_false(request_is_layer_2(&s));
    s = session("batches,rebatch");
    assert_false(request_is_layer_2(&s));
}

static void test_request_batch_carries_frozen_bytes(void **state)
{
    struct client_session s = session("batch");
    struct client_lease leases[2] = {{.seq = 7, .kind = WIRE_ITEM_METRIC},
                                     {.seq = 8, .kind = WIRE_ITEM_EVENT}};
    OWN(json_free)
    struct json *doc = NULL;
    const struct json *item;
    struct request r;

    (void)state;
    buf_append_text(&leases[0].payload, "{\"a\": 71.0,\n\"b\":\"\\u00e4\"}");
    buf_append_text(&leases[1].payload, "{}");
    request_init(&r, "http://h:1/api", 1000);
    assert_int_equal(request_batch(&r, &s, leases, 2), WS_OK);
    assert_string_equal(r.transport.url, "http://h:1/api/sessions/42/batch/");
    assert_string_equal(r.transport.bearer, "t0k3n");
    assert_null(r.transport.headers); /* small: not compressed */
    assert_int_equal(
        json_parse(r.transport.body, r.transport.body_len, &doc, NULL), WS_OK);
    item = json_first(json_get(doc, "items"));
    assert_int_equal(json_int(json_get(item, "seq"), 0), 7);
    assert_string_equal(json_text(json_get(item, "kind"), ""), "metric");
    assert_string_equal(json_text(json_get(item, "payload"), ""),
                        buf_text(&leases[0].payload));
    request_fini(&r);
    buf_fini(&leases[0].payload);
    buf_fini(&leases[1].payload);
}

static void test_request_large_batch_is_gzip(void **state)
{
    static char text[200000];
    struct client_session s = session("batch");
    struct client_lease lease = {.seq = 7, .kind = WIRE_ITEM_METRIC};
    struct request r;
    int i;

    (void)state;
    for (i = 0; i < 3000; i++)
        buf_printf(&lease.payload, "%s\"k%d\":%d", i ? "," : "{", i, i);
    buf_append_byte(&lease.payload, '}');
    request_init(&r, "http://h:1/api", 1000);
    assert_int_equal(request_batch(&r, &s, &lease, 1), WS_OK);
    assert_string_equal(r.transport.headers[0], "Content-Encoding: gzip");
    assert_true(r.transport.body_len < lease.payload.len / 2);
    unzip(&r.transport, text, sizeof(text));
    assert_non_null(strstr(text, "\\\"k2999\\\":2999"));
    request_fini(&r);
    buf_fini(&lease.payload);
}

static void test_request_session_adds_the_tokens_hash(void **state)
{
    struct client_session s = session("");
    OWN_BUF struct buf payload = BUF_EMPTY;
    OWN(json_free)
    struct json *doc = NULL;
    struct request r;

    (void)state;
    buf_append_text(&payload, "{\"agent_name\":\"a}\"}");
    request_init(&r, "http://h:1/api", 1000);
    assert_int_equal(request_session(&r, &s, &payload, NULL), WS_OK);
    assert_null(r.transport.bearer);
    assert_int_equal(
        json_parse(r.transport.body, r.transport.body_len, &doc, NULL), WS_OK);
    assert_string_equal(json_text(json_get(doc, "agent_name"), ""), "a}");
    /* printf t0k3n | sha256sum */
    assert_string_equal(
        json_text(json_get(doc, "token_sha256"), ""),
        "b81c829ac55e858ea27c2a4014d2a073a189ef391f1c85d4214f857d4d5c039a");
    request_fini(&r);
}

static void test_request_layer_1_has_a_key_and_the_bare_payload(void **state)
{
    struct client_session s = session("");
    struct client_lease lease = {.seq = 7, .kind = WIRE_ITEM_METRIC};
    char key[65], line[96];
    struct request r;

    (void)state;
    buf_append_text(&lease.payload, "{\"x\":1}");
    request_init(&r, "http://h:1/api", 1000);
    assert_int_equal(request_single(&r, &s, &lease), WS_OK);
    assert_string_equal(r.transport.url,
                        "http://h:1/api/sessions/42/ai-metrics/");
    wire_item_key(s.session_uid, 7, key);
    snprintf(line, sizeof(line), "X-Idempotency-Key: %s", key);
    assert_string_equal(r.transport.headers[0], line);
    assert_string_equal(r.transport.body, "{\"x\":1}");
    request_fini(&r);
    lease.kind = WIRE_ITEM_TOMBSTONE;
    request_init(&r, "http://h:1/api", 1000);
    assert_int_equal(request_single(&r, &s, &lease), WS_NOTFOUND);
    request_fini(&r);
    buf_fini(&lease.payload);
}

static const char *field(const struct request *r, const char *name)
{
    size_t i;

    for (i = 0; i < r->transport.part_count; i++)
        if (strcmp(r->transport.parts[i].name, name) == 0)
            return r->transport.parts[i].data;
    return NULL;
}

static void test_request_picture_is_a_form_of_texts(void **state)
{
    struct client_session s = session("batch");
    struct client_lease lease = {
        .seq = 9, .kind = WIRE_ITEM_SCREENSHOT, .picture_sha256 = "abcd"};
    struct request r;

    (void)state;
    lease.picture_fd = memfd_create("picture", 0);
    lease.picture_len = 10;
    assert_int_equal(write(lease.picture_fd, "\xff\xd8\xff pixels", 10), 10);
    buf_append_text(&lease.payload,
                    "{\"captured_at\":\"2026-11-22T12:00:00Z\",\"width\":1920,"
                    "\"tier\":4,\"output\":null,\"unknown\":\"kept out\"}");
    request_init(&r, "http://h:1/api", 1000);
    assert_int_equal(request_picture(&r, &s, &lease), WS_OK);
    assert_string_equal(r.transport.url, "http://h:1/api/screenshots/");
    assert_string_equal(field(&r, "session_id"), "42");
    assert_string_equal(field(&r, "seq"), "9");
    assert_string_equal(field(&r, "sha256"), "abcd");
    assert_string_equal(field(&r, "captured_at"), "2026-11-22T12:00:00Z");
    assert_string_equal(field(&r, "width"), "1920");
    assert_string_equal(field(&r, "tier"), "4");
    assert_null(field(&r, "output"));
    assert_string_equal(field(&r, "image"), "\xff\xd8\xff pixels");
    request_fini(&r);
    s = session(""); /* layer 1 knows neither seq nor sha256 */
    request_init(&r, "http://h:1/api", 1000);
    assert_int_equal(request_picture(&r, &s, &lease), WS_OK);
    assert_null(field(&r, "seq"));
    assert_null(field(&r, "sha256"));
    request_fini(&r);
    close(lease.picture_fd);
    lease.picture_fd = -1; /* the outbox could not give it */
    request_init(&r, "http://h:1/api", 1000);
    assert_int_equal(request_picture(&r, &s, &lease), WS_INVALID);
    request_fini(&r);
    buf_fini(&lease.payload);
}

/* --- registration --- */

struct door { /* a server that opens for one bearer only */
    const char *opens_for;
    const char *body;
    char tried[4][64];
    int count;
};

static enum err knock(void *ctx, const struct transport_request *request,
                      struct transport_answer *answer)
{
    struct door *d = ctx;
    const char *bearer = request->bearer ? request->bearer : "";

    *answer = (struct transport_answer){
        .status = 403, .retry_after_s = TRANSPORT_NO_RETRY_AFTER};
    snprintf(d->tried[d->count++], sizeof(d->tried[0]), "%s", bearer);
    if (strcmp(bearer, d->opens_for) == 0) {
        answer->status = 201;
        buf_append_text(&answer->body, d->body);
    } else {
        buf_append_text(&answer->body, "{\"error\":\"no\"}");
    }
    return WS_OK;
}

static enum answer_meaning enter(struct door *d, struct register_result *out)
{
    struct client_session s = session("");
    OWN_BUF struct buf payload = BUF_EMPTY;
    struct answer answer = {0};
    struct env env = env_system;
    const struct register_scope scope = {
        .env = &env, .server = "http://h:1/api", .deadline_ms = 1000};
    enum answer_meaning m;

    strcpy(s.code, "code");
    strcpy(s.earlier, "earlier");
    env.exchange = knock;
    env.ctx = d;
    buf_append_text(&payload, "{\"a\":1}");
    assert_int_equal(register_session(&scope, &s, &payload, &answer, out),
                     WS_OK);
    m = answer.meaning;
    answer_fini(&answer);
    return m;
}

#define LAYER_2 "{\"session_id\":5,\"features\":[\"batch\",\"ledger\"]}"
#define LAYER_1 "{\"session_id\":5,\"token\":\"abc\"}"

static void test_register_tries_code_then_earlier_then_nothing(void **state)
{
    struct door d = {.opens_for = "code", .body = LAYER_2};
    struct register_result result;

    (void)state;
    assert_int_equal(enter(&d, &result), ANSWER_DONE);
    assert_int_equal(d.count, 1);
    assert_true(result.reg.code_used);
    assert_string_equal(result.reg.features, "batch,ledger");
    assert_null(result.reg.token);
    d = (struct door){.opens_for = "", .body = LAYER_2};
    assert_int_equal(enter(&d, &result), ANSWER_DONE);
    assert_int_equal(d.count, 3);
    assert_string_equal(d.tried[1], "earlier");
    assert_false(result.reg.code_used);
    d = (struct door){.opens_for = "somebody else"};
    assert_int_equal(enter(&d, &result), ANSWER_UNAUTHORIZED);
    assert_int_equal(d.count, 3);
}

static void test_register_layer_1_needs_its_token(void **state)
{
    struct door d = {.opens_for = "code", .body = LAYER_1};
    struct register_result result;

    (void)state;
    assert_int_equal(enter(&d, &result), ANSWER_DONE);
    assert_string_equal(result.reg.token, "abc");
    assert_string_equal(result.reg.features, "");
    d = (struct door){.opens_for = "code", .body = "{\"session_id\":5}"};
    assert_int_equal(enter(&d, &result), ANSWER_NOT_ACK);
    d = (struct door){.opens_for = "code",
                      .body = "{\"session_id\":5,\"token\":\"a b\"}"};
    assert_int_equal(enter(&d, &result), ANSWER_NOT_ACK);
}

/* --- heartbeats --- */

static void test_beat_body_is_as_the_wire_has_it(void **state)
{
    struct client_session s = session("batch");
    struct client_counts counts = {.head_seq = 12,
                                   .pending = 3,
                                   .dead = 1,
                                   .bytes = 900,
                                   .oldest_wall_ns = 5 * CLOCK_NS_PER_S};
    OWN(board_close)
    struct board *b = NULL;
    OWN(json_free)
    struct json *doc = NULL;
    OWN_BUF struct buf body = BUF_EMPTY;
    struct wire_problems problems;
    struct beat_scope scope = {.session = &s,
                               .counts = &counts,
                               .wall_ns = 65 * CLOCK_NS_PER_S,
                               .boot_ns = 1000 * CLOCK_NS_PER_S,
                               .disk_free_bytes = 4096};
    int fd;

    (void)state;
    assert_int_equal(board_create(&b, &fd), WS_OK);
    close(fd);
    b->role[BOARD_AI].pid = 77;
    b->role[BOARD_AI].alive_boot_ns = 999 * CLOCK_NS_PER_S;
    b->role[BOARD_CAPTURE].pid = 78;
    b->role[BOARD_CAPTURE].alive_boot_ns = 900 * CLOCK_NS_PER_S;
    scope.board = b;
    assert_int_equal(beat_body(&scope, &body), WS_OK);
    assert_null(strstr(body.data, "cpu_share")); /* not known yet: left out */
    assert_null(strstr(body.data, "pss_bytes"));
    buf_clear(&body);
    b->cpu_ppm = 4300;
    b->pss_bytes = 50331648;
    assert_int_equal(beat_body(&scope, &body), WS_OK);
    assert_int_equal(json_parse(body.data, body.len, &doc, NULL), WS_OK);
    assert_int_equal(wire_check(&wire_heartbeat, doc, &problems), WS_OK);
    assert_int_equal(json_int(json_get(doc, "head_seq"), 0), 12);
    assert_int_equal(json_int(json_get(doc, "disk_free_bytes"), 0), 4096);
    assert_true(json_number(json_get(doc, "cpu_share"), 0) == 0.0043);
    assert_int_equal(json_int(json_get(doc, "pss_bytes"), 0), 50331648);
    assert_int_equal(json_int(json_get(json_get(doc, "queue"), "oldest_s"), 0),
                     60);
    assert_non_null(strstr(body.data, "{\"name\":\"ai\",\"alive\":true,"));
    assert_non_null(
        strstr(body.data, "{\"name\":\"capture\",\"alive\":false,"));
    s = session("");
    buf_clear(&body);
    assert_int_equal(beat_body(&scope, &body), WS_OK);
    assert_int_equal(body.len, 0); /* layer 1: an empty body */
}

static struct beat_news read_news(int status, const char *body)
{
    struct transport_answer a = {.status = status};
    struct beat_news news;

    buf_append_text(&a.body, body);
    beat_read(&a, 0, 0, &news);
    buf_fini(&a.body);
    return news;
}

static void test_beat_answers_mean_what_the_table_says(void **state)
{
    (void)state;
    assert_int_equal(read_news(200, "{\"status\":\"alive\"}").result,
                     BEAT_HEARD);
    assert_int_equal(read_news(200, "<html>").result, BEAT_AWAY);
    assert_int_equal(read_news(200, "{}").result, BEAT_AWAY);
    assert_int_equal(read_news(403, "{\"error\":\"x\"}").result,
                     BEAT_UNAUTHORIZED);
    assert_int_equal(read_news(403, "<html>").result, BEAT_AWAY);
    assert_int_equal(read_news(404, "{\"error\":\"x\"}").result,
                     BEAT_WRONG_SERVER);
    assert_int_equal(read_news(503, "{\"error\":\"x\"}").result, BEAT_AWAY);
    assert_int_equal(read_news(0, "").result, BEAT_AWAY);
}

static void test_beat_offset_is_from_the_middle_of_the_exchange(void **state)
{
    static const char body[] = "{\"status\":\"alive\",\"features\":[\"batch\"],"
                               "\"server_time\":\"1970-01-01T00:00:12Z\"}";
    struct transport_answer a = {.status = 200};
    struct beat_news news;

    (void)state;
    buf_append_text(&a.body, body);
    beat_read(&a, 8 * CLOCK_NS_PER_S, 10 * CLOCK_NS_PER_S, &news);
    buf_fini(&a.body);
    assert_true(news.layer_2);
    assert_true(news.has_time);
    assert_int_equal(news.clock_offset_ms, 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_layer_2_is_a_word_of_the_list),
        cmocka_unit_test(test_request_batch_carries_frozen_bytes),
        cmocka_unit_test(test_request_large_batch_is_gzip),
        cmocka_unit_test(test_request_session_adds_the_tokens_hash),
        cmocka_unit_test(test_request_layer_1_has_a_key_and_the_bare_payload),
        cmocka_unit_test(test_request_picture_is_a_form_of_texts),
        cmocka_unit_test(test_register_tries_code_then_earlier_then_nothing),
        cmocka_unit_test(test_register_layer_1_needs_its_token),
        cmocka_unit_test(test_beat_body_is_as_the_wire_has_it),
        cmocka_unit_test(test_beat_answers_mean_what_the_table_says),
        cmocka_unit_test(test_beat_offset_is_from_the_middle_of_the_exchange),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
