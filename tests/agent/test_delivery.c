/* test_delivery.c - each row of wire.md's last table as a test.
 *
 * Goal: a server is a function from the seqs of a request to an answer; the
 * real state machine runs against it until everything is settled.
 */
#include "agent/upload/backoff.h"
#include "agent/upload/delivery.h"
#include "core/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct env env;

static int64_t fixed_wall(void *ctx)
{
    (void)ctx;
    return INT64_C(1795000000) * CLOCK_NS_PER_S;
}

struct world {
    struct delivery d;
    struct client_batch batch;
    struct client_lease leases[64];
    int verdict[70]; /* enum client_verdict by seq; -1: none yet */
    char reason[70][DELIVERY_REASON_BYTES];
    int requests, waits;
    int64_t last_wait_ms;
};

static struct world w;

static void begin(size_t count, bool one_by_one)
{
    size_t i;

    env = env_system;
    env.wall_ns = fixed_wall;
    memset(&w, 0, sizeof(w));
    memset(w.verdict, -1, sizeof(w.verdict));
    delivery_init(&w.d, &env);
    for (i = 0; i < count; i++)
        w.leases[i] = (struct client_lease){.seq = i + 2};
    w.batch = (struct client_batch){.leases = w.leases, .count = count};
    delivery_take(&w.d, &w.batch, one_by_one);
}

static void collect(void)
{
    size_t i;

    for (i = 0; i < w.d.result_count; i++) {
        const struct client_result *r = &w.d.results[i];

        assert_int_equal(w.verdict[r->seq], -1); /* settled once only */
        w.verdict[r->seq] = (int)r->verdict;
        snprintf(w.reason[r->seq], sizeof(w.reason[0]), "%s",
                 r->reason ? r->reason : "");
    }
    delivery_settled(&w.d);
}

/* Send the next range and give it this answer. */
static void answer_with(int status, const char *body)
{
    struct transport_answer t = {.status = status,
                                 .retry_after_s = TRANSPORT_NO_RETRY_AFTER};
    struct answer a;

    buf_append_text(&t.body, body);
    answer_read(&t, answer_is_batch, &a);
    delivery_answered(&w.d, &a, 0);
    w.requests++;
    if (w.d.wait_ms > 0) {
        w.waits++;
        w.last_wait_ms = w.d.wait_ms;
    }
    collect();
    answer_fini(&a);
    buf_fini(&t.body);
}

/* "accepted" for each seq of the range. */
static void accept_range(const struct delivery_range *r)
{
    OWN_BUF struct buf body = BUF_EMPTY;
    size_t i;

    buf_append_text(&body, "{\"results\":[");
    for (i = 0; i < r->count; i++)
        buf_printf(&body, "%s{\"seq\":%llu,\"status\":\"accepted\",\"id\":9}",
                   i ? "," : "", (unsigned long long)w.d.seqs[r->first + i]);
    buf_append_text(&body, "]}");
    answer_with(200, buf_text(&body));
}

static bool holds(const struct delivery_range *r, uint64_t seq)
{
    size_t i;

    for (i = 0; i < r->count; i++)
        if (w.d.seqs[r->first + i] == seq)
            return true;
    return false;
}

/* A server that answers so to every request with this seq in it. */
static void run_poisoned(uint64_t poison, int status, const char *body,
                         int most)
{
    struct delivery_range r;

    while (delivery_next(&w.d, &r) && w.requests < most) {
        if (holds(&r, poison))
            answer_with(status, body);
        else
            accept_range(&r);
    }
}

#define PROBLEM(type)                                                          \
    "{\"type\":\"/problems/" type "\",\"error\":\"x\",\"detail\":\"bad\"}"

#define LINE(seq, status) "{\"seq\":" #seq ",\"status\":\"" status "\"}"
#define REJECTED(seq, type)                                                    \
    "{\"seq\":" #seq ",\"status\":\"rejected\",\"problem\":" PROBLEM(type) "}"

static void assert_verdicts(uint64_t from, uint64_t to, int verdict)
{
    for (; from <= to; from++)
        assert_int_equal(w.verdict[from], verdict);
}

/* --- rows of the table --- */

