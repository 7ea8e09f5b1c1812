/* capture_synth.c - pictures of pages of words, made from a number.
 *
 * Picture k is a function of k and the size alone: 64 pictures share a page of
 * words; between them only the lowest 96 rows change (a line being typed, a
 * moving block, a counter), so a picture costs little to make and to compare.
 * Each eighth grab shows the picture before again, as screens do.
 */
#include "agent/capture/capture.h"
#include "agent/capture/glyphs.h"
#include "core/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH_PX 1280
#define HEIGHT_PX 720
#define MIN_PX 128
#define MAX_PX 8192
#define PAGE_PICTURES 64
#define REPEAT_EVERY 8
#define FOOT_PX 96
#define LINE_PX 26
#define MARGIN_PX 24
#define TEXT_BYTES 256

#define INK 0x202428
#define PAPER 0xfbfbf8
#define FOOT 0xe8ecef

struct capture {
    uint8_t *buffer[2];
    int64_t shows[2]; /* number of the picture in it; -1: none */
    unsigned now;     /* index of the newest */
    int32_t width_px, height_px;
    int64_t grabs;
};

static const char *const vocabulary[] = {
    "report", "table",  "measure", "draft",   "review", "answer",  "window",
    "number", "letter", "budget",  "meeting", "design", "change",  "result",
    "value",  "record", "history", "project", "figure", "summary", "budget",
    "and",    "of",     "the",     "with",    "from",   "to",      "in",
};
#define WORDS (sizeof vocabulary / sizeof vocabulary[0])

static const uint32_t colors[] = {0x34566b, 0x5b4a72, 0x2f6650, 0x7a5230};

