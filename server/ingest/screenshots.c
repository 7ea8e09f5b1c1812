/* POST /api/screenshots/: the blob is durable before its row is committed.
 *
 * What is hashed and kept as the payload is the form as JSON, in a fixed order,
 * with the picture's own hash: that is what "same payload" means here.
 */
#include "core/clock.h"
#include "core/jsonw.h"
#include "core/sha256.h"
#include "server/blob/blob.h"
#include "server/counters.h"
#include "server/http/readers.h"
#include "server/ingest/image.h"
#include "server/ingest/ingest.h"
#include "server/ingest/seqs.h"
#include "server/ingest/tiers.h"
#include "server/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shot {    /* what the handler gathers before the commit */
    bool layer1; /* fields of layer 2 are unknown ones, of any value */
    struct exchange_part *image, *thumbnail;
    struct image header;
    const char *captured_at, *output;
    int64_t seq, tier, masks;
};

static const char *field(struct exchange *x, const char *name)
{
    const struct exchange_part *p = exchange_part(x, name);

    return p ? p->data : NULL;
}

/* A field that was checked as a whole number. */
static int64_t number(const char *text, int64_t missing)
{
    return text && *text ? strtoll(text, NULL, 10) : missing;
}

/* The tier is written 4 or L4. */
static const char *tier_text(struct exchange *x)
{
    const char *text = field(x, "tier");

    return text && text[0] == 'L' && text[1] ? text + 1 : text;
}

static void check_fields(struct exchange *x, const struct shot *shot,
                         struct wire_problems *problems)
{
    const struct wire_message *m = &wire_screenshot;

    for (size_t i = 0; i < m->count; i++) {
        const struct wire_field *f = &m->fields[i];
        const char *text =
            strcmp(f->name, "tier") == 0 ? tier_text(x) : field(x, f->name);

        if (shot->layer1 && (f->flags & WIRE_LAYER2))
            continue;
        if (text && *text) {
            wire_check_text(f, text, problems);
        } else if (f->flags & WIRE_REQUIRED) {
            wire_missing(f, problems);
        }
    }
}

/* The form's session must be the token's. False: answered. */
static bool check_session(struct exchange *x, struct wire_problems *problems)
{
    const char *text = field(x, "session_id");
    size_t digits = text ? strspn(text, "0123456789") : 0;
    long long id = digits && digits < 19 ? strtoll(text, NULL, 10) : 0;

    if (!text || !*text)
        return true; /* said by check_fields() */
    if (text[digits] || id < 1) {
        wire_problem(problems, "/session_id",
                     "session_id is \"%.24s\", must be the number that the "
                     "session's opening gave",
                     text);
        return true;
    }
    if (id == exchange_principal(x)->session_id)
        return true;
    exchange_problem(x, 403, "session", "this token is not of session %lld",
                     id);
    return false;
}

static void check_image(struct exchange *x, struct shot *shot,
                        struct wire_problems *problems)
{
    int64_t most = exchange_server(x)->settings->max_image_bytes;
    enum err e;

    shot->image = exchange_part(x, "image");
    if (!shot->image || shot->image->data) {
        wire_problem(problems, "/image",
                     "image is missing: send it as a file part");
        return;
    }
    if ((int64_t)shot->image->len > most) {
        wire_problem(problems, "/image", "image has %zu bytes, at most %lld",
                     shot->image->len, (long long)most);
        return;
    }
    e = image_read(&shot->image->file, &shot->header);
    if (e == WS_FULL)
        wire_problem(problems, "/image",
                     "image is larger than %d pixels a side or 64 megapixels",
                     IMAGE_MAX_SIDE_PX);
    else if (e)
        wire_problem(problems, "/image",
                     "image is not a PNG, JPEG or WebP, or its header is "
                     "broken");
}

static void check_thumbnail(struct exchange *x, struct shot *shot,
                            struct wire_problems *problems)
{
    struct exchange_part *t = exchange_part(x, "thumbnail");
    int64_t most = exchange_server(x)->settings->max_image_bytes;
    struct image header;

    if (shot->layer1 || !t || t->data || t->len == 0)
        return;
    shot->thumbnail = t;
    if ((int64_t)t->len > most)
        wire_problem(problems, "/thumbnail",
                     "thumbnail has %zu bytes, at most %lld", t->len,
                     (long long)most);
    else if (image_read(&t->file, &header))
        wire_problem(problems, "/thumbnail",
                     "thumbnail is not a PNG, JPEG or WebP in bounds");
}