static void test_delivery_2xx_with_list_settles_each_item(void **state)
{
    static const char body[] = "{\"results\":[" LINE(2, "accepted") "," LINE(
        3, "duplicate") "," REJECTED(4, "bad-item") "," LINE(5, "retry") "]}";

    (void)state;
    begin(5, false);
    answer_with(200, body);
    assert_verdicts(2, 3, CLIENT_DELIVERED);
    assert_verdicts(4, 4, CLIENT_BURY);
    assert_string_equal(w.reason[4], "400 bad");
    assert_verdicts(5, 5, CLIENT_RETRY);
    assert_verdicts(6, 6, CLIENT_RETRY); /* the list is the ack: not in it */
    assert_int_equal(w.d.queued, 0);
    assert_int_equal(w.d.wait_ms, 0);
}

static void test_delivery_list_in_another_order_is_matched_by_seq(void **state)
{
    static const char body[] = "{\"results\":[" LINE(4, "accepted") "," LINE(
        99, "accepted") "," LINE(2, "retry") "," LINE(3, "duplicate") "]}";

    (void)state;
    begin(3, false);
    answer_with(200, body);
    assert_verdicts(2, 2, CLIENT_RETRY);
    assert_verdicts(3, 4, CLIENT_DELIVERED);
}

static void test_delivery_portal_page_acknowledges_nothing(void **state)
{
    static const char *const pages[] = {"<html>Welcome to the hotel</html>",
                                        "",
                                        "{}",
                                        "[]",
                                        "{\"status\":\"ok\"}",
                                        "{\"results\":\"all fine\"}"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        begin(3, false);
        answer_with(200, pages[i]);
        assert_verdicts(2, 4, -1);
        assert_int_equal(w.d.queued, 1);
        assert_true(w.d.attempts == 1);
        assert_non_null(strstr(w.d.reason, "portal"));
    }
}

static void test_delivery_4xx_of_a_proxy_is_retried(void **state)
{
    static const int codes[] = {400, 401, 403, 404, 405, 407, 410, 422, 426};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        begin(2, false);
        answer_with(codes[i], "<html>denied by policy</html>");
        assert_verdicts(2, 3, -1);
        assert_int_equal(w.d.queued, 1);
        assert_int_equal(w.d.attempts, 1);
        assert_non_null(strstr(w.d.reason, "proxy"));
    }
}

static void test_delivery_413_of_a_proxy_halves_and_waits(void **state)
{
    struct delivery_range r;

    (void)state;
    begin(8, false);
    answer_with(413, "too much");
    assert_int_equal(w.d.attempts, 1);
    assert_int_equal(w.d.max_batch, 4);
    assert_true(delivery_next(&w.d, &r));
    assert_int_equal(r.count, 4);
    assert_verdicts(2, 9, -1);
}

static void test_delivery_413_of_the_server_halves_at_once(void **state)
{
    struct delivery_range r;

    (void)state;
    begin(8, false);
    answer_with(413, PROBLEM("too-large"));
    assert_int_equal(w.d.wait_ms, 0);
    assert_true(delivery_next(&w.d, &r));
    assert_int_equal(r.count, 4);
    accept_range(&r);
    assert_int_equal(w.d.max_batch, 8); /* it grows again */
}

static void test_delivery_413_on_one_item_is_a_dead_letter(void **state)
{
    (void)state;
    begin(1, false);
    answer_with(413, PROBLEM("too-large"));
    assert_verdicts(2, 2, CLIENT_BURY);
}

static void test_delivery_refused_batch_is_bisected_to_the_poison(void **state)
{
    static const int codes[] = {400, 413, 422};
    size_t i;

    (void)state;
    for (i = 0; i < 3; i++) {
        begin(64, false);
        run_poisoned(37, codes[i], PROBLEM("bad-item"), 100);
        assert_verdicts(2, 36, CLIENT_DELIVERED);
        assert_verdicts(37, 37, CLIENT_BURY);
        assert_verdicts(38, 65, CLIENT_DELIVERED);
        assert_int_equal(w.requests, 13); /* 1 + 2 for each of 6 cuts */
        assert_int_equal(w.waits, 0);
    }
}

static void test_delivery_401_403_pause_and_charge_nothing(void **state)
{
    static const int codes[] = {401, 403};
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        begin(3, false);
        answer_with(codes[i], PROBLEM("token"));
        assert_verdicts(2, 4, CLIENT_PAUSE);
        assert_int_equal(w.d.state, BOARD_LANE_UNAUTHORIZED);
        assert_int_equal(w.d.attempts, 0);
        assert_int_equal(w.d.wait_ms, 0); /* other sessions may flow */
    }
}

