/* test_outbox_room.c - pictures, the byte budget, full disks, tidying, and
 * what a transaction that fails leaves behind. */
#include "tests/agent/queue_rig.h"

#include "agent/outbox/outbox_list.h"
#include "agent/outbox/outbox_priv.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void test_outbox_picture_goes_with_its_delivery(void **state)
{
    struct client_batch b = {0};
    char byte[2] = "";
    uint64_t seq;

    (void)state;
    rig_register();
    assert_int_equal(rig_put_picture('x', 5000, &seq), WS_OK);
    assert_int_equal(rig_put_picture('x', 5000, &seq), WS_OK); /* the same */
    assert_int_equal(rig_pictures(), 1);
    assert_int_equal(rig_lease_count(10), 0); /* not in the lane of rows */
    assert_int_equal(rig_lease(CLIENT_LANE_PICTURES, 1, &b), WS_OK);
    assert_int_equal(b.leases[0].picture_len, 5000);
    assert_int_equal(read(b.leases[0].picture_fd, byte, 1), 1);
    assert_int_equal(byte[0], 'x');
    client_batch_fini(&b);
    assert_int_equal(rig_settle(2, CLIENT_DELIVERED, NULL), WS_OK);
    assert_int_equal(rig_pictures(), 1); /* the other still needs it */
    assert_int_equal(rig_settle(3, CLIENT_DELIVERED, NULL), WS_OK);
    assert_int_equal(rig_pictures(), 0);
    rig_check_law();
}

static void damage_picture(void)
{
    DIR *d = opendir(rig.pictures);
    struct dirent *entry;
    char path[400];
    FILE *f;

    while ((entry = readdir(d)) && entry->d_name[0] == '.')
        ;
    snprintf(path, sizeof(path), "%s/%s", rig.pictures, entry->d_name);
    closedir(d);
    f = fopen(path, "r+");
    fputc('!', f);
    fclose(f);
}

static void test_outbox_damaged_picture_is_a_dead_letter(void **state)
{
    struct client_batch b = {0};
    uint64_t seq;

    (void)state;
    rig_register();
    assert_int_equal(rig_put_picture('x', 5000, &seq), WS_OK);
    assert_int_equal(rig_put_picture('y', 5000, &seq), WS_OK);
    assert_int_equal(rig_settle(3, CLIENT_DELIVERED, NULL), WS_OK);
    damage_picture();
    assert_int_equal(rig_lease(CLIENT_LANE_PICTURES, 1, &b), WS_NOTFOUND);
    assert_int_equal(rig_counts().dead, 1);
    rig_check_law();
}

static void test_outbox_tidy_collects_orphans_after_a_grace(void **state)
{
    char path[200];
    FILE *f;
    uint64_t seq;

    (void)state;
    assert_int_equal(rig_put_picture('x', 100, &seq), WS_OK);
    snprintf(path, sizeof(path), "%s/%064d", rig.pictures, 0);
    f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
    assert_int_equal(outbox_tidy(rig.outbox, 600), WS_OK);
    assert_int_equal(rig_pictures(), 2); /* too young */
    assert_int_equal(outbox_tidy(rig.outbox, 0), WS_OK);
    assert_int_equal(rig_pictures(), 1);
    assert_int_equal(access(path, F_OK), -1);
}

static void test_outbox_tidy_keeps_the_newest_sent(void **state)
{
    struct client_counts before;
    int i;

    (void)state;
    rig_close();
    rig.options.keep_sent = 5;
    rig_open();
    assert_int_equal(outbox_session_resume(rig.outbox, 1), WS_OK);
    rig_register();
    for (i = 2; i < 30; i++) {
        rig_put_ok(i);
        assert_int_equal(rig_settle((uint64_t)i, CLIENT_DELIVERED, NULL),
                         WS_OK);
    }
    before = rig_counts();
    assert_int_equal(outbox_tidy(rig.outbox, 600), WS_OK);
    assert_true(rig_counts().bytes < before.bytes / 3);
    assert_int_equal(rig_counts().delivered, 29);
    rig_check_law();
}

/* --- the byte budget --- */

static void budget(int64_t bytes)
{
    rig_close();
    rig.options.max_bytes = bytes;
    rig_open();
    assert_int_equal(outbox_session_resume(rig.outbox, 1), WS_OK);
}

