/* test_outbox.c - the promises of agent/outbox/outbox.h. */
#include "tests/agent/queue_rig.h"

static void test_outbox_session_is_item_one(void **state)
{
    struct client_batch b = {0};

    (void)state;
    assert_int_equal(rig_put_ok(1), 2);
    assert_int_equal(rig_lease(CLIENT_LANE_ROWS, 10, &b), WS_OK);
    assert_int_equal(b.count, 1);
    assert_int_equal(b.leases[0].seq, 1);
    assert_int_equal(b.leases[0].kind, WIRE_ITEM_SESSION);
    assert_non_null(strstr(buf_text(&b.leases[0].payload), "session_uid"));
    assert_null(strstr(buf_text(&b.leases[0].payload), b.session.token));
    client_batch_fini(&b);
    assert_int_equal(rig_lease_count(10), 0); /* its session must go first */
    rig_register();
    assert_int_equal(rig_lease_count(10), 1);
    rig_check_law();
}

static void test_outbox_put_seqs_are_gap_free(void **state)
{
    uint64_t seq;
    int i;

    (void)state;
    for (i = 2; i < 20; i++) {
        if (i % 5 == 0)
            rig_close(), rig_open(),
                assert_int_equal(outbox_session_resume(rig.outbox, 1), WS_OK);
        assert_int_equal(rig_put_ok(i), i);
    }
    /* A put that fails takes no seq. */
    assert_int_equal(rig_put_picture('x', 1, &seq), WS_OK);
    assert_int_equal(seq, 20);
}

static void test_outbox_put_twice_same_request_stores_once(void **state)
{
    const uint8_t request[OUTBOX_REQUEST_BYTES] = {1, 2, 3};
    uint64_t first = 0, again = 0;

    (void)state;
    assert_int_equal(rig_put(1, request, &first), WS_OK);
    rig_close();
    rig_open();
    assert_int_equal(outbox_session_resume(rig.outbox, 1), WS_OK);
    assert_int_equal(rig_put(1, request, &again), WS_OK);
    assert_int_equal(first, again);
    assert_int_equal(rig_counts().recorded, 2);
}

static void test_outbox_put_payload_bytes_are_frozen(void **state)
{
    char payload[1024];

    (void)state;
    rig_register();
    rig_put_ok(1);
    rig_next_payload(payload, sizeof(payload));
    assert_non_null(strstr(payload, "\"productivity_score\":71.0,"));
}

static enum err put_text(enum wire_item_kind kind, const char *text)
{
    struct client_item item = {.kind = kind,
                               .payload = text,
                               .payload_len = strlen(text),
                               .picture_fd = -1};
    struct outbox_put put = {.items = &item, .count = 1};
    uint64_t seq;

    return outbox_put(rig.outbox, &put, &seq);
}

static void test_outbox_put_against_the_wire_is_invalid(void **state)
{
    static char big[(1 << 16) + 2];

    (void)state;
    memset(big, ' ', sizeof(big) - 1);
    assert_int_equal(put_text(WIRE_ITEM_METRIC, "{}"), WS_INVALID);
    assert_int_equal(put_text(WIRE_ITEM_METRIC, "no json"), WS_INVALID);
    assert_int_equal(put_text(WIRE_ITEM_METRIC, big), WS_INVALID);
    assert_int_equal(put_text(WIRE_ITEM_SESSION, "{}"), WS_INVALID);
    assert_int_equal(put_text(WIRE_ITEM_SCREENSHOT, "{}"), WS_INVALID);
    assert_int_equal(rig_counts().recorded, 1);
}

static void test_outbox_put_wrong_picture_stores_nothing(void **state)
{
    struct client_item item = {.kind = WIRE_ITEM_SCREENSHOT,
                               .payload =
                                   "{\"captured_at\":\"2026-11-22T12:00:00Z\"}",
                               .payload_len = 38,
                               .picture_len = 4};
    struct outbox_put put = {.items = &item, .count = 1};
    uint64_t seq;
    int pipes[2];

    (void)state;
    item.payload_len = strlen(item.payload);
    item.picture_fd = memfd_create("picture", 0);
    assert_int_equal(write(item.picture_fd, "abcd", 4), 4);
    memset(item.picture_sha256, '0', 64);
    assert_int_equal(outbox_put(rig.outbox, &put, &seq), WS_INVALID);
    close(item.picture_fd);
    assert_int_equal(pipe(pipes), 0); /* would never give its bytes */
    item.picture_fd = pipes[0];
    assert_int_equal(outbox_put(rig.outbox, &put, &seq), WS_INVALID);
    close(pipes[0]);
    close(pipes[1]);
    assert_int_equal(rig_counts().recorded, 1);
    assert_int_equal(rig_pictures(), 0);
    assert_int_equal(rig_put_ok(1), 2);
}

