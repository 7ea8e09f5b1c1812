#include "agent/outbox/outbox_start.h"

#include "agent/cli/control.h"
#include "agent/notice.h"
#include "agent/outbox/outbox_priv.h"
#include "agent/outbox/session.h"
#include "core/clock.h"
#include "core/io.h"
#include "core/json.h"
#include "core/jsonw.h"
#include "core/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OUTBOX_PICTURES "pictures"

enum err outbox_start_open(struct outbox **out, const struct settings *settings,
                           const struct env *env)
{
    OWN_FREE char *path = io_path(settings->state, OUTBOX_START_FILE);
    OWN_FREE char *pictures = io_path(settings->state, OUTBOX_PICTURES);
    struct outbox_options options = {
        .path = path,
        .pictures = pictures,
        .max_bytes = settings->queue_max_bytes,
        .keep_sent = OUTBOX_KEEP_SENT,
        .max_item_bytes = OUTBOX_MAX_ITEM_BYTES,
        .env = env,
    };
    enum err e;

    if (!path || !pictures)
        return WS_NOMEM;
    e = clock_boot_id(options.boot_id);
    if (!e)
        e = io_make_dirs(settings->state);
    return e ? e : outbox_open(out, &options);
}

/* --- a file that is no queue any more --- */

static void move_beside(const char *path, const char *ending, int64_t stamp_s)
{
    OWN_BUF struct buf from = BUF_EMPTY, to = BUF_EMPTY;

    buf_printf(&from, "%s%s", path, ending);
    buf_printf(&to, "%s.broken-%lld%s", path, (long long)stamp_s, ending);
    if (buf_check(&from) || buf_check(&to))
        return;
    if (rename(from.data, to.data) < 0 && errno != ENOENT)
        (void)!err_sys("outbox: set %s aside", from.data);
}

/* Recording goes on in a new file; the old one stays for whoever can read it,
 * and the server is told that this agent's past has a hole. */
static enum err open_or_set_aside(struct outbox **out, const struct role *role,
                                  bool *set_aside)
{
    OWN_FREE char *path = io_path(role->settings->state, OUTBOX_START_FILE);
    int64_t stamp_s = env_wall_ns(role->env) / CLOCK_NS_PER_S;
    enum err e = outbox_start_open(out, role->settings, role->env);

    *set_aside = false;
    if (e != WS_CORRUPT)
        return e;
    if (!path)
        return WS_NOMEM;
    log_error("queue_set_aside",
              "%s is damaged: it stays as %s.broken-%lld, a new queue begins",
              path, path, (long long)stamp_s);
    move_beside(path, "", stamp_s);
    move_beside(path, "-wal", stamp_s);
    *set_aside = true;
    return outbox_start_open(out, role->settings, role->env);
}

static enum err say_set_aside(struct outbox *o)
{
    OWN_BUF struct buf payload = BUF_EMPTY;
    struct jsonw w;

    jsonw_init(&w, &payload);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "event", "queue_set_aside");
    jsonw_time(&w, "at", env_wall_ns(o->env));
    jsonw_text(&w, "reason",
               "the queue file was damaged; what it held is not "
               "delivered");
    jsonw_object_end(&w);
    return outbox_put_small(o, WIRE_ITEM_EVENT, &payload);
}

static enum err start_session(struct outbox *o, const struct role *role)
{
    OWN_BUF struct buf facts = BUF_EMPTY;
    struct session_machine machine;
    int64_t number = atomic_load(&role->board->session_number);
    enum err e;

    if (number != 0) {
        e = outbox_session_resume(o, number);
        if (e != WS_NOTFOUND)
            return e;
    }
    session_ask_machine(&machine);
    e = session_identify(o, role->env, &machine);
    if (!e)
        e = session_facts(&machine, role->settings, &facts);
    if (!e)
        e = outbox_session_start(o, buf_text(&facts), &number);
    if (!e)
        atomic_store(&role->board->session_number, number);
    return e;
}

/* --- the notice --- */

/* When a notice was first seen acknowledged, kept by its hash. */
static enum err acknowledged_at(struct outbox *o, const char *hash,
                                int64_t *wall_ns)
{
    char known[SHA256_HEX_BYTES];
    enum err e = outbox_note_text(o, "notice_sha256", known, sizeof(known));

    if (!e)
        e = outbox_note_int(o, "notice_wall_ns", wall_ns);
    if (e || (strcmp(known, hash) == 0 && *wall_ns != 0))
        return e;
    *wall_ns = env_wall_ns(o->env);
    e = outbox_set_int(o, "notice_wall_ns", *wall_ns);
    return e ? e : outbox_set_text(o, "notice_sha256", hash);
}