static void test_outbox_over_budget_evicts_pictures_first(void **state)
{
    uint64_t seq;
    int i;

    (void)state;
    rig_register();
    budget(40000);
    rig_put_ok(1);
    assert_int_equal(rig_put_picture('a', 15000, &seq), WS_OK);
    assert_int_equal(rig_put_picture('b', 15000, &seq), WS_OK);
    for (i = 0; i < 20; i++)
        rig_put_ok(i);
    assert_true(rig_counts().bytes <= 40000);
    assert_int_equal(rig_counts().dropped, 1);
    assert_int_equal(rig_pictures(), 1); /* the younger one */
    rig_check_law();
}

static void test_outbox_eviction_makes_tombstone(void **state)
{
    char payload[1024];
    int i;

    (void)state;
    rig_register();
    budget(8192);
    for (i = 0; i < 30; i++)
        rig_put_ok(i);
    assert_true(rig_counts().bytes <= 8192);
    assert_true(rig_counts().dropped > 0);
    /* The oldest went: seq 2 and what follows it, told as an interval. */
    do
        rig_next_payload(payload, sizeof(payload));
    while (!strstr(payload, "evicted"));
    assert_non_null(strstr(payload, "\"seqs\":[[2,"));
    rig_check_law();
}

static void test_outbox_over_budget_forgets_sent_before_unsent(void **state)
{
    int i;

    (void)state;
    rig_register();
    budget(12000);
    for (i = 2; i < 12; i++) {
        rig_put_ok(i);
        assert_int_equal(rig_settle((uint64_t)i, CLIENT_DELIVERED, NULL),
                         WS_OK);
    }
    for (i = 0; i < 12; i++)
        rig_put_ok(i);
    assert_int_equal(rig_counts().dropped, 0);
    assert_true(rig_counts().bytes <= 12000);
    rig_check_law();
}

static void test_outbox_nothing_to_evict_is_full(void **state)
{
    uint64_t seq = 0;
    int i;

    (void)state;
    rig_register();
    budget(6000);
    for (i = 0; i < 5; i++)
        rig_put_ok(i);
    assert_int_equal(rig_lease_count(100), 5); /* what is lent stays */
    for (i = 0; i < 20; i++)
        if (rig_put(i, NULL, &seq) == WS_FULL)
            break;
    assert_true(i < 20);
    outbox_lose(rig.outbox, 1);
    rig_check_law();
    assert_int_equal(outbox_release(rig.outbox), WS_OK);
    rig_put_ok(1);
    assert_true(rig_counts().dropped >= 2); /* evicted, and the lost one */
    rig_check_law();
}

