#include "agent/outbox/pausing.h"

#include "core/clock.h"
#include "core/jsonw.h"
#include "core/log.h"

#include <stdatomic.h>
#include <stdio.h>

static const char until_note[] = "pause_until_wall_ns";
static const char reason_note[] = "pause_reason";

int64_t pausing_until(const struct pausing *p)
{
    int64_t until = atomic_load(&p->board->paused_until_wall_ns);

    return until > env_wall_ns(p->env) ? until : 0;
}

bool pausing_set(struct pausing *p, int64_t until_wall_ns, const char *reason)
{
    bool was = pausing_until(p) != 0;

    atomic_store(&p->board->paused_until_wall_ns, until_wall_ns);
    snprintf(p->reason, sizeof(p->reason), "%s", reason ? reason : "");
    if (!was && until_wall_ns == 0)
        return false;
    p->asked_wall_ns = env_wall_ns(p->env);
    p->until_wall_ns = until_wall_ns;
    p->owed = true;
    return true;
}

static enum err put_event(const struct pausing *p)
{
    OWN_BUF struct buf payload = BUF_EMPTY;
    struct jsonw w;

    jsonw_init(&w, &payload);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "event", p->until_wall_ns ? "pause" : "resume");
    jsonw_time(&w, "at", p->asked_wall_ns);
    if (p->until_wall_ns)
        jsonw_time(&w, "until", p->until_wall_ns);
    if (p->reason[0])
        jsonw_text(&w, "reason", p->reason);
    jsonw_object_end(&w);
    return outbox_put_small(p->outbox, WIRE_ITEM_EVENT, &payload);
}

enum err pausing_write(struct pausing *p)
{
    enum err e = p->owed ? outbox_begin(p->outbox) : WS_OK;

    if (e || !p->owed)
        return e;
    e = put_event(p);
    if (!e)
        e = outbox_set_int(p->outbox, until_note, p->until_wall_ns);
    if (!e)
        e = outbox_set_text(p->outbox, reason_note, p->reason);
    if (e) {
        outbox_rollback(p->outbox);
        return e;
    }
    e = outbox_commit(p->outbox);
    p->owed = e != WS_OK;
    return e;
}

enum err pausing_restore(struct pausing *p)
{
    int64_t until, now = env_wall_ns(p->env);
    enum err e = outbox_note_int(p->outbox, until_note, &until);

    if (!e)
        e = outbox_note_text(p->outbox, reason_note, p->reason,
                             sizeof(p->reason));
    if (e)
        return e;
    if (pausing_until(p) != 0) {
        p->owed = pausing_until(p) != until;
        p->until_wall_ns = pausing_until(p);
        p->asked_wall_ns = now;
        return WS_OK;
    }
    /* Nobody can pause for longer: the clock was set back since. */
    if (until > now + PAUSING_MAX_MS * CLOCK_NS_PER_MS)
        until = now + PAUSING_MAX_MS * CLOCK_NS_PER_MS;
    atomic_store(&p->board->paused_until_wall_ns, until > now ? until : 0);
    return WS_OK;
}