static void test_delivery_404_405_426_give_back_and_wait(void **state)
{
    static const int codes[] = {404, 405, 426};
    size_t i;

    (void)state;
    for (i = 0; i < 3; i++) {
        begin(3, false);
        answer_with(codes[i], PROBLEM("not-found"));
        assert_verdicts(2, 4, CLIENT_RETURN);
        assert_int_equal(w.d.state, BOARD_LANE_WRONG_SERVER);
        assert_true(w.d.wait_ms >= 60000);
    }
}

static void test_delivery_410_of_ours_is_erased(void **state)
{
    (void)state;
    begin(2, false);
    answer_with(410, PROBLEM("erased"));
    assert_verdicts(2, 3, CLIENT_ERASED);
    begin(2, false);
    answer_with(410, PROBLEM("something-else"));
    assert_verdicts(2, 3, -1); /* kept, retried */
}

static void test_delivery_unknown_answers_are_retried_for_ever(void **state)
{
    static const int codes[] = {0,   100, 301, 302, 307, 308,
                                402, 408, 409, 418, 429, 600};
    size_t i;
    int n;

    (void)state;
    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        begin(1, false);
        for (n = 0; n < 40; n++)
            answer_with(codes[i], PROBLEM("whatever"));
        assert_verdicts(2, 2, -1);
        assert_int_equal(w.d.queued, 1);
        assert_int_equal(w.d.attempts, 40);
        assert_in_range(w.d.wait_ms, 0, BACKOFF_CAP_MS);
        assert_int_equal(w.d.state, BOARD_LANE_BACKING_OFF);
    }
}

static void test_delivery_seq_reused_moves_the_session(void **state)
{
    static const char body[] =
        "{\"results\":[" LINE(2, "accepted") "," REJECTED(
            3, "seq-reused") "," LINE(4, "accepted") "," LINE(5, "retry") "]}";

    (void)state;
    begin(4, false);
    answer_with(200, body);
    assert_verdicts(3, 3, CLIENT_MOVE);
    begin(2, true);
    answer_with(422, PROBLEM("seq-reused"));
    assert_verdicts(2, 2, CLIENT_MOVE);
    assert_int_equal(w.d.queued, 0);
}

/* --- 5xx --- */

static void test_delivery_5xx_three_times_splits_the_batch(void **state)
{
    struct delivery_range r;

    (void)state;
    begin(8, false);
    answer_with(500, "");
    answer_with(503, "");
    assert_int_equal(w.d.queued, 1);
    answer_with(500, "");
    assert_int_equal(w.d.queued, 2);
    assert_true(delivery_next(&w.d, &r));
    assert_int_equal(r.count, 4);
    assert_verdicts(2, 9, -1);
}

static void test_delivery_poison_that_breaks_the_server_is_parked(void **state)
{
    (void)state;
    begin(16, false);
    run_poisoned(9, 500, "", 200);
    assert_verdicts(2, 8, CLIENT_DELIVERED);
    assert_verdicts(9, 9, CLIENT_PARK);
    assert_verdicts(10, 17, CLIENT_DELIVERED);
}

static void test_delivery_outage_parks_and_buries_nothing(void **state)
{
    struct delivery_range r;
    uint64_t seq;
    int n;

    (void)state;
    begin(8, false);
    for (n = 0; n < 300 && delivery_next(&w.d, &r); n++)
        answer_with(503, PROBLEM("busy"));
    for (seq = 2; seq <= 9; seq++)
        assert_true(w.verdict[seq] == -1 || w.verdict[seq] == CLIENT_RETRY);
}

static void test_delivery_one_failed_5xx_then_success_delivers(void **state)
{
    struct delivery_range r;

    (void)state;
    begin(4, false);
    answer_with(502, "<html>bad gateway</html>");
    assert_true(delivery_next(&w.d, &r));
    accept_range(&r);
    assert_verdicts(2, 5, CLIENT_DELIVERED);
    assert_int_equal(w.d.attempts, 0);
}

/* --- sessions --- */

static void refuse_session(int status, const char *body)
{
    struct transport_answer t = {.status = status,
                                 .retry_after_s = TRANSPORT_NO_RETRY_AFTER};
    struct answer a;

    begin(1, false);
    buf_append_text(&t.body, body);
    answer_read(&t, answer_is_session, &a);
    delivery_refused(&w.d, &a, BACKOFF_REGISTER_CAP_MS);
    collect();
    answer_fini(&a);
    buf_fini(&t.body);
}