static void test_outbox_frames_dropped_make_one_tombstone(void **state)
{
    struct client_item item = {.kind = WIRE_ITEM_METRIC, .picture_fd = -1};
    struct outbox_put put = {.items = &item, .count = 1, .frames_dropped = 3};
    char payload[512];
    uint64_t seq;

    (void)state;
    item.payload = payload;
    item.payload_len =
        (size_t)snprintf(payload, sizeof(payload), RIG_METRIC, 1);
    assert_int_equal(outbox_put(rig.outbox, &put, &seq), WS_OK);
    assert_int_equal(rig_counts().dropped, 3);
    assert_int_equal(rig_counts().head_seq, 3);
    assert_int_equal(outbox_put(rig.outbox, &put, &seq), WS_OK);
    assert_int_equal(rig_counts().dropped, 3); /* a total, not a difference */
    assert_int_equal(rig_counts().head_seq, 4);
    put.frames_dropped = 4;
    assert_int_equal(outbox_put(rig.outbox, &put, &seq), WS_OK);
    assert_int_equal(rig_counts().dropped, 4);
    rig_check_law();
}

static void test_outbox_delivered_twice_counts_once(void **state)
{
    (void)state;
    rig_register();
    rig_put_ok(1);
    assert_int_equal(rig_settle(2, CLIENT_DELIVERED, NULL), WS_OK);
    assert_int_equal(rig_settle(2, CLIENT_DELIVERED, NULL), WS_OK);
    assert_int_equal(rig_settle(2, CLIENT_BURY, "late"), WS_OK);
    assert_int_equal(rig_counts().delivered, 2); /* with the session */
    assert_int_equal(rig_counts().pending, 0);
    rig_check_law();
}

static void test_outbox_bury_makes_a_tombstone(void **state)
{
    char payload[1024];

    (void)state;
    rig_register();
    rig_put_ok(1);
    assert_int_equal(rig_settle(2, CLIENT_BURY, "bad enum"), WS_OK);
    assert_int_equal(rig_counts().dead, 1);
    rig_next_payload(payload, sizeof(payload));
    assert_non_null(strstr(payload, "\"seqs\":[[2,2]]"));
    assert_non_null(strstr(payload, "bad enum"));
    rig_check_law();
}

static void test_outbox_dead_item_delivered_late_is_delivered(void **state)
{
    (void)state;
    rig_register();
    rig_put_ok(1);
    assert_int_equal(rig_settle(2, CLIENT_BURY, "no"), WS_OK);
    assert_int_equal(rig_settle(2, CLIENT_DELIVERED, NULL), WS_OK);
    assert_int_equal(rig_counts().dead, 0);
    rig_check_law();
}

static void test_outbox_parked_item_waits_an_hour_alone(void **state)
{
    struct client_batch b = {0};

    (void)state;
    rig_register();
    rig_put_ok(1);
    rig_put_ok(2);
    assert_int_equal(rig_settle(2, CLIENT_PARK, "500 alone"), WS_OK);
    assert_int_equal(rig_settle(3, CLIENT_DELIVERED, NULL), WS_OK);
    assert_int_equal(rig_counts().parked, 1);
    assert_int_equal(rig_counts().pending, 1);
    assert_int_equal(rig_lease_count(10), 0);
    rig.wall_ns += INT64_C(3601) * CLOCK_NS_PER_S;
    assert_int_equal(rig_lease(CLIENT_LANE_ROWS, 10, &b), WS_OK);
    assert_int_equal(b.count, 1);
    assert_int_equal(b.leases[0].seq, 2);
    client_batch_fini(&b);
    assert_int_equal(rig_settle(2, CLIENT_DELIVERED, NULL), WS_OK);
    assert_int_equal(rig_counts().parked, 0);
    rig_check_law();
}

static void test_outbox_paused_session_rests_and_registers_again(void **state)
{
    struct client_batch b = {0};

    (void)state;
    rig_register();
    rig_put_ok(1);
    assert_int_equal(rig_settle(2, CLIENT_PAUSE, "403"), WS_OK);
    assert_int_equal(rig_lease_count(10), 0);
    assert_int_equal(rig_session().session_id, 7); /* heartbeat still knows */
    rig.wall_ns += 2 * CLOCK_NS_PER_S;
    assert_int_equal(rig_lease(CLIENT_LANE_ROWS, 10, &b), WS_OK);
    assert_int_equal(b.leases[0].kind, WIRE_ITEM_SESSION);
    client_batch_fini(&b);
    rig_register();
    assert_int_equal(rig_counts().delivered, 1); /* the session, once */
    assert_int_equal(rig_lease_count(10), 1);
    rig_check_law();
}

