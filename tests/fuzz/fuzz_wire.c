/* fuzz_wire.c - any bytes as a message of wire.md: it fits its table or is
 * refused with a place and a reason; as a form field and as a key too.
 *
 * Shapes:  the first byte is the message, the rest its body
 */
#include "core/clock.h"
#include "core/wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct wire_message *const messages[] = {
    &wire_session,    &wire_heartbeat,        &wire_screenshot, &wire_recording,
    &wire_metric,     &wire_recording_status, &wire_event,      &wire_tombstone,
    &wire_notice_ack, &wire_batch_item,
};
#define MESSAGES (sizeof(messages) / sizeof(*messages))

static void check_said(const struct wire_problems *p)
{
    if (p->count > WIRE_MAX_PROBLEMS)
        abort();
    for (size_t i = 0; i < p->count; i++)
        if (!p->list[i].detail[0])
            abort();
}

static void check_fields(const struct wire_message *m, const char *text)
{
    for (size_t i = 0; i < m->count; i++) {
        struct wire_problems problems = {.count = 0};

        wire_check_text(&m->fields[i], text, &problems);
        check_said(&problems);
    }
    (void)!wire_check_key(text);
}

/* A time that is read is written so that it reads as the same one. */
static void check_time(const char *text, size_t len)
{
    char iso[CLOCK_ISO_BYTES];
    int64_t ns, again;

    if (clock_parse_iso(text, len, &ns) != WS_OK)
        return;
    clock_format_iso(ns, iso);
    if (clock_parse_iso(iso, strlen(iso), &again) != WS_OK || again > ns ||
        ns - again >= 1000)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWN_BUF struct buf text = BUF_EMPTY;
    OWN(json_free)
    struct json *doc = NULL;
    struct wire_problems problems = {.count = 0};
    const struct wire_message *m;
    enum err e;

    if (size < 1)
        return 0;
    m = messages[data[0] % MESSAGES];
    buf_append(&text, data + 1, size - 1);
    if (buf_check(&text))
        return 0;
    check_fields(m, buf_text(&text));
    check_time((const char *)data + 1, size - 1);
    if (json_parse(buf_text(&text), text.len, &doc, NULL))
        return 0;
    e = wire_check(m, doc, &problems);
    if ((e == WS_INVALID) != (problems.count > 0))
        abort();
    check_said(&problems);
    return 0;
}
