#include "agent/ai/ocr.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/sha256.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define POISON_PLACES 32

struct poison { /* a picture on which worksight-ocr died */
    uint8_t sum[SHA256_BYTES];
    unsigned deaths; /* 0: an empty place */
};

struct ocr {
    struct ocr_options with;
    enum ocr_state state;
    bool spoke; /* since it was last found silent or away */
    uint64_t id;
    struct poison poison[POISON_PLACES];
    size_t poison_next, poison_count;
    struct ocr_wire_answer answer;
    size_t count;
    bool cut;
    struct ocr_wire_word words[OCR_WIRE_MAX_WORDS];
};

enum err ocr_open(struct ocr **out, const struct ocr_options *options)
{
    struct ocr *o = calloc(1, sizeof(*o));

    if (!o)
        return WS_NOMEM;
    o->with = *options;
    o->state = options->fd < 0 ? OCR_STATE_OFF : OCR_STATE_OK;
    o->spoke = true; /* not known: the first request finds out */
    *out = o;
    return WS_OK;
}

void ocr_close(struct ocr *o)
{
    free(o);
}

enum ocr_state ocr_state(const struct ocr *o)
{
    return o->state;
}

static int64_t pid_of(const struct ocr *o)
{
    return atomic_load(&o->with.board->role[BOARD_OCR].pid);
}

static void set_state(struct ocr *o, enum ocr_state state)
{
    if (o->state == state)
        return;
    o->state = state;
    if (state == OCR_STATE_OK)
        log_info("ocr_back", "worksight-ocr answers");
    else
        log_warn("ocr_silent",
                 "worksight-ocr %s: results abstain and no "
                 "picture is kept",
                 state == OCR_STATE_AWAY ? "is not running"
                                         : "does not answer");
}

/* The hash of a frame's pixels, row by row: stride padding is left out. */
static enum err sum_of(const struct ring_slot *slot, uint8_t sum[SHA256_BYTES])
{
    const struct ring_frame *f = slot->frame;
    OWN(sha256_close)
    struct sha256 *h = NULL;
    enum err e = sha256_open(&h);

    if (e)
        return e;
    for (uint32_t y = 0; y < f->height_px; y++)
        sha256_update(h, slot->pixels + (size_t)y * f->stride_bytes,
                      (size_t)f->width_px * 4);
    sha256_finish(h, sum);
    return WS_OK;
}

static struct poison *find_poison(struct ocr *o,
                                  const uint8_t sum[SHA256_BYTES])
{
    for (size_t i = 0; i < o->poison_count; i++)
        if (memcmp(o->poison[i].sum, sum, SHA256_BYTES) == 0)
            return &o->poison[i];
    return NULL;
}

/* Remember that it died on this picture. */
static void count_death(struct ocr *o, const struct ring_slot *slot)
{
    uint8_t sum[SHA256_BYTES];
    struct poison *p;

    if (sum_of(slot, sum) != WS_OK)
        return;
    p = find_poison(o, sum);
    if (!p) {
        p = &o->poison[o->poison_next++ % POISON_PLACES];
        if (o->poison_count < POISON_PLACES)
            o->poison_count++;
        memcpy(p->sum, sum, sizeof(sum));
        p->deaths = 0;
    }
    p->deaths++;
    log_warn("ocr_died",
             "worksight-ocr died on frame %llu, death %u of %d on "
             "this picture",
             (unsigned long long)slot->frame->number, p->deaths,
             OCR_MOST_DEATHS);
}

static bool is_quarantined(struct ocr *o, const struct ring_slot *slot)
{
    uint8_t sum[SHA256_BYTES];
    struct poison *p;

    if (o->poison_count == 0 || sum_of(slot, sum) != WS_OK)
        return false;
    p = find_poison(o, sum);
    return p && p->deaths >= OCR_MOST_DEATHS;
}

/* Words from outside: text ended, box inside the frame. */
static void take_word(struct ocr *o, const struct ocr_wire_word *from,
                      const struct ring_frame *f)
{
    struct ocr_wire_word w = *from;

    if (o->count == OCR_WIRE_MAX_WORDS) {
        o->cut = true;
        return;
    }
    w.text[OCR_WIRE_TEXT_BYTES - 1] = '\0';
    if (w.x_px >= f->width_px || w.y_px >= f->height_px)
        return;
    if (w.x_px + (uint32_t)w.width_px > f->width_px)
        w.width_px = (uint16_t)(f->width_px - w.x_px);
    if (w.y_px + (uint32_t)w.height_px > f->height_px)
        w.height_px = (uint16_t)(f->height_px - w.y_px);
    o->words[o->count++] = w;
}

