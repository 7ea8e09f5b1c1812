/* Hints are gathered under a lock by whoever commits, and taken away by a
 * timer on the loop, which owns the streams. A reader who sees a part of the
 * sessions only (own, team) gets a hint when a reader thread found the session
 * in the scope: a hint must not tell that somebody else's session exists. */
#include "server/views/live.h"

#include "core/clock.h"
#include "core/log.h"
#include "server/auth/logins.h"
#include "server/auth/roles.h"
#include "server/commit/commit_plan.h"
#include "server/http/loop.h"
#include "server/http/readers.h"
#include "server/server.h"
#include "server/views/live_hint.h"
#include "server/views/live_ring.h"
#include "server/views/page.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stream {
    struct stream *next;
    struct live *live;
    struct exchange *x;
    uint64_t serial;
    unsigned topics;
    int64_t session_id; /* 0: all */
    struct store_scope scope;
    enum logins_kind kind;
    char secret[LOGINS_SECRET_BYTES];
    char name[65];
};

struct live {
    struct server *server;
    pthread_mutex_t lock;
    struct live_hints pending;
    uint64_t heard; /* of server->live_ring */
    struct loop_timer *gather, *ping;
    struct stream *streams;
    atomic_size_t stream_count; /* read by /metrics */
    uint64_t next_serial, next_id;
    char run[17];
    struct live_hint kept[LIVE_KEPT]; /* by id % LIVE_KEPT */
};

/* --- from any thread --- */

void live_publish(struct live *l, enum live_topic topic, int64_t session_id)
{
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    live_hint_add(&l->pending, session_id, 1U << topic);
    pthread_mutex_unlock(&l->lock);
}

void live_accepted(void *server, const struct commit_item *item)
{
    struct live *l = ((struct server *)server)->live;

    switch (item->fact.kind) {
    case WIRE_ITEM_METRIC:
        live_publish(l, LIVE_METRICS, item->fact.session_id);
        break;
    case WIRE_ITEM_SCREENSHOT:
        live_publish(l, LIVE_SCREENSHOTS, item->fact.session_id);
        break;
    default:
        live_publish(l, LIVE_LEDGER, item->fact.session_id);
    }
}

void live_beat(void *server, int64_t session_id)
{
    live_publish(((struct server *)server)->live, LIVE_HEALTH, session_id);
}

/* --- streams, on the loop --- */

static void stream_closed(void *ctx)
{
    struct stream *s = ctx;
    struct stream **at = &s->live->streams;

    while (*at && *at != s)
        at = &(*at)->next;
    if (*at) {
        *at = s->next;
        s->live->stream_count--;
    }
    free(s);
}

static struct stream *find(struct live *l, uint64_t serial)
{
    struct stream *s = l->streams;

    while (s && s->serial != serial)
        s = s->next;
    return s;
}

/* Send, or close a stream that can't keep up; it comes back and catches up. */
static void send_text(struct stream *s, const char *text, size_t len)
{
    if (!exchange_stream_send(s->x, text, len))
        exchange_stream_end(s->x);
}

static void send_hint(struct stream *s, const struct live_hint *h)
{
    struct live_hint mine = *h;
    char text[LIVE_HINT_BYTES];
    size_t len;

    mine.topics &= s->topics;
    if (mine.topics == 0 ||
        (s->session_id && h->session_id && s->session_id != h->session_id))
        return;
    len = live_hint_write(&mine, s->live->run, text);
    send_text(s, text, len);
}

/* --- hints for narrow scopes, by way of a reader thread --- */

struct narrow {
    struct live *live;
    struct live_hint *hints;
    size_t hint_count;
    size_t stream_count;
    struct {
        uint64_t serial;
        struct store_scope scope;
    } * streams;
    bool *may; /* [stream][hint] */
};

static void narrow_free(struct narrow *n)
{
    if (!n)
        return;
    free(n->hints);
    free(n->streams);
    free(n->may);
    free(n);
}
OWN_DEFINE(narrow_free, struct narrow *)

static void narrow_send(void *arg)
{
    OWN(narrow_free)
    struct narrow *n = arg;
    size_t i, k;

    for (i = 0; i < n->stream_count; i++) {
        for (k = 0; k < n->hint_count; k++) {
            struct stream *s = find(n->live, n->streams[i].serial);

            if (s && n->may[i * n->hint_count + k])
                send_hint(s, &n->hints[k]);
        }
    }
}

static void narrow_look(void *arg)
{
    struct narrow *n = arg;
    struct store *reader = readers_context();
    size_t i, k;

    for (i = 0; i < n->stream_count; i++)
        for (k = 0; k < n->hint_count; k++)
            n->may[i * n->hint_count + k] =
                n->hints[k].session_id == 0 || /* "much": names nobody */
                store_views_may_see(reader, &n->streams[i].scope,
                                    n->hints[k].session_id) == WS_OK;
    if (loop_post(n->live->server->loop, narrow_send, n))
        narrow_free(n);
}

