/* queue_rig.h - an outbox in a folder of its own, with clocks that a test
 * sets; used by the tests of agent/outbox. */
#ifndef TESTS_AGENT_QUEUE_RIG_H
#define TESTS_AGENT_QUEUE_RIG_H

#include "agent/outbox/outbox.h"
#include "core/clock.h"
#include "core/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <dirent.h>
#include <sys/mman.h>

struct rig {
    char dir[64], path[96], pictures[96];
    int64_t wall_ns, boot_ns; /* what the clocks say */
    struct env env;
    struct outbox_options options;
    struct outbox *outbox;
};

static struct rig rig;

static int64_t rig_wall(void *ctx)
{
    return ((struct rig *)ctx)->wall_ns;
}

static int64_t rig_boot(void *ctx)
{
    return ((struct rig *)ctx)->boot_ns;
}

static void rig_random(void *ctx, void *out, size_t len)
{
    (void)ctx;
    env_random(&env_system, out, len);
}

__attribute__((unused)) static void rig_open(void)
{
    assert_int_equal(outbox_open(&rig.outbox, &rig.options), WS_OK);
}

__attribute__((unused)) static void rig_close(void)
{
    outbox_close(rig.outbox);
    rig.outbox = NULL;
}

static const char rig_facts[] =
    "{\"agent_name\":\"a\",\"agent_version\":\"1\",\"hostname\":\"h\","
    "\"username\":\"u\",\"ip_address\":\"UNKNOWN\"}";

__attribute__((unused)) static int rig_make(void **state)
{
    int64_t number;

    (void)state;
    memset(&rig, 0, sizeof(rig));
    snprintf(rig.dir, sizeof(rig.dir), "/tmp/test_outbox.XXXXXX");
    if (!mkdtemp(rig.dir))
        return -1;
    snprintf(rig.path, sizeof(rig.path), "%s/outbox.db", rig.dir);
    snprintf(rig.pictures, sizeof(rig.pictures), "%s/pictures", rig.dir);
    rig.wall_ns = INT64_C(1795000000) * CLOCK_NS_PER_S;
    rig.boot_ns = 1000 * CLOCK_NS_PER_S;
    rig.env = (struct env){.wall_ns = rig_wall,
                           .mono_ns = rig_boot,
                           .boot_ns = rig_boot,
                           .random = rig_random,
                           .ctx = &rig};
    rig.options = (struct outbox_options){.path = rig.path,
                                          .pictures = rig.pictures,
                                          .max_bytes = 1 << 30,
                                          .keep_sent = 1000,
                                          .max_item_bytes = 1 << 16,
                                          .env = &rig.env,
                                          .boot_id = "boot-1"};
    rig_open();
    if (outbox_set_text(rig.outbox, "agent_id",
                        "0123456789abcdef0123456789abcdef"))
        return -1;
    return outbox_session_start(rig.outbox, rig_facts, &number) ? -1 : 0;
}

__attribute__((unused)) static int rig_remove(void **state)
{
    char command[128];

    (void)state;
    rig_close();
    snprintf(command, sizeof(command), "rm -rf '%s'", rig.dir);
    return system(command);
}

/* --- items --- */

#define RIG_METRIC                                                             \
    "{\"agent_timestamp\":\"2026-11-22T12:00:00Z\",\"source_type\":"           \
    "\"screenshot\",\"source_ref\":\"r%d\",\"feature_version\":\"1\","         \
    "\"features\":{},\"productivity_score\":71.0,\"anomaly_score\":0,"         \
    "\"anomaly_label\":\"normal\",\"model_info\":{},\"pipeline_status\":"      \
    "\"ok\"}"

__attribute__((unused)) static enum err rig_put(int n, const uint8_t *request,
                                                uint64_t *seq)
{
    char payload[512];
    struct client_item item = {
        .kind = WIRE_ITEM_METRIC, .payload = payload, .picture_fd = -1};
    struct outbox_put put = {.request = request, .items = &item, .count = 1};

    item.payload_len =
        (size_t)snprintf(payload, sizeof(payload), RIG_METRIC, n);
    return outbox_put(rig.outbox, &put, seq);
}

