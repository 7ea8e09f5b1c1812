/* capture_probe.c - drives one source by hand, for flow tests and benches.
 *
 * capture_probe SOURCE [DISPLAY]; commands on stdin, a JSON line each on
 * stdout: "grab FILE" (pixels go raw into FILE), "facts", "forget". Ends at
 * the end of stdin, or with status 1 when the source is lost.
 */
#include "agent/capture/gate.h"
#include "agent/capture/source.h"
#include "core/io.h"
#include "core/jsonw.h"

#include <stdio.h>
#include <string.h>

static void tell(const struct capture_frame *f)
{
    const struct ring_frame *r = &f->facts;
    struct gate_result g = {0};
    OWN_BUF struct buf out = BUF_EMPTY;
    struct jsonw w;
    uint32_t i;

    if (f->pixels)
        g = gate_compare(&(struct gate_picture){f->pixels, f->before,
                                                r->width_px, r->height_px,
                                                r->stride_bytes, f->dirty});
    jsonw_init(&w, &out);
    jsonw_object(&w, NULL);
    jsonw_int(&w, "width", r->width_px);
    jsonw_int(&w, "height", r->height_px);
    jsonw_bool(&w, "pixels", f->pixels != NULL);
    jsonw_int(&w, "changed", g.changed);
    jsonw_int(&w, "tiles", g.tiles);
    jsonw_int(&w, "dirty_rows", f->dirty.y1 - f->dirty.y0);
    jsonw_bool(&w, "locked", r->flags & RING_LOCKED);
    jsonw_bool(&w, "excluded", r->flags & RING_EXCLUDED);
    jsonw_bool(&w, "fullscreen", r->flags & RING_FULLSCREEN);
    jsonw_bool(&w, "counted", !(r->flags & RING_NO_INPUT_COUNTS));
    jsonw_int(&w, "idle_ms", r->idle_ms);
    jsonw_int(&w, "keys", r->key_events);
    jsonw_int(&w, "buttons", r->button_events);
    jsonw_int(&w, "switches", r->window_switches);
    jsonw_text(&w, "app", r->app);
    jsonw_text(&w, "title", r->title);
    jsonw_array(&w, "monitors");
    for (i = 0; i < r->monitor_count; i++)
        jsonw_text(&w, NULL, r->monitors[i].name);
    jsonw_array_end(&w);
    jsonw_object_end(&w);
    printf("%s\n", buf_text(&out));
    fflush(stdout);
}

static enum err command(struct source *s, const char *line)
{
    struct capture_frame f;
    enum err e;

    if (strcmp(line, "forget") == 0) {
        printf("{}\n");
        fflush(stdout);
        return source_tick(s, CAPTURE_FORGET);
    }
    e = source_grab(
        s, strncmp(line, "grab ", 5) == 0 ? CAPTURE_PIXELS : CAPTURE_FACTS, &f);
    if (!e && f.pixels)
        e = io_write_file(line + 5, f.pixels,
                          (size_t)f.facts.stride_bytes * f.facts.height_px,
                          0600);
    if (!e)
        tell(&f);
    return e;
}

int main(int argc, char **argv)
{
    struct capture_options o = {.input_counts = argc < 4};
    struct source s;
    const struct capture_ops *ops;
    char line[512];
    enum err e;

    if (argc < 2 || source_find(argv[1], &ops, &o.arg))
        return 2;
    o.display = argc > 2 ? argv[2] : NULL;
    e = source_open(&s, ops, &o);
    if (e) {
        printf("{\"error\":\"%s\"}\n", err_name(e));
        return 2;
    }
    while (!e && fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        e = command(&s, line);
    }
    source_close(&s);
    if (e)
        printf("{\"error\":\"%s\"}\n", err_name(e));
    return e ? 1 : 0;
}