static void tell_narrow(struct live *l, const struct live_hint *hints,
                        size_t count, size_t stream_count)
{
    OWN(narrow_free)
    struct narrow *n = calloc(1, sizeof(*n));
    struct stream *s;

    if (!n)
        return;
    n->live = l;
    n->hints = malloc(count * sizeof(*hints));
    n->streams = calloc(stream_count, sizeof(*n->streams));
    n->may = calloc(stream_count * count, sizeof(*n->may));
    if (!n->hints || !n->streams || !n->may)
        return;
    memcpy(n->hints, hints, count * sizeof(*hints));
    n->hint_count = count;
    for (s = l->streams; s; s = s->next) {
        if (s->scope.width == STORE_SCOPE_EVERYONE)
            continue;
        n->streams[n->stream_count].serial = s->serial;
        n->streams[n->stream_count++].scope = s->scope;
    }
    if (readers_run(l->server->readers, narrow_look, n) == WS_OK)
        n = NULL;
}

/* --- the gathering --- */

/* Tell the other workers what this one committed, and add what they did. */
static void exchange_hints(struct live *l, struct live_hints *hints)
{
    struct live_ring *ring = l->server->live_ring;
    struct live_hints mine = *hints;
    struct live_ring_hint other;
    bool missed = false;
    size_t i;

    if (!mine.count && live_ring_end(ring) == l->heard)
        return;
    for (i = 0; i < mine.count; i++)
        live_ring_put(ring, &(struct live_ring_hint){mine.list[i].session_id,
                                                     mine.list[i].topics,
                                                     l->server->seat});
    live_hint_clear(hints);
    for (i = 0; i < mine.count; i++)
        live_hint_add(hints, mine.list[i].session_id, mine.list[i].topics);
    while (live_ring_take(ring, &l->heard, &other, &missed))
        if (other.seat != l->server->seat)
            live_hint_add(hints, other.session_id, other.topics);
    if (missed)
        hints->everything |= (1U << LIVE_TOPICS) - 1;
    live_hint_pack(hints);
}

static void on_gather(void *arg)
{
    struct live *l = arg;
    struct live_hints taken;
    struct stream *s, *next;
    int64_t now_ns = env_wall_ns(l->server->env);
    size_t narrow = 0, i;

    pthread_mutex_lock(&l->lock);
    taken = l->pending;
    live_hint_clear(&l->pending);
    pthread_mutex_unlock(&l->lock);
    live_hint_pack(&taken);
    if (l->server->live_ring)
        exchange_hints(l, &taken);
    for (i = 0; i < taken.count; i++) {
        taken.list[i].id = l->next_id++;
        taken.list[i].at_ns = now_ns;
        l->kept[taken.list[i].id % LIVE_KEPT] = taken.list[i];
    }
    for (s = l->streams; taken.count && s; s = next) {
        uint64_t serial = s->serial;

        next = s->next;
        if (s->scope.width != STORE_SCOPE_EVERYONE) {
            narrow++;
            continue;
        }
        for (i = 0; i < taken.count && find(l, serial); i++)
            send_hint(s, &taken.list[i]);
    }
    if (narrow)
        tell_narrow(l, taken.list, taken.count, narrow);
}

/* --- is who listens still allowed to? --- */

struct recheck {
    struct live *live;
    uint64_t serial;
    enum logins_kind kind;
    char secret[LOGINS_SECRET_BYTES];
};

static void recheck_end(void *arg)
{
    OWN_FREE struct recheck *r = arg;
    struct stream *s = find(r->live, r->serial);

    if (s)
        exchange_stream_end(s->x);
}

static void recheck_look(void *arg)
{
    OWN_FREE struct recheck *r = arg;
    struct logins_who who;
    struct server *server = r->live->server;

    if (logins_load(server->logins, readers_context(), r->kind, r->secret,
                    &who) != WS_DENIED)
        return;
    if (loop_post(server->loop, recheck_end, r) == WS_OK)
        r = NULL;
}

static void recheck_begin(struct stream *s)
{
    OWN_FREE struct recheck *r = calloc(1, sizeof(*r));

    if (!r)
        return;
    r->live = s->live;
    r->serial = s->serial;
    r->kind = s->kind;
    memcpy(r->secret, s->secret, sizeof(r->secret));
    if (readers_run(s->live->server->readers, recheck_look, r) == WS_OK)
        r = NULL;
}

static void on_ping(void *arg)
{
    struct live *l = arg;
    struct stream *s, *next;

    for (s = l->streams; s; s = next) {
        next = s->next;
        recheck_begin(s);
        send_text(s, ": ping\n\n", 8);
    }
}

/* --- a new stream --- */