/* splitmix64: the same words for the same page on every machine. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void make_line(uint64_t *state, size_t words, char out[TEXT_BYTES])
{
    size_t used = 0, i;

    out[0] = 0;
    for (i = 0; i < words; i++) {
        const char *word = vocabulary[next_random(state) % WORDS];
        int n =
            snprintf(out + used, TEXT_BYTES - used, "%s%s", i ? " " : "", word);

        if (n < 0 || (size_t)n >= TEXT_BYTES - used)
            return;
        used += (size_t)n;
    }
}

static struct glyphs_canvas canvas_of(const struct capture *c, unsigned which)
{
    return (struct glyphs_canvas){c->buffer[which], c->width_px, c->height_px,
                                  (uint32_t)c->width_px * 4};
}

static void draw_page(const struct glyphs_canvas *v, int64_t page)
{
    uint64_t state = (uint64_t)page * 1000003;
    char text[TEXT_BYTES];
    int32_t y;

    glyphs_fill(v, 0, 0, v->width_px, v->height_px, PAPER);
    glyphs_fill(v, 0, 0, v->width_px, 32, colors[page % 4]);
    snprintf(text, sizeof text, "Page %lld - Synth Editor", (long long)page);
    glyphs_draw(v, MARGIN_PX, 6, text, 0xffffff);
    for (y = 48; y + LINE_PX < v->height_px - FOOT_PX; y += LINE_PX) {
        make_line(&state, 6 + next_random(&state) % 9, text);
        glyphs_draw(v, MARGIN_PX, y, text, INK);
    }
}

static void draw_foot(const struct glyphs_canvas *v, int64_t picture)
{
    uint64_t state = (uint64_t)(picture / PAGE_PICTURES) * 7919;
    int32_t top = v->height_px - FOOT_PX;
    int32_t room = v->width_px - 2 * MARGIN_PX - 32;
    char text[TEXT_BYTES];
    size_t typed = (size_t)(picture % PAGE_PICTURES) + 1;

    glyphs_fill(v, 0, top, v->width_px, FOOT_PX, FOOT);
    make_line(&state, 16, text);
    if (typed < strlen(text))
        text[typed] = 0;
    glyphs_draw(v, MARGIN_PX, top + 8, text, INK);
    glyphs_fill(v, MARGIN_PX + (int32_t)(picture * 16 % room), top + 36, 32, 20,
                colors[picture % 4]);
    snprintf(text, sizeof text, "picture %lld", (long long)picture);
    glyphs_draw(v, MARGIN_PX, top + 66, text, INK);
}

static void show(struct capture *c, unsigned which, int64_t picture)
{
    struct glyphs_canvas v = canvas_of(c, which);
    int64_t page = picture / PAGE_PICTURES;

    if (c->shows[which] < 0 || c->shows[which] / PAGE_PICTURES != page)
        draw_page(&v, page);
    draw_foot(&v, picture);
    c->shows[which] = picture;
}

static enum err parse_size(const char *arg, struct capture *c)
{
    int w = WIDTH_PX, h = HEIGHT_PX, used = 0;

    if (*arg && (sscanf(arg, "%5dx%5d%n", &w, &h, &used) != 2 || arg[used])) {
        log_error("capture_synth",
                  "source synth:%s: the size must be "
                  "WIDTHxHEIGHT, as in synth:1920x1080",
                  arg);
        return WS_INVALID;
    }
    if (w < MIN_PX || w > MAX_PX || h < MIN_PX || h > MAX_PX / 2) {
        log_error("capture_synth",
                  "source synth:%dx%d: the size must be from "
                  "%dx%d to %dx%d",
                  w, h, MIN_PX, MIN_PX, MAX_PX, MAX_PX / 2);
        return WS_INVALID;
    }
    c->width_px = w;
    c->height_px = h;
    return WS_OK;
}

static void synth_close(struct capture *c)
{
    if (!c)
        return;
    free(c->buffer[0]);
    free(c->buffer[1]);
    free(c);
}
OWN_DEFINE(synth_close, struct capture *)

static enum err synth_open(struct capture **out,
                           const struct capture_options *o)
{
    OWN(synth_close)
    struct capture *c = calloc(1, sizeof *c);
    enum err e;

    if (!c)
        return WS_NOMEM;
    e = parse_size(o->arg, c);
    if (e)
        return e;
    c->shows[0] = c->shows[1] = -1;
    *out = TAKE(c);
    return WS_OK;
}

static void fill_facts(const struct capture *c, struct ring_frame *f)
{
    uint64_t state = (uint64_t)c->grabs * 104729;
    int64_t page = c->grabs / PAGE_PICTURES;

    f->width_px = (uint32_t)c->width_px;
    f->height_px = (uint32_t)c->height_px;
    f->stride_bytes = f->width_px * 4;
    f->idle_ms = c->grabs % PAGE_PICTURES < 48 ? 0 : 60000;
    f->key_events = (uint32_t)(next_random(&state) % 40);
    f->button_events = (uint32_t)(next_random(&state) % 5);
    f->window_switches = c->grabs % PAGE_PICTURES == 0;
    snprintf(f->app, sizeof f->app, "%s",
             page % 2 ? "libreoffice-writer" : "Emacs");
    snprintf(f->title, sizeof f->title, "Page %lld - Synth Editor",
             (long long)page);
    f->window_width_px = c->width_px;
    f->window_height_px = c->height_px;
    f->monitor_count = 1;
    f->monitors[0] =
        (struct ring_monitor){"synth", 0, 0, c->width_px, c->height_px};
    snprintf(f->source, sizeof f->source, "synth");
}

static enum err make_buffers(struct capture *c)
{
    size_t bytes = (size_t)c->width_px * (size_t)c->height_px * 4;
    unsigned i;

    for (i = 0; i < 2; i++) {
        if (!c->buffer[i])
            c->buffer[i] = malloc(bytes);
        if (!c->buffer[i])
            return WS_NOMEM;
    }
    return WS_OK;
}

static enum err synth_grab(struct capture *c, enum capture_want want,
                           struct capture_frame *out)
{
    int64_t picture = c->grabs - c->grabs / REPEAT_EVERY;
    int64_t last = c->shows[c->now];
    enum err e;

    *out = (struct capture_frame){0};
    fill_facts(c, &out->facts);
    c->grabs++;
    if (want == CAPTURE_FACTS)
        return WS_OK;
    e = make_buffers(c);
    if (e)
        return e;
    if (picture != last) {
        c->now = !c->now;
        show(c, c->now, picture);
        out->dirty = (struct rect){0, 0, c->width_px, c->height_px};
        if (last >= 0 && last / PAGE_PICTURES == picture / PAGE_PICTURES)
            out->dirty.y0 = c->height_px - FOOT_PX;
    }
    out->pixels = c->buffer[c->now];
    if (last >= 0)
        out->before = c->buffer[picture == last ? c->now : !c->now];
    return WS_OK;
}

static enum err synth_tick(struct capture *c, enum capture_keep keep)
{
    (void)c;
    (void)keep;
    return WS_OK;
}

const struct capture_ops capture_synth = {
    .name = "synth",
    .shows_display = false,
    .open = synth_open,
    .grab = synth_grab,
    .tick = synth_tick,
    .close = synth_close,
};
