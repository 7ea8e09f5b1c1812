#include "server/views/pauses.h"

#include "core/clock.h"
#include "core/json.h"

#include <stdio.h>
#include <string.h>

static int64_t until_of(const struct store_event_view *row)
{
    struct json *doc = NULL;
    const char *text;
    int64_t ns = 0;

    if (json_parse(row->payload, row->payload_len, &doc, NULL))
        return 0;
    text = json_text(json_get(doc, "until"), NULL);
    if (text && clock_parse_iso(text, strlen(text), &ns))
        ns = 0;
    json_free(doc);
    return ns;
}

int pauses_note(struct pauses *p, const struct store_event_view *row)
{
    struct pauses_event *at = &p->events[p->count];

    if (p->count == PAUSES_MAX_EVENTS) {
        p->more = true;
        return 0;
    }
    p->count++;
    *at = (struct pauses_event){
        .id = row->id, .at_ns = row->at_ns, .until_ns = until_of(row)};
    snprintf(at->type, sizeof at->type, "%s", row->type);
    snprintf(at->reason, sizeof at->reason, "%s",
             row->reason ? row->reason : "");
    return 1;
}

static bool is(const struct pauses_event *e, const char *type)
{
    return strcmp(e->type, type) == 0;
}

void pauses_settle(struct pauses *p, int64_t from_ns, int64_t end_ns)
{
    int64_t next_ns = end_ns; /* when a pause in force would be over */

    for (size_t i = 0; i < p->count; i++) { /* newest first */
        struct pauses_event *e = &p->events[i];

        if (is(e, "pause")) {
            e->end_ns =
                e->until_ns && e->until_ns < next_ns ? e->until_ns : next_ns;
            if (e->end_ns <= from_ns || e->end_ns <= e->at_ns)
                e->end_ns = 0;
        }
        if (is(e, "pause") || is(e, "resume"))
            next_ns = e->at_ns;
    }
}

int64_t pauses_overlap(const struct pauses *p, int64_t from_ns, int64_t to_ns)
{
    int64_t all = 0;

    for (size_t i = 0; i < p->count; i++) {
        const struct pauses_event *e = &p->events[i];
        int64_t first = e->at_ns > from_ns ? e->at_ns : from_ns;
        int64_t end = e->end_ns < to_ns ? e->end_ns : to_ns;

        if (e->end_ns && end > first)
            all += end - first;
    }
    return all;
}

static void write_pause(const struct pauses_event *e, int64_t from_ns,
                        struct jsonw *w)
{
    jsonw_object(w, NULL);
    jsonw_time(w, "from", e->at_ns > from_ns ? e->at_ns : from_ns);
    jsonw_time(w, "to", e->end_ns);
    jsonw_text(w, "reason", *e->reason ? e->reason : NULL);
    jsonw_object_end(w);
}

static void write_event(const struct pauses_event *e, struct jsonw *w)
{
    jsonw_object(w, NULL);
    jsonw_int(w, "id", e->id);
    jsonw_time(w, "at", e->at_ns);
    jsonw_text(w, "event", e->type);
    jsonw_text(w, "reason", *e->reason ? e->reason : NULL);
    jsonw_time(w, "until", e->until_ns);
    jsonw_object_end(w);
}

void pauses_write(const struct pauses *p, int64_t from_ns, struct jsonw *w)
{
    jsonw_array(w, "pauses");
    for (size_t i = p->count; i-- > 0;)
        if (p->events[i].end_ns)
            write_pause(&p->events[i], from_ns, w);
    jsonw_array_end(w);
    jsonw_array(w, "events");
    for (size_t i = p->count; i-- > 0;)
        if (p->events[i].at_ns >= from_ns)
            write_event(&p->events[i], w);
    jsonw_array_end(w);
    jsonw_bool(w, "events_left_out", p->more);
}