static void test_delivery_refused_session_is_never_lost(void **state)
{
    (void)state;
    refuse_session(400, PROBLEM("bad-session"));
    assert_verdicts(2, 2, CLIENT_PARK);
    refuse_session(403, PROBLEM("enrollment"));
    assert_verdicts(2, 2, CLIENT_PAUSE);
    refuse_session(404, PROBLEM("not-found"));
    assert_verdicts(2, 2, CLIENT_RETURN);
    refuse_session(0, "");
    assert_verdicts(2, 2, CLIENT_RETURN);
    assert_int_equal(w.d.attempts, 1);
    refuse_session(200, "<html>portal</html>");
    assert_verdicts(2, 2, CLIENT_RETURN);
}

/* --- layer 1 --- */

static void test_delivery_one_by_one_sends_single_items(void **state)
{
    struct delivery_range r;
    struct transport_answer t = {.status = 201,
                                 .retry_after_s = TRANSPORT_NO_RETRY_AFTER};
    struct answer a;

    (void)state;
    begin(2, true);
    assert_int_equal(w.d.queued, 2);
    assert_true(delivery_next(&w.d, &r));
    assert_int_equal(r.count, 1);
    buf_append_text(&t.body, "{\"ai_metric_id\":7,\"status\":\"ok\"}");
    answer_read(&t, answer_is_metric, &a);
    assert_int_equal(a.meaning, ANSWER_DONE);
    delivery_answered(&w.d, &a, 7);
    assert_int_equal(w.d.results[0].server_id, 7);
    collect();
    assert_verdicts(2, 2, CLIENT_DELIVERED);
    delivery_settle(&w.d, 1, CLIENT_KEEP, "layer 1");
    collect();
    assert_verdicts(3, 3, CLIENT_KEEP);
    answer_fini(&a);
    buf_fini(&t.body);
}

/* --- waiting --- */

static void test_delivery_retry_after_outlasts_a_heartbeat(void **state)
{
    struct transport_answer t = {.status = 503, .retry_after_s = 7};
    struct answer a;

    (void)state;
    begin(1, false);
    answer_read(&t, answer_is_batch, &a);
    delivery_answered(&w.d, &a, 0);
    assert_true(w.d.wait_ms >= 7000);
    assert_false(w.d.wait_may_end);
    answer_fini(&a);
    begin(1, false);
    answer_with(0, "");
    assert_true(w.d.wait_may_end); /* no answer: a heartbeat ends it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delivery_2xx_with_list_settles_each_item),
        cmocka_unit_test(test_delivery_list_in_another_order_is_matched_by_seq),
        cmocka_unit_test(test_delivery_portal_page_acknowledges_nothing),
        cmocka_unit_test(test_delivery_4xx_of_a_proxy_is_retried),
        cmocka_unit_test(test_delivery_413_of_a_proxy_halves_and_waits),
        cmocka_unit_test(test_delivery_413_of_the_server_halves_at_once),
        cmocka_unit_test(test_delivery_413_on_one_item_is_a_dead_letter),
        cmocka_unit_test(test_delivery_refused_batch_is_bisected_to_the_poison),
        cmocka_unit_test(test_delivery_401_403_pause_and_charge_nothing),
        cmocka_unit_test(test_delivery_404_405_426_give_back_and_wait),
        cmocka_unit_test(test_delivery_410_of_ours_is_erased),
        cmocka_unit_test(test_delivery_unknown_answers_are_retried_for_ever),
        cmocka_unit_test(test_delivery_seq_reused_moves_the_session),
        cmocka_unit_test(test_delivery_5xx_three_times_splits_the_batch),
        cmocka_unit_test(test_delivery_poison_that_breaks_the_server_is_parked),
        cmocka_unit_test(test_delivery_outage_parks_and_buries_nothing),
        cmocka_unit_test(test_delivery_one_failed_5xx_then_success_delivers),
        cmocka_unit_test(test_delivery_refused_session_is_never_lost),
        cmocka_unit_test(test_delivery_one_by_one_sends_single_items),
        cmocka_unit_test(test_delivery_retry_after_outlasts_a_heartbeat),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