static void check_hash(struct exchange *x, const struct shot *shot,
                       struct wire_problems *problems)
{
    const char *said = field(x, "sha256");
    char is[SHA256_HEX_BYTES];

    if (shot->layer1 || !said || !*said || !shot->image || shot->image->data)
        return;
    sha256_hex(shot->image->sha256, SHA256_BYTES, is);
    if (strcmp(said, is) != 0)
        wire_problem(problems, "/sha256",
                     "sha256 is %.16s..., the bytes that came have %.16s...",
                     said, is);
}

/* Everything about the form. False: answered. */
static bool read_form(struct exchange *x, struct shot *shot, bool layer1)
{
    struct wire_problems problems = {.count = 0};

    *shot = (struct shot){
        .layer1 = layer1, .seq = 0, .masks = -1, .tier = -1, .output = NULL};
    check_fields(x, shot, &problems);
    if (!check_session(x, &problems))
        return false;
    check_image(x, shot, &problems);
    check_thumbnail(x, shot, &problems);
    check_hash(x, shot, &problems);
    if (problems.count) {
        exchange_problems(x, "bad-screenshot", &problems);
        return false;
    }
    shot->captured_at = field(x, "captured_at");
    if (layer1)
        return true;
    shot->output = field(x, "output");
    shot->seq = number(field(x, "seq"), 0);
    shot->masks = number(field(x, "masks"), -1);
    shot->tier = number(tier_text(x), -1);
    return true;
}

/* Refuse what is above the tier. False: answered. */
static bool check_tier(struct exchange *x, const struct shot *shot)
{
    int64_t needed = shot->tier > TIERS_PIXELS ? shot->tier : TIERS_PIXELS;
    struct tiers t = {0};
    enum err e = tiers_judge(x, shot->seq, needed, &t);

    return tiers_pass(x, e, &t, "picture");
}

static void write_payload(struct single *s, struct exchange *x,
                          const struct shot *shot)
{
    char hex[SHA256_HEX_BYTES];
    struct jsonw w;

    sha256_hex(shot->image->sha256, SHA256_BYTES, hex);
    jsonw_init(&w, &s->payload);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "captured_at", shot->captured_at);
    jsonw_text(&w, "image_sha256", hex);
    jsonw_int(&w, "bytes", (int64_t)shot->image->len);
    for (size_t i = 0; i < wire_screenshot.count; i++) {
        const char *name = wire_screenshot.fields[i].name;
        const char *text = field(x, name);

        if (text && strcmp(name, "session_id") != 0 &&
            strcmp(name, "captured_at") != 0 && strcmp(name, "sha256") != 0)
            jsonw_text(&w, name, text);
    }
    jsonw_object_end(&w);
}

/* The names: of the seq, or of the key's hash with the top bit set. */
static uint64_t blob_number(const struct single *s)
{
    uint8_t hash[SHA256_BYTES];
    uint64_t n = 0;

    if (s->item.fact.seq)
        return (uint64_t)s->item.fact.seq;
    sha256_hash(s->key, strlen(s->key), hash);
    memcpy(&n, hash, sizeof n);
    return n | UINT64_C(1) << 63;
}

static void fill_fact(struct single *s, const struct shot *shot)
{
    struct fact *f = &s->item.fact;

    f->kind = WIRE_ITEM_SCREENSHOT;
    f->screenshot = (struct fact_screenshot){
        .blob = s->blobs[0],
        .thumbnail = shot->thumbnail ? s->blobs[1] : NULL,
        .bytes = (int64_t)shot->image->len,
        .width_px = shot->header.width_px,
        .height_px = shot->header.height_px,
        .format = shot->header.format,
        .output = shot->output,
        .tier = shot->tier,
        .masks = shot->masks,
    };
    memcpy(f->screenshot.sha256, shot->image->sha256, SHA256_BYTES);
    if (clock_parse_iso(shot->captured_at, strlen(shot->captured_at),
                        &f->at_ns))
        f->at_ns = f->received_ns; /* checked before: cannot happen */
}

static void write_body(const struct single *s, bool duplicate, int64_t id,
                       struct buf *out)
{
    struct jsonw w;