static unsigned read_topics(struct page *p, unsigned permissions)
{
    const char *text = exchange_query(p->x, "topics");
    unsigned all = 0,
             may = 1U << LIVE_SESSIONS | 1U << LIVE_HEALTH | 1U << LIVE_LEDGER;
    enum live_topic topic;
    char word[24];

    if (permissions & PERM_METRICS)
        may |= 1U << LIVE_METRICS;
    if (permissions & PERM_SCREENSHOTS)
        may |= 1U << LIVE_SCREENSHOTS;
    if (!text || !*text)
        return may;
    for (;;) {
        size_t len = strcspn(text, ",");

        snprintf(word, sizeof(word), "%.*s", (int)(len < 23 ? len : 23), text);
        if (live_topic_of(word, &topic))
            page_problem(p, "topics",
                         "\"%s\" is not known; use sessions, health, metrics, "
                         "screenshots, ledger",
                         word);
        else
            all |= 1U << topic;
        if (!text[len])
            return all & may;
        text += len + 1;
    }
}

/* What was missed since Last-Event-ID, or that it is too much to tell. */
static void catch_up(struct stream *s)
{
    struct live *l = s->live;
    const char *last = exchange_header(s->x, "Last-Event-ID");
    uint64_t serial = s->serial, id, from;
    char text[80];
    int len;

    if (!last)
        return;
    if (s->scope.width == STORE_SCOPE_EVERYONE &&
        live_hint_read_id(last, l->run, &from) == WS_OK && from < l->next_id &&
        l->next_id - from <= LIVE_KEPT) {
        for (id = from + 1; id < l->next_id && find(l, serial); id++)
            send_hint(s, &l->kept[id % LIVE_KEPT]);
        return;
    }
    len =
        snprintf(text, sizeof(text), "id: %s-%llu\nevent: reset\ndata: {}\n\n",
                 l->run, (unsigned long long)l->next_id - 1);
    send_text(s, text, (size_t)len);
}

/* False, and answered: enough streams are open. */
static bool room_for(struct live *l, struct exchange *x)
{
    const char *name = exchange_principal(x)->name;
    const struct stream *s;
    size_t mine = 0;

    for (s = l->streams; s; s = s->next)
        mine += strcmp(s->name, name) == 0;
    if (mine >= LIVE_MAX_STREAMS_PER_USER) {
        exchange_add_header(x, "Retry-After", "30");
        exchange_problem(x, 429, "too-many-streams",
                         "%d event streams of this account are open; close a "
                         "page, or ask every 30 s instead",
                         LIVE_MAX_STREAMS_PER_USER);
        return false;
    }
    if (l->stream_count >= LIVE_MAX_STREAMS) {
        exchange_busy(x, 30);
        return false;
    }
    return true;
}

void live_stream(struct exchange *x)
{
    static const char *const known[] = {"topics", "session", NULL};
    struct live *l = exchange_server(x)->live;
    const struct principal *who = exchange_principal(x);
    struct page page;
    struct stream *s;
    const char *secret;

    page_begin(&page, x, known);
    s = calloc(1, sizeof(*s));
    if (!s) {
        exchange_busy(x, 1);
        return;
    }
    s->topics = read_topics(&page, who->permissions);
    s->session_id = page_read_int(&page, "session", 1, INT64_C(1) << 53, 0);
    if (page_refused(&page) || !room_for(l, x)) {
        free(s);
        return;
    }
    secret = logins_secret(x, &s->kind);
    snprintf(s->secret, sizeof(s->secret), "%s", secret ? secret : "");
    snprintf(s->name, sizeof(s->name), "%s", who->name);
    s->scope = page_scope(x);
    s->live = l;
    s->x = x;
    s->serial = l->next_serial++;
    s->next = l->streams;
    l->streams = s;
    l->stream_count++;
    exchange_add_header(x, "Cache-Control", "no-store");
    exchange_stream(x, stream_closed, s);
    s = find(l, l->next_serial - 1);
    if (s)
        send_text(s, "retry: 2000\n\n", 13);
    s = find(l, l->next_serial - 1);
    if (s)
        catch_up(s);
}

size_t live_streams(const struct live *l)
{
    return l->stream_count;
}

enum err live_open(struct live **out, struct server *server)
{
    struct live *l = calloc(1, sizeof(*l));
    uint64_t run;
    enum err e;

    if (!l)
        return WS_NOMEM;
    l->server = server;
    l->next_serial = l->next_id = 1;
    l->heard = server->live_ring ? live_ring_end(server->live_ring) : 0;
    env_random(server->env, &run, sizeof(run));
    snprintf(l->run, sizeof(l->run), "%016llx", (unsigned long long)run);
    pthread_mutex_init(&l->lock, NULL);
    e = loop_timer_open(&l->gather, server->loop, LIVE_GATHER_MS, on_gather, l);
    if (!e)
        e = loop_timer_open(&l->ping, server->loop, LIVE_PING_MS, on_ping, l);
    if (e) {
        live_close(l);
        return e;
    }
    *out = l;
    return WS_OK;
}

void live_close(struct live *l)
{
    if (!l)
        return;
    loop_timer_close(l->gather);
    loop_timer_close(l->ping);
    while (l->streams)
        stream_closed(l->streams);
    pthread_mutex_destroy(&l->lock);
    free(l);
}