enum heard { HEARD_NOTHING, HEARD_MORE, HEARD_PAGE, HEARD_FAILURE };

/* Take one message, if there is one. */
static enum heard hear(struct ocr *o, const struct ring_frame *f)
{
    struct ocr_wire_answer *a = &o->answer;
    size_t head = offsetof(struct ocr_wire_answer, words);
    ssize_t n = recv(o->with.fd, a, sizeof(*a), MSG_DONTWAIT);

    if (n <= 0)
        return HEARD_NOTHING;
    if ((size_t)n < head || a->magic != OCR_WIRE_MAGIC ||
        a->word_count > OCR_WIRE_WORDS ||
        (size_t)n != head + a->word_count * sizeof(a->words[0]))
        return HEARD_MORE;
    o->spoke = true;
    if (!f || a->id != o->id || (a->flags & OCR_WIRE_HELLO))
        return HEARD_MORE;
    if (a->status != OCR_WIRE_READ)
        return HEARD_FAILURE;
    for (uint32_t i = 0; i < a->word_count; i++)
        take_word(o, &a->words[i], f);
    if (a->flags & OCR_WIRE_CUT)
        o->cut = true;
    return a->flags & OCR_WIRE_LAST ? HEARD_PAGE : HEARD_MORE;
}

static enum err ask(struct ocr *o, const struct ring_slot *slot)
{
    const struct ring_frame *f = slot->frame;
    struct ocr_wire_request q = {.magic = OCR_WIRE_MAGIC,
                                 .slot = slot->index,
                                 .id = ++o->id,
                                 .width_px = f->width_px,
                                 .height_px = f->height_px,
                                 .stride_bytes = f->stride_bytes};

    if (send(o->with.fd, &q, sizeof(q), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        return errno == EAGAIN ? WS_AGAIN : err_sys("ocr: ask");
    return WS_OK;
}

/* Wait for the page that was asked for. */
static enum err wait_for_page(struct ocr *o, const struct ring_slot *slot,
                              int64_t pid)
{
    int64_t end =
        env_mono_ns(o->with.env) + o->with.deadline_ms * CLOCK_NS_PER_MS;
    struct pollfd p = {.fd = o->with.fd, .events = POLLIN};

    while (env_mono_ns(o->with.env) < end) {
        enum heard heard;

        if (!o->with.alive(o->with.ctx))
            return WS_AGAIN;
        (void)poll(&p, 1, OCR_SLICE_MS);
        while ((heard = hear(o, slot->frame)) != HEARD_NOTHING) {
            if (heard == HEARD_PAGE)
                return WS_OK;
            if (heard == HEARD_FAILURE)
                return WS_IO;
        }
        if (pid_of(o) != pid) {
            count_death(o, slot);
            o->spoke = false;
            return WS_IO;
        }
    }
    o->spoke = false;
    return WS_AGAIN;
}

bool ocr_ready(struct ocr *o)
{
    if (o->state == OCR_STATE_OFF)
        return false;
    while (hear(o, NULL) != HEARD_NOTHING)
        ;
    return pid_of(o) != 0 && o->spoke;
}

enum err ocr_read(struct ocr *o, const struct ring_slot *slot,
                  struct ocr_page *out)
{
    int64_t pid;
    enum err e;

    if (o->state == OCR_STATE_OFF)
        return WS_NOTFOUND;
    while (hear(o, NULL) != HEARD_NOTHING)
        ;
    pid = pid_of(o);
    if (pid == 0) {
        set_state(o, OCR_STATE_AWAY);
        return WS_NOTFOUND;
    }
    if (!o->spoke) {
        set_state(o, OCR_STATE_SILENT);
        return WS_AGAIN;
    }
    if (is_quarantined(o, slot))
        return WS_DENIED;
    o->count = 0;
    o->cut = false;
    e = ask(o, slot);
    if (!e)
        e = wait_for_page(o, slot, pid);
    if (e == WS_OK)
        *out = (struct ocr_page){o->words, o->count, o->cut};
    set_state(o, e == WS_AGAIN ? OCR_STATE_SILENT : OCR_STATE_OK);
    return e;
}