    (void)s;
    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "status", duplicate ? "duplicate" : "ok");
    if (id)
        jsonw_int(&w, "screenshot_id", id);
    else
        jsonw_null(&w, "screenshot_id");
    jsonw_object_end(&w);
}

/* The bytes first. False: answered. */
static bool put_blobs(struct single *s, const struct shot *shot)
{
    struct blob *b = exchange_server(s->x)->blob;
    struct counters *c = exchange_server(s->x)->counters;
    const struct exchange_part *parts[2] = {shot->image, shot->thumbnail};

    for (int i = 0; i < 2; i++) {
        enum err e;

        if (!parts[i])
            continue;
        blob_name(s->item.fact.session_id, blob_number(s), parts[i]->sha256, i,
                  s->blobs[i]);
        e = blob_put(b, s->blobs[i], &parts[i]->file);
        if (e == WS_FULL)
            exchange_problem(s->x, 507, "no-room",
                             "the server's disk is full: send it again later");
        else if (e)
            exchange_busy(s->x, 1);
        if (e)
            return false;
        COUNTERS_ADD(c, blobs_stored, 1);
        COUNTERS_ADD(c, blob_bytes, parts[i]->len);
    }
    return true;
}

struct leftover { /* blobs without a row, on their way out */
    struct blob *blob;
    char names[2][BLOB_NAME_BYTES];
};

static void drop_leftover(void *arg)
{
    OWN_FREE struct leftover *l = arg;

    for (int i = 0; i < 2; i++)
        if (l->names[i][0] && blob_drop(l->blob, l->names[i]))
            return; /* logged there; `blob verify` finds it */
}

/* Another picture holds the seq: this one's blobs have no row, and every other
 * request with their names is refused as well. The committer does not wait for
 * the place they are in. */
static void settled(struct single *s)
{
    struct server *server = exchange_server(s->x);
    OWN_FREE struct leftover *l = NULL;

    if (s->item.verdict != COMMIT_REUSED ||
        strcmp(s->item.blob, s->blobs[0]) == 0)
        return;
    l = calloc(1, sizeof *l);
    if (!l)
        return;
    l->blob = server->blob;
    memcpy(l->names, s->blobs, sizeof l->names);
    if (!readers_run(server->blob_drops, drop_leftover, l))
        (void)TAKE(l);
}

/* Bytes, then the row: on a reader thread, or with a remote place on a blob
 * thread. */
static void store_shot(struct single *s, const struct shot *shot)
{
    if (!put_blobs(s, shot)) {
        single_close(s);
        return;
    }
    fill_fact(s, shot);
    facts_payload(&s->item.fact, s->payload.data, s->payload.len);
    s->write = write_body;
    s->settled = settled;
    single_submit(s);
}

struct job { /* what waits for a blob thread */
    struct single *s;
    struct shot shot;
};

static void run_job(void *arg)
{
    OWN_FREE struct job *job = arg;

    if (exchange_gone(job->s->x)) {
        exchange_busy(job->s->x, 1);
        single_close(job->s);
        return;
    }
    store_shot(job->s, &job->shot);
}

/* Hand it to the blob threads; a full queue is 503, before a byte is sent. */
static void store_later(struct single *s, const struct shot *shot)
{
    struct exchange *x = s->x;
    OWN_FREE struct job *job = calloc(1, sizeof *job);

    if (job) {
        *job = (struct job){.s = s, .shot = *shot};
        exchange_hold(x);
        if (!readers_run(exchange_server(x)->blob_threads, run_job, job)) {
            (void)TAKE(job);
            return;
        }
    }
    exchange_busy(x, 1);
    single_close(s);
}

void screenshots_post(struct exchange *x)
{
    OWN(single_close)
    struct single *s = NULL;
    struct shot shot;
    struct keys keys;

    if (!keys_read(x, &keys) || single_open(&s, x) ||
        !read_form(x, &shot, !exchange_principal(x)->session_uid[0]) ||
        !check_tier(x, &shot))
        return;
    seqs_key(s, &keys, shot.seq);
    write_payload(s, x, &shot);
    if (buf_check(&s->payload)) {
        exchange_busy(x, 1);
        return;
    }
    if (exchange_server(x)->blob_threads)
        store_later(TAKE(s), &shot);
    else
        store_shot(TAKE(s), &shot);
}