static void test_outbox_enroll_renews_a_refused_token(void **state)
{
    struct client_session before, after;

    (void)state;
    rig_register();
    rig_put_ok(1);
    before = rig_session();
    assert_int_equal(rig_settle(2, CLIENT_PAUSE, "403"), WS_OK);
    assert_int_equal(outbox_enroll(rig.outbox, "bad code"), WS_INVALID);
    assert_int_equal(outbox_enroll(rig.outbox, ""), WS_INVALID);
    assert_int_equal(outbox_enroll(rig.outbox, "code-1"), WS_OK);
    after = rig_session();
    assert_string_not_equal(before.token, after.token);
    assert_string_equal(before.session_uid, after.session_uid);
    assert_string_equal(after.code, "code-1");
    assert_int_equal(rig_lease_count(10), 1); /* at once */
}

static void test_outbox_kept_item_is_not_leased_again(void **state)
{
    (void)state;
    rig_register();
    rig_put_ok(1);
    assert_int_equal(rig_settle(2, CLIENT_KEEP, "layer 1"), WS_OK);
    assert_int_equal(rig_counts().kept, 1);
    assert_int_equal(rig_lease_count(10), 0);
    rig_check_law();
}

static void test_outbox_erased_item_is_gone_and_counted(void **state)
{
    (void)state;
    rig_register();
    rig_put_ok(1);
    assert_int_equal(rig_settle(2, CLIENT_ERASED, NULL), WS_OK);
    assert_int_equal(rig_settle(2, CLIENT_ERASED, NULL), WS_OK);
    assert_int_equal(rig_counts().erased, 1);
    assert_int_equal(rig_counts().bytes > 0, 1); /* the session's row stays */
    rig_check_law();
}

static void test_outbox_moved_session_counts_no_frame_twice(void **state)
{
    struct client_item item = {.kind = WIRE_ITEM_METRIC, .picture_fd = -1};
    struct outbox_put put = {.items = &item, .count = 1, .frames_dropped = 3};
    char payload[512];
    uint64_t seq;

    (void)state;
    rig_register();
    item.payload = payload;
    item.payload_len =
        (size_t)snprintf(payload, sizeof(payload), RIG_METRIC, 1);
    assert_int_equal(outbox_put(rig.outbox, &put, &seq), WS_OK);
    assert_int_equal(rig_settle(seq, CLIENT_MOVE, "422"), WS_OK);
    assert_int_equal(outbox_put(rig.outbox, &put, &seq), WS_OK);
    assert_int_equal(rig_counts().dropped, 3);
    rig_check_law();
}

static void test_outbox_seq_reuse_moves_all_to_a_new_session(void **state)
{
    struct client_session before, after;
    struct client_batch b = {0};

    (void)state;
    rig_register();
    rig_put_ok(1);
    rig_put_ok(2);
    rig_put_ok(3);
    assert_int_equal(rig_settle(2, CLIENT_DELIVERED, NULL), WS_OK);
    before = rig_session();
    assert_int_equal(rig_settle(3, CLIENT_MOVE, "422"), WS_OK);
    after = rig_session();
    assert_string_not_equal(before.session_uid, after.session_uid);
    assert_string_not_equal(before.token, after.token);
    assert_int_equal(after.session_id, 0);
    rig_register();
    assert_int_equal(rig_lease(CLIENT_LANE_ROWS, 10, &b), WS_OK);
    assert_int_equal(b.count, 2);
    assert_int_equal(b.leases[0].seq, 2);
    assert_int_equal(b.leases[1].seq, 3);
    assert_string_equal(b.session.session_uid, after.session_uid);
    client_batch_fini(&b);
    rig_check_law();
}

static void test_outbox_seq_reuse_moves_nothing_that_arrived(void **state)
{
    const struct client_result results[] = {
        {.seq = 2, .verdict = CLIENT_MOVE},
        {.seq = 3, .verdict = CLIENT_DELIVERED, .server_id = 5},
        {.seq = 4, .verdict = CLIENT_MOVE},
    };
    struct client_batch b = {0};

    (void)state;
    rig_register();
    rig_put_ok(1);
    rig_put_ok(2);
    rig_put_ok(3);
    assert_int_equal(
        outbox_settle(rig.outbox, rig_session().session_uid, results, 3),
        WS_OK);
    rig_register();
    assert_int_equal(rig_lease(CLIENT_LANE_ROWS, 10, &b), WS_OK);
    assert_int_equal(b.count, 2);
    assert_non_null(strstr(buf_text(&b.leases[0].payload), "\"r1\""));
    assert_non_null(strstr(buf_text(&b.leases[1].payload), "\"r3\""));
    client_batch_fini(&b);
    rig_check_law();
}

