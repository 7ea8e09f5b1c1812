/* ai.c - the ai role: every frame of the ring becomes one durable observation.
 *
 *   ai.c              ring slot -> look -> outbox, and the role's body
 *   look.[ch]         one frame: read, redact, score, picture
 *   ocr.[ch]          the other side of worksight-ocr
 *   redact.[ch]       which words are hidden
 *   classify.[ch]     what is in front; classify_table.[ch] the names
 *   features.[ch]     the allow-list of what is kept
 *   score.[ch]        the scorers; score_productivity.c, score_anomaly.c
 *   baseline.[ch]     what was learned, across restarts
 *   encode.[ch]       the redacted picture
 *   metric.[ch]       the item
 *   text_hash.[ch]    a name for a text that says nothing of it
 */
#include "agent/ai/baseline.h"
#include "agent/ai/classify.h"
#include "agent/ai/look.h"
#include "agent/ai/ocr.h"
#include "agent/outbox/client.h"
#include "agent/ring.h"
#include "agent/role.h"

#include "core/clock.h"
#include "core/io.h"
#include "core/log.h"
#include "core/supervise.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define WAIT_MS 250
#define SAVE_EVERY_NS (60 * CLOCK_NS_PER_S)

struct ai {
    struct role *role;
    struct ring *ring;
    struct client *client;
    struct ocr *ocr;
    struct classify *rules;
    struct baseline *baseline;
    struct look *look;
    struct baseline_data learned;
    int64_t saved_mono_ns;
};

static void ai_fini(struct ai *ai)
{
    look_close(ai->look);
    baseline_close(ai->baseline);
    classify_close(ai->rules);
    ocr_close(ai->ocr);
    client_close(ai->client);
    ring_close(ai->ring);
}

static bool stay_alive(void *ctx)
{
    struct ai *ai = ctx;

    board_alive(ai->role->board, ai->role->row, 0);
    supervise_child_alive();
    return !supervise_child_stopping();
}

static enum err open_learned(struct ai *ai)
{
    OWN_FREE char *path = io_path(ai->role->settings->state, BASELINE_FILE);
    enum baseline_found found;

    if (!path)
        return WS_NOMEM;
    return baseline_open(&ai->baseline, path, ai->role->env, &ai->learned,
                         &found);
}

/* Everything that needs a file or a descriptor, before the sandbox. */
static enum err acquire(struct ai *ai)
{
    struct role *role = ai->role;
    enum err e = ring_attach(&ai->ring, role->fds[ROLE_FD_RING], RING_READER);

    tzset(); /* reads /etc/localtime now, for the hour of day */
    if (!e)
        e = client_open(&ai->client, role->fds[ROLE_FD_OUTBOX], role->env);
    if (!e)
        e = classify_open_file(&ai->rules, role->settings->rules, stderr);
    if (!e)
        e = open_learned(ai);
    if (!e)
        e = ocr_open(&ai->ocr,
                     &(struct ocr_options){
                         .fd = role->settings->ocr == OCR_ON
                                   ? role->fds[ROLE_FD_OCR]
                                   : -1,
                         .deadline_ms = role->settings->ocr_deadline_ms,
                         .env = role->env,
                         .board = role->board,
                         .alive = stay_alive,
                         .ctx = ai,
                     });
    if (!e)
        e = look_open(&ai->look, &(struct look_options){
                                     .settings = role->settings,
                                     .board = role->board,
                                     .ocr = ai->ocr,
                                     .rules = ai->rules,
                                     .learned = &ai->learned,
                                 });
    return e;
}

/* Between two tries; ends at once when the role is to stop. */
static void pause_a_little(void)
{
    struct pollfd stop = {.fd = supervise_child_stop_fd(), .events = POLLIN};

    (void)poll(&stop, 1, WAIT_MS);
}

/* Put the items until they are durable. A picture that finds no room is left
 * out, so that its metric does; WS_AGAIN: the role stops. */
static enum err put(struct ai *ai, const struct look_items *items,
                    uint64_t dropped)
{
    struct client_item list[2] = {
        {.kind = WIRE_ITEM_METRIC,
         .payload = items->metric.data,
         .payload_len = items->metric.len,
         .picture_fd = -1},
        {.kind = WIRE_ITEM_SCREENSHOT,
         .payload = items->picture.data,
         .payload_len = items->picture.len,
         .picture_fd = items->encoded.fd,
         .picture_len = items->encoded.len},
    };
    size_t count = items->encoded.fd >= 0 ? 2 : 1;
    uint64_t seqs[2];

    snprintf(list[1].picture_sha256, sizeof(list[1].picture_sha256), "%s",
             items->encoded.sha256);
    while (stay_alive(ai)) {
        enum err e = client_put(ai->client, list, count, dropped, seqs);

        if (e == WS_OK)
            return WS_OK;
        if (e == WS_FULL && count == 2)
            count = 1;
        else if (e != WS_FULL && !err_retryable(e))
            return e;
        else
            pause_a_little();
    }
    return WS_AGAIN;
}

static void say_done(struct ai *ai)
{
    struct board *b = ai->role->board;

    atomic_store(&b->last_observation_wall_ns, env_wall_ns(ai->role->env));
    atomic_store(&b->ocr_state, (int64_t)ocr_state(ai->ocr));
    supervise_child_progress();
}

/* One frame. The slot is given back only after its items are durable: if this
 * process dies before, the supervisor counts the frame as dropped. */
static enum err take_frame(struct ai *ai)
{
    struct ring_slot slot;
    struct look_items items;
    int64_t start;
    enum err e = ring_take(ai->ring, &slot);

    if (e)
        return e;
    start = env_mono_ns(ai->role->env);
    look_items_init(&items);
    e = look_frame(ai->look, &slot, &items);
    if (!e)
        e = put(ai, &items, slot.frame->dropped_total);
    look_items_fini(&items);
    if (e)
        return e == WS_AGAIN ? WS_IO : e;
    ring_release(ai->ring, &slot);
    say_done(ai);
    board_alive(ai->role->board, ai->role->row,
                env_mono_ns(ai->role->env) - start);
    return WS_OK;
}

static void save(struct ai *ai, int64_t now_ns)
{
    ai->saved_mono_ns = now_ns;
    if (baseline_save(ai->baseline, &ai->learned) != WS_OK)
        log_warn("baseline_unsaved", "what is usual is kept in memory only "
                                     "until the next try");
}

static int loop(struct ai *ai)
{
    save(ai, env_mono_ns(ai->role->env));
    while (stay_alive(ai)) {
        enum err e = take_frame(ai);

        if (e == WS_AGAIN)
            (void)ring_wait(ai->ring, WAIT_MS);
        else if (e && !supervise_child_stopping())
            return 1;
        if (env_mono_ns(ai->role->env) - ai->saved_mono_ns >= SAVE_EVERY_NS)
            save(ai, env_mono_ns(ai->role->env));
    }
    save(ai, env_mono_ns(ai->role->env));
    return 0;
}

int ai_run(struct role *role)
{
    struct ai ai = {.role = role};
    int status = 1;

    if (acquire(&ai) == WS_OK && role_enter_sandbox(role) == WS_OK) {
        atomic_store(&role->board->ocr_state, (int64_t)ocr_state(ai.ocr));
        supervise_child_ready();
        status = loop(&ai);
    }
    ai_fini(&ai);
    return status;
}