static enum err put_ack(struct outbox *o, const struct settings *settings,
                        const char *hash, int64_t at_wall_ns)
{
    OWN_BUF struct buf payload = BUF_EMPTY;
    struct jsonw w;

    jsonw_init(&w, &payload);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "notice_sha256", hash);
    jsonw_time(&w, "acknowledged_at", at_wall_ns);
    jsonw_int(&w, "tier", settings->tier);
    if (*settings->purpose)
        jsonw_text(&w, "purpose", settings->purpose);
    if (*settings->until)
        jsonw_text(&w, "until", settings->until);
    jsonw_object_end(&w);
    return outbox_put_small(o, WIRE_ITEM_NOTICE_ACK, &payload);
}

/* Every session says once which notice its person said yes to; only then may
 * capture begin. */
static enum err acknowledge(struct outbox *o, const struct role *role)
{
    char hash[SHA256_HEX_BYTES], said[SHA256_HEX_BYTES];
    int64_t at = 0, said_in = 0;
    enum err e;

    if (!settings_needs_notice(role->settings))
        return WS_OK;
    if (!notice_is_acknowledged(role->settings)) {
        log_warn("notice_missing", "the notice is not acknowledged: nothing "
                                   "is captured");
        return WS_OK;
    }
    e = notice_hash(role->settings, hash);
    if (!e)
        e = acknowledged_at(o, hash, &at);
    if (!e)
        e = outbox_note_text(o, "ack_sha256", said, sizeof(said));
    if (!e)
        e = outbox_note_int(o, "ack_session", &said_in);
    if (!e && (said_in != o->present || strcmp(said, hash) != 0)) {
        e = put_ack(o, role->settings, hash, at);
        if (!e)
            e = outbox_set_int(o, "ack_session", o->present);
        if (!e)
            e = outbox_set_text(o, "ack_sha256", hash);
    }
    if (!e)
        atomic_store(&role->board->notice_acknowledged, 1);
    return e;
}

/* --- enrollment --- */

/* `worksight-agent enroll` left a code while no agent ran. */
static enum err take_enrollment(struct outbox *o, const struct role *role)
{
    OWN_FREE char *path = io_path(role->settings->state, CONTROL_ENROLL_FILE);
    OWN(json_free)
    struct json *doc = NULL;
    OWN_BUF struct buf text = BUF_EMPTY;
    enum err e;

    if (!path)
        return WS_NOMEM;
    e = io_read_file(path, 4096, &text);
    if (e)
        return e == WS_NOTFOUND ? WS_OK : e;
    e = json_parse(buf_text(&text), text.len, &doc, NULL);
    if (!e)
        e = outbox_enroll(o, json_text(json_get(doc, "code"), ""));
    if (e == WS_INVALID) {
        log_warn("enroll_refused", "%s holds no code: enroll again", path);
        e = WS_OK;
    }
    /* Only after the code is in the queue file for good. */
    if (!e && unlink(path) < 0 && errno != ENOENT)
        e = err_sys("outbox: remove %s", path);
    return e;
}

/* Tokens are secrets between this agent and one server, and so are the ids
 * it gave: another server gets new ones. */
static enum err note_server(struct outbox *o, const struct role *role)
{
    char known[1024];
    enum err e = outbox_note_text(o, "server", known, sizeof(known));

    if (e || strcmp(known, role->settings->server) == 0)
        return e;
    e = outbox_begin(o);
    if (e)
        return e;
    if (known[0]) {
        log_warn("server_changed", "from %s to %s: what waits goes there",
                 known, role->settings->server);
        e = outbox_forget_server(o);
    }
    if (!e)
        e = outbox_set_text(o, "server", role->settings->server);
    if (e) {
        outbox_rollback(o);
        return e;
    }
    return outbox_commit(o);
}

enum err outbox_start_board(struct outbox *o, struct board *board)
{
    struct client_counts c;
    enum err e = outbox_counts(o, &c);

    if (e)
        return e;
    atomic_store(&board->queue_oldest_wall_ns, c.oldest_wall_ns);
    atomic_store(&board->head_seq, (int64_t)c.head_seq);
    outbox_start_totals(o, board);
    return WS_OK;
}

void outbox_start_totals(const struct outbox *o, struct board *board)
{
    atomic_store(&board->queue_pending, o->total[TOTAL_PENDING]);
    atomic_store(&board->queue_dead, o->total[TOTAL_DEAD]);
    atomic_store(&board->queue_bytes, o->total[TOTAL_BYTES]);
    atomic_store(&board->session_number, o->present);
}

enum err outbox_start(struct outbox **out, const struct role *role)
{
    OWN(outbox_close)
    struct outbox *o = NULL;
    bool set_aside;
    enum err e = open_or_set_aside(&o, role, &set_aside);

    if (!e)
        e = note_server(o, role);
    if (!e)
        e = start_session(o, role);
    if (!e && set_aside)
        e = say_set_aside(o);
    if (!e)
        e = acknowledge(o, role);
    if (!e)
        e = take_enrollment(o, role);
    if (!e)
        e = outbox_start_board(o, role->board);
    if (e)
        return e;
    *out = TAKE(o);
    return WS_OK;
}