__attribute__((unused)) static uint64_t rig_put_ok(int n)
{
    uint64_t seq = 0;

    assert_int_equal(rig_put(n, NULL, &seq), WS_OK);
    return seq;
}

/* A screenshot whose picture holds `len` times one byte. */
__attribute__((unused)) static enum err rig_put_picture(char fill, size_t len,
                                                        uint64_t *seq)
{
    static const char payload[] = "{\"captured_at\":\"2026-11-22T12:00:00Z\"}";
    struct client_item item = {.kind = WIRE_ITEM_SCREENSHOT,
                               .payload = payload,
                               .payload_len = sizeof(payload) - 1,
                               .picture_len = len};
    struct outbox_put put = {.items = &item, .count = 1};
    OWN_FREE char *bytes = malloc(len);
    enum err e;

    assert_non_null(bytes);
    memset(bytes, fill, len);
    item.picture_fd = memfd_create("picture", 0);
    assert_int_equal(write(item.picture_fd, bytes, len), len);
    sha256_hash_hex(bytes, len, item.picture_sha256);
    e = outbox_put(rig.outbox, &put, seq);
    close(item.picture_fd);
    return e;
}

__attribute__((unused)) static size_t rig_pictures(void)
{
    DIR *d = opendir(rig.pictures);
    struct dirent *entry;
    size_t n = 0;

    assert_non_null(d);
    while ((entry = readdir(d)))
        n += entry->d_name[0] != '.';
    closedir(d);
    return n;
}

/* --- the other side --- */

__attribute__((unused)) static struct client_session rig_session(void)
{
    struct client_session s;

    assert_int_equal(outbox_session(rig.outbox, &s), WS_OK);
    return s;
}

__attribute__((unused)) static void rig_register(void)
{
    struct client_session s = rig_session();
    struct client_registration r = {.session_id = 7, .features = "batch"};

    assert_int_equal(outbox_registered(rig.outbox, s.session_uid, &r), WS_OK);
}

__attribute__((unused)) static enum err
rig_lease(enum client_lane lane, size_t max, struct client_batch *out)
{
    struct outbox_lease l = {.lane = lane,
                             .max_items = max,
                             .max_bytes = 1 << 20,
                             .lease_ms = 60000};

    return outbox_lease(rig.outbox, &l, out);
}

__attribute__((unused)) static enum err
rig_settle(uint64_t seq, enum client_verdict verdict, const char *reason)
{
    struct client_session s = rig_session();
    struct client_result r = {.seq = seq,
                              .verdict = verdict,
                              .server_id = 5,
                              .due_wall_ns = rig.wall_ns + CLOCK_NS_PER_S,
                              .reason = reason};

    return outbox_settle(rig.outbox, s.session_uid, &r, 1);
}

__attribute__((unused)) static struct client_counts rig_counts(void)
{
    struct client_counts c;

    assert_int_equal(outbox_counts(rig.outbox, &c), WS_OK);
    return c;
}

/* wire.md: recorded = delivered + dead-lettered + dropped + still queued. */
__attribute__((unused)) static void rig_check_law(void)
{
    struct client_counts c = rig_counts();

    assert_int_equal(c.recorded, c.delivered + c.dead + c.dropped + c.erased +
                                     c.kept + c.pending);
}

/* How many leases the rows lane gives now, payloads forgotten at once. */
__attribute__((unused)) static size_t rig_lease_count(size_t max)
{
    struct client_batch b = {0};
    size_t n;

    if (rig_lease(CLIENT_LANE_ROWS, max, &b) != WS_OK)
        return 0;
    n = b.count;
    client_batch_fini(&b);
    return n;
}

/* The payload of the one item that is leased next. */
__attribute__((unused)) static void rig_next_payload(char *out, size_t size)
{
    struct client_batch b = {0};

    assert_int_equal(rig_lease(CLIENT_LANE_ROWS, 1, &b), WS_OK);
    snprintf(out, size, "%s", buf_text(&b.leases[0].payload));
    client_batch_fini(&b);
}

#define RIG_CASE(name)                                                         \
    cmocka_unit_test_setup_teardown(name, rig_make, rig_remove)

#endif
