/* The cache is direct-mapped by the hash of the token. Unknown tokens are not
 * remembered: guessing costs the guesser a look-up each and nobody's place.
 * An entry counts for the generation in which its look-up began, and every
 * tokens_forget() of any worker begins another: so a revocation holds at once
 * on this machine, also for look-ups that were under way. */
#include "server/auth/tokens.h"

#include "core/clock.h"
#include "core/sha256.h"
#include "server/store/store_sessions.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    uint8_t sha256[SHA256_BYTES];
    struct tokens_session session;
    int64_t fresh_until_ns; /* monotonic; 0: empty */
    uint64_t generation;
};

struct tokens {
    const struct env *env;
    pthread_mutex_t lock;
    struct entry *entries;
    size_t mask;
    atomic_uint_fast64_t *generation; /* of all workers, or: */
    atomic_uint_fast64_t own_generation;
};

enum err tokens_open(struct tokens **out, const struct env *env,
                     size_t max_cached, atomic_uint_fast64_t *generation)
{
    struct tokens *t;
    size_t size = 1;

    while (size < max_cached && size < TOKENS_MAX_CACHED)
        size *= 2;
    t = calloc(1, sizeof *t);
    if (!t)
        return WS_NOMEM;
    t->entries = calloc(size, sizeof *t->entries);
    if (!t->entries) {
        free(t);
        return WS_NOMEM;
    }
    t->env = env;
    t->mask = size - 1;
    t->generation = generation ? generation : &t->own_generation;
    (void)pthread_mutex_init(&t->lock, NULL);
    *out = t;
    return WS_OK;
}

void tokens_close(struct tokens *t)
{
    if (!t)
        return;
    (void)pthread_mutex_destroy(&t->lock);
    free(t->entries);
    free(t);
}

static struct entry *slot(struct tokens *t, const uint8_t sha256[32])
{
    uint64_t h;

    memcpy(&h, sha256, sizeof h);
    return &t->entries[h & t->mask];
}

enum err tokens_find(struct tokens *t, const uint8_t sha256[32],
                     struct tokens_session *out)
{
    int64_t now = env_mono_ns(t->env);
    struct entry *en = slot(t, sha256);
    enum err e = WS_AGAIN;

    (void)pthread_mutex_lock(&t->lock);
    if (now < en->fresh_until_ns &&
        en->generation == atomic_load(t->generation) &&
        memcmp(en->sha256, sha256, SHA256_BYTES) == 0) {
        *out = en->session;
        e = WS_OK;
    }
    (void)pthread_mutex_unlock(&t->lock);
    return e;
}

/* Under the lock. */
static void remember(struct tokens *t, const uint8_t sha256[32],
                     struct tokens_session session, int64_t from_ns,
                     uint64_t generation)
{
    struct entry *en = slot(t, sha256);

    memcpy(en->sha256, sha256, SHA256_BYTES);
    en->session = session;
    en->fresh_until_ns = from_ns + TOKENS_FRESH_MS * CLOCK_NS_PER_MS;
    en->generation = generation;
}

enum err tokens_load(struct tokens *t, struct store *reader,
                     const uint8_t sha256[32], struct tokens_session *out)
{
    int64_t asked_ns = env_mono_ns(t->env);
    struct store_session_key key;
    uint64_t generation = atomic_load(t->generation);
    enum err e;

    e = store_sessions_by_token(reader, sha256, &key);
    if (e == WS_NOTFOUND || (e == WS_OK && key.revoked))
        return WS_DENIED;
    if (e)
        return e;
    *out = (struct tokens_session){.id = key.session_id, .tier = key.tier};
    memcpy(out->uid, key.session_uid, sizeof out->uid);
    (void)pthread_mutex_lock(&t->lock);
    remember(t, sha256, *out, asked_ns, generation);
    (void)pthread_mutex_unlock(&t->lock);
    return WS_OK;
}

void tokens_put(struct tokens *t, const uint8_t sha256[32],
                struct tokens_session session)
{
    int64_t now = env_mono_ns(t->env);

    (void)pthread_mutex_lock(&t->lock);
    remember(t, sha256, session, now, atomic_load(t->generation));
    (void)pthread_mutex_unlock(&t->lock);
}

void tokens_forget(struct tokens *t)
{
    atomic_fetch_add(t->generation, 1);
}