static void test_outbox_seq_reuse_leaves_what_the_other_lane_holds(void **state)
{
    struct client_session before;
    struct client_result done = {.seq = 3, .verdict = CLIENT_DELIVERED};
    struct client_batch b = {0};
    uint64_t seq;

    (void)state;
    rig_register();
    rig_put_ok(1);
    assert_int_equal(rig_put_picture('x', 100, &seq), WS_OK);
    before = rig_session();
    assert_int_equal(rig_lease(CLIENT_LANE_PICTURES, 1, &b), WS_OK);
    client_batch_fini(&b);
    assert_int_equal(rig_settle(2, CLIENT_MOVE, "422"), WS_OK);
    assert_int_equal(outbox_settle(rig.outbox, before.session_uid, &done, 1),
                     WS_OK);
    rig_register();
    assert_int_equal(rig_lease(CLIENT_LANE_PICTURES, 1, &b), WS_NOTFOUND);
    assert_int_equal(rig_lease_count(10), 1);
    rig_check_law();
}

static void test_outbox_moved_tombstone_keeps_its_count(void **state)
{
    char payload[1024];

    (void)state;
    rig_register();
    rig_put_ok(1);
    rig_put_ok(2);
    assert_int_equal(rig_settle(2, CLIENT_BURY, "no"), WS_OK);
    assert_int_equal(rig_settle(3, CLIENT_MOVE, "422"), WS_OK);
    rig_register();
    rig_next_payload(payload, sizeof(payload));
    rig_next_payload(payload, sizeof(payload));
    assert_non_null(strstr(payload, "\"count\":1"));
    assert_null(strstr(payload, "seqs"));
    rig_check_law();
}

static void test_outbox_open_numbers_survive(void **state)
{
    struct client_counts before, after;

    (void)state;
    rig_register();
    rig_put_ok(1);
    rig_put_ok(2);
    assert_int_equal(rig_settle(2, CLIENT_BURY, "x"), WS_OK);
    before = rig_counts();
    rig_close();
    rig_open();
    assert_int_equal(outbox_session_resume(rig.outbox, 1), WS_OK);
    after = rig_counts();
    assert_memory_equal(&before, &after, sizeof(before));
}

static void test_outbox_older_run_keeps_its_own_token(void **state)
{
    struct client_session old = rig_session();
    struct client_batch b = {0};
    int64_t number;

    (void)state;
    rig_register();
    rig_put_ok(1);
    assert_int_equal(outbox_session_start(rig.outbox, rig_facts, &number),
                     WS_OK);
    assert_int_equal(number, 2);
    assert_int_equal(rig_lease(CLIENT_LANE_ROWS, 10, &b), WS_OK);
    assert_string_equal(b.session.session_uid, old.session_uid);
    assert_string_equal(b.session.token, old.token);
    assert_false(b.session.present);
    client_batch_fini(&b);
    assert_string_equal(rig_session().earlier, old.token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_CASE(test_outbox_session_is_item_one),
        RIG_CASE(test_outbox_put_seqs_are_gap_free),
        RIG_CASE(test_outbox_put_twice_same_request_stores_once),
        RIG_CASE(test_outbox_put_payload_bytes_are_frozen),
        RIG_CASE(test_outbox_put_against_the_wire_is_invalid),
        RIG_CASE(test_outbox_put_wrong_picture_stores_nothing),
        RIG_CASE(test_outbox_frames_dropped_make_one_tombstone),
        RIG_CASE(test_outbox_delivered_twice_counts_once),
        RIG_CASE(test_outbox_bury_makes_a_tombstone),
        RIG_CASE(test_outbox_dead_item_delivered_late_is_delivered),
        RIG_CASE(test_outbox_parked_item_waits_an_hour_alone),
        RIG_CASE(test_outbox_paused_session_rests_and_registers_again),
        RIG_CASE(test_outbox_enroll_renews_a_refused_token),
        RIG_CASE(test_outbox_kept_item_is_not_leased_again),
        RIG_CASE(test_outbox_erased_item_is_gone_and_counted),
        RIG_CASE(test_outbox_moved_session_counts_no_frame_twice),
        RIG_CASE(test_outbox_seq_reuse_moves_all_to_a_new_session),
        RIG_CASE(test_outbox_seq_reuse_moves_nothing_that_arrived),
        RIG_CASE(test_outbox_seq_reuse_leaves_what_the_other_lane_holds),
        RIG_CASE(test_outbox_moved_tombstone_keeps_its_count),
        RIG_CASE(test_outbox_open_numbers_survive),
        RIG_CASE(test_outbox_older_run_keeps_its_own_token),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
