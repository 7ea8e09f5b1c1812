/* queue.h - an outbox in memory that a fuzz target may ask anything: each input
 * begins with the same few items, and leaves nothing behind. */
#ifndef TESTS_FUZZ_QUEUE_H
#define TESTS_FUZZ_QUEUE_H

#include "agent/outbox/outbox.h"
#include "core/clock.h"
#include "core/env.h"
#include "core/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char queue_facts[] =
    "{\"agent_name\":\"a\",\"agent_version\":\"1\",\"hostname\":\"h\","
    "\"username\":\"u\",\"ip_address\":\"UNKNOWN\"}";
static const char queue_event[] =
    "{\"event\":\"pause\",\"at\":\"2026-11-22T12:00:00Z\"}";
static char queue_dir[] = "/tmp/fuzz_queue.XXXXXX";

static void queue_remove(void)
{
    rmdir(queue_dir);
}

static struct outbox *queue_make(void)
{
    struct outbox_options with = {.path = ":memory:",
                                  .pictures = queue_dir,
                                  .max_bytes = 1 << 24,
                                  .keep_sent = 100,
                                  .max_item_bytes = 1 << 16,
                                  .env = &env_system,
                                  .boot_id = "boot"};
    struct outbox *o = NULL;
    int64_t number;

    log_init("fuzz", LOG_LEVEL_ERROR);
    if (!mkdtemp(queue_dir) || atexit(queue_remove) || outbox_open(&o, &with) ||
        outbox_set_text(o, "agent_id", "0123456789abcdef0123456789abcdef") ||
        outbox_session_start(o, queue_facts, &number))
        abort();
    for (int i = 0; i < 3; i++) {
        struct client_item item = {.kind = WIRE_ITEM_EVENT,
                                   .payload = queue_event,
                                   .payload_len = sizeof(queue_event) - 1,
                                   .picture_fd = -1};
        struct outbox_put put = {.items = &item, .count = 1};
        uint64_t seq;

        if (outbox_put(o, &put, &seq))
            abort();
    }
    return o;
}

/* Whatever was asked: the file is whole, and nothing was lost unsaid. */
static void queue_check(struct outbox *o)
{
    struct client_counts c;

    if (outbox_counts(o, &c) || c.recorded != c.delivered + c.dead + c.dropped +
                                                  c.erased + c.kept + c.pending)
        abort();
}

#endif
