/* x11_input.c - see x11_input.h. */
#include "agent/capture/x11_input.h"

#include "core/log.h"

#include <xcb/screensaver.h>
#include <xcb/xinput.h>

static void select_presses(struct x11_input *in)
{
    struct {
        xcb_input_event_mask_t head;
        uint32_t mask;
    } select = {
        .head = {.deviceid = XCB_INPUT_DEVICE_ALL_MASTER, .mask_len = 1},
        .mask = XCB_INPUT_XI_EVENT_MASK_RAW_KEY_PRESS |
                XCB_INPUT_XI_EVENT_MASK_RAW_BUTTON_PRESS,
    };

    xcb_input_xi_select_events(in->d->x, in->d->root, 1, &select.head);
}

static void watch_presses(struct x11_input *in)
{
    const xcb_query_extension_reply_t *found =
        xcb_get_extension_data(in->d->x, &xcb_input_id);
    OWN_FREE xcb_input_xi_query_version_reply_t *version = NULL;

    if (found && found->present)
        version = xcb_input_xi_query_version_reply(
            in->d->x, xcb_input_xi_query_version(in->d->x, 2, 2), NULL);
    if (!version || version->major_version < 2) {
        log_warn("x11_input_counts", "no XINPUT 2: input is not counted");
        in->counts = false;
        return;
    }
    in->opcode = found->major_opcode;
    select_presses(in);
}

static void watch_idle(struct x11_input *in)
{
    const xcb_query_extension_reply_t *found =
        xcb_get_extension_data(in->d->x, &xcb_screensaver_id);

    in->has_saver = found && found->present;
    if (!in->has_saver)
        log_warn("x11_input_idle",
                 "no MIT-SCREEN-SAVER: idle time is not known");
}

void x11_input_init(struct x11_input *in, struct display *d, bool counts)
{
    *in = (struct x11_input){.d = d, .counts = counts};
    if (counts)
        watch_presses(in);
    watch_idle(in);
}

bool x11_input_event(struct x11_input *in, const xcb_generic_event_t *event)
{
    const xcb_ge_generic_event_t *e =
        (const xcb_ge_generic_event_t *)(const void *)event;

    if (!in->counts || (event->response_type & 0x7f) != XCB_GE_GENERIC ||
        e->extension != in->opcode)
        return false;
    if (e->event_type == XCB_INPUT_RAW_KEY_PRESS)
        in->key_events++;
    else if (e->event_type == XCB_INPUT_RAW_BUTTON_PRESS)
        in->button_events++;
    return true;
}

void x11_input_forget(struct x11_input *in)
{
    in->key_events = in->button_events = 0;
}

struct x11_input_idle x11_input_idle(struct x11_input *in)
{
    struct x11_input_idle out = {.idle_ms = -1};
    OWN_FREE xcb_screensaver_query_info_reply_t *r = NULL;

    if (in->has_saver)
        r = xcb_screensaver_query_info_reply(
            in->d->x, xcb_screensaver_query_info(in->d->x, in->d->root), NULL);
    if (!r)
        return out;
    out.idle_ms = r->ms_since_user_input;
    out.saver_is_on = r->state == XCB_SCREENSAVER_STATE_ON;
    return out;
}