/* --- a full disk --- */

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_outbox_full_disk_loses_nothing_and_passes(void **state)
{
    struct client_counts full;
    uint64_t seq = 0;
    enum err e = WS_OK;
    int n;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    rig_register();
    limit_files(600000);
    for (n = 0; n < 5000 && !e; n++)
        e = n % 2 ? rig_put(n, NULL, &seq)
                  : rig_put_picture((char)n, 3000, &seq);
    full = rig_counts();
    assert_int_equal(e, WS_FULL);
    assert_int_equal(full.head_seq, seq); /* the failed one took no seq */
    assert_int_equal(rig_put(1, NULL, &seq), WS_FULL); /* still */
    limit_files(RLIM_INFINITY);
    assert_int_equal(rig_put(1, NULL, &seq), WS_OK);
    assert_int_equal(seq, full.head_seq + 1);
    rig_check_law();
    rig_close();
    rig_open();
    assert_int_equal(outbox_session_resume(rig.outbox, 1), WS_OK);
    assert_int_equal(rig_counts().head_seq, seq);
    rig_check_law();
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

#define RIG_EVENT "{\"event\":\"e\",\"at\":\"2026-11-22T12:00:00Z\"}"

/* The tombstone finds no room after its item was marked: neither holds. */
static void test_outbox_no_room_to_bury_buries_nothing(void **state)
{
    struct client_batch b = {0};
    uint64_t seq;

    (void)state;
    rig_register();
    assert_int_equal(rig_put_picture('x', 5000, &seq), WS_OK);
    damage_picture();
    assert_int_equal(
        db_exec(rig.outbox->db, "PRAGMA max_page_count=1"), /* as it is */
        WS_OK);
    while (put_text(WIRE_ITEM_EVENT, RIG_EVENT) == WS_OK)
        seq++;
    assert_int_equal(rig_lease(CLIENT_LANE_PICTURES, 1, &b), WS_FULL);
    assert_int_equal(rig_counts().dead, 0);
    assert_int_equal(db_exec(rig.outbox->db, "PRAGMA max_page_count=1000000"),
                     WS_OK);
    assert_int_equal(rig_lease(CLIENT_LANE_PICTURES, 1, &b), WS_NOTFOUND);
    assert_int_equal(rig_counts().dead, 1);
    assert_int_equal(rig_counts().head_seq, seq + 1); /* the tombstone */
    rig_check_law();
}

/* --- transactions --- */

static void test_outbox_failed_verb_leaves_its_neighbours(void **state)
{
    uint64_t seq = 0;

    (void)state;
    assert_int_equal(outbox_begin(rig.outbox), WS_OK);
    assert_int_equal(rig_put(1, NULL, &seq), WS_OK);
    assert_int_equal(put_text(WIRE_ITEM_METRIC, "{}"), WS_INVALID);
    assert_int_equal(outbox_settle(rig.outbox, "no such session", NULL, 0),
                     WS_NOTFOUND);
    assert_int_equal(rig_put(2, NULL, &seq), WS_OK);
    assert_int_equal(outbox_commit(rig.outbox), WS_OK);
    assert_int_equal(seq, 3);
    assert_int_equal(rig_counts().recorded, 3);
    rig_check_law();
}

static void test_outbox_rollback_forgets_numbers_too(void **state)
{
    struct client_counts before, after;
    uint64_t seq = 0;

    (void)state;
    before = rig_counts();
    assert_int_equal(outbox_begin(rig.outbox), WS_OK);
    assert_int_equal(rig_put(1, NULL, &seq), WS_OK);
    outbox_rollback(rig.outbox);
    after = rig_counts();
    assert_memory_equal(&before, &after, sizeof(before));
    assert_int_equal(rig_put_ok(1), 2);
    rig_check_law();
}

/* "captured":N of today */
static const char *today(void)
{
    static char text[256];
    OWN_BUF struct buf out = BUF_EMPTY;
    struct jsonw w;

    jsonw_init(&w, &out);
    outbox_list_today(rig.outbox, &w);
    snprintf(text, sizeof(text), "%s", buf_text(&out));
    return text;
}

static void test_outbox_looking_at_a_new_day_does_not_begin_it(void **state)
{
    (void)state;
    rig_put_ok(1);
    assert_non_null(strstr(today(), "\"captured\":1"));
    rig.wall_ns += 86400 * CLOCK_NS_PER_S;
    assert_non_null(strstr(today(), "\"captured\":0"));
    assert_int_equal(outbox_settle(rig.outbox, "no such session", NULL, 0),
                     WS_NOTFOUND); /* a verb that fails goes back */
    rig_put_ok(2);
    rig_close();
    rig_open();
    assert_non_null(strstr(today(), "\"captured\":1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_CASE(test_outbox_picture_goes_with_its_delivery),
        RIG_CASE(test_outbox_damaged_picture_is_a_dead_letter),
        RIG_CASE(test_outbox_tidy_collects_orphans_after_a_grace),
        RIG_CASE(test_outbox_tidy_keeps_the_newest_sent),
        RIG_CASE(test_outbox_over_budget_evicts_pictures_first),
        RIG_CASE(test_outbox_eviction_makes_tombstone),
        RIG_CASE(test_outbox_over_budget_forgets_sent_before_unsent),
        RIG_CASE(test_outbox_nothing_to_evict_is_full),
        RIG_CASE(test_outbox_full_disk_loses_nothing_and_passes),
        RIG_CASE(test_outbox_no_room_to_bury_buries_nothing),
        RIG_CASE(test_outbox_failed_verb_leaves_its_neighbours),
        RIG_CASE(test_outbox_rollback_forgets_numbers_too),
        RIG_CASE(test_outbox_looking_at_a_new_day_does_not_begin_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
