/* The cache is direct-mapped by the hash of the secret; what is not in the
 * store is not remembered, so guessing costs the guesser a look-up each and
 * nobody's place in the cache. */
#include "server/auth/logins.h"

#include "core/clock.h"
#include "core/sha256.h"
#include "server/auth/roles.h"
#include "server/store/store_accounts.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    uint8_t sha256[SHA256_BYTES];
    int64_t fresh_until_ns; /* monotonic; 0: empty */
    uint64_t generation;    /* in which its look-up began */
    struct logins_who who;
};

struct logins {
    const struct env *env;
    struct lockout *lockout;
    pthread_mutex_t lock;
    struct entry *entries[LOGINS_MAX_CACHED];
    atomic_uint_fast64_t *generation; /* of all workers, or: */
    atomic_uint_fast64_t own_generation;
};

enum err logins_open(struct logins **out, const struct env *env,
                     struct lockout_table *shared,
                     atomic_uint_fast64_t *generation)
{
    struct logins *l = calloc(1, sizeof(*l));
    enum err e;

    if (!l)
        return WS_NOMEM;
    e = lockout_open(&l->lockout, shared);
    if (e) {
        free(l);
        return e;
    }
    l->env = env;
    l->generation = generation ? generation : &l->own_generation;
    pthread_mutex_init(&l->lock, NULL);
    *out = l;
    return WS_OK;
}

void logins_close(struct logins *l)
{
    size_t i;

    if (!l)
        return;
    for (i = 0; i < LOGINS_MAX_CACHED; i++)
        free(l->entries[i]);
    lockout_close(l->lockout);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

struct lockout *logins_lockout(struct logins *l)
{
    return l->lockout;
}

static size_t place(const uint8_t sha256[SHA256_BYTES])
{
    return ((size_t)sha256[0] | (size_t)sha256[1] << 8) % LOGINS_MAX_CACHED;
}

static void hash_of(enum logins_kind kind, const char *secret,
                    uint8_t out[SHA256_BYTES])
{
    (void)kind; /* keys have a prefix that cookies don't: hashes differ */
    sha256_hash(secret, strlen(secret), out);
}

enum err logins_find(struct logins *l, enum logins_kind kind,
                     const char *secret, struct logins_who *out)
{
    uint8_t sha256[SHA256_BYTES];
    const struct entry *en;
    enum err e = WS_AGAIN;

    hash_of(kind, secret, sha256);
    pthread_mutex_lock(&l->lock);
    en = l->entries[place(sha256)];
    if (en && memcmp(en->sha256, sha256, SHA256_BYTES) == 0 &&
        en->generation == atomic_load(l->generation) &&
        env_mono_ns(l->env) < en->fresh_until_ns) {
        *out = en->who;
        e = WS_OK;
    }
    pthread_mutex_unlock(&l->lock);
    return e;
}

static void remember(struct logins *l, const uint8_t sha256[SHA256_BYTES],
                     int64_t begun_ns, uint64_t generation,
                     const struct logins_who *who)
{
    struct entry **at = &l->entries[place(sha256)];

    pthread_mutex_lock(&l->lock);
    if (!*at)
        *at = calloc(1, sizeof(**at));
    if (*at) {
        memcpy((*at)->sha256, sha256, SHA256_BYTES);
        (*at)->fresh_until_ns = begun_ns + LOGINS_FRESH_MS * CLOCK_NS_PER_MS;
        (*at)->generation = generation;
        (*at)->who = *who;
    }
    pthread_mutex_unlock(&l->lock);
}

static enum err load_cookie(struct store *reader, const char *secret,
                            const uint8_t sha256[SHA256_BYTES], int64_t now_ns,
                            struct logins_who *out)
{
    struct store_login login;
    struct store_account account;
    enum err e = store_accounts_login(reader, sha256, now_ns, &login, &account);

    if (e)
        return e;
    if (roles_parse(account.roles, &out->roles))
        return WS_NOTFOUND; /* of a later program: deny what is not known */
    out->login_id = login.id;
    out->seen_ns = login.seen_ns;
    snprintf(out->address, sizeof(out->address), "%s", login.seen_address);
    out->principal.user_id = account.id;
    snprintf(out->principal.name, sizeof(out->principal.name), "%s",
             account.name);
    logins_csrf(secret, out->principal.csrf);
    return WS_OK;
}

static enum err load_key(struct store *reader,
                         const uint8_t sha256[SHA256_BYTES],
                         struct logins_who *out)
{
    struct store_key key;
    enum err e = store_accounts_key(reader, sha256, &key);

    if (e)
        return e;
    if (roles_parse(key.roles, &out->roles))
        return WS_NOTFOUND;
    out->key_id = key.id;
    out->seen_ns = key.used_ns;
    snprintf(out->principal.name, sizeof(out->principal.name), "key:%.60s",
             key.name);
    return WS_OK;
}

enum err logins_load(struct logins *l, struct store *reader,
                     enum logins_kind kind, const char *secret,
                     struct logins_who *out)
{
    struct logins_who who = {.principal = {.kind = PRINCIPAL_USER}};
    uint8_t sha256[SHA256_BYTES];
    int64_t begun_ns = env_mono_ns(l->env);
    uint64_t generation = atomic_load(l->generation);
    enum err e;

    hash_of(kind, secret, sha256);
    e = kind == LOGINS_BY_KEY
            ? load_key(reader, sha256, &who)
            : load_cookie(reader, secret, sha256, env_wall_ns(l->env), &who);
    if (e == WS_NOTFOUND)
        return WS_DENIED;
    if (e)
        return e;
    who.principal.permissions = roles_permissions(who.roles);
    remember(l, sha256, begun_ns, generation, &who);
    *out = who;
    return WS_OK;
}

void logins_forget(struct logins *l)
{
    atomic_fetch_add(l->generation, 1);
}

static void make(const struct env *env, const char *prefix, size_t random_bytes,
                 char secret[LOGINS_SECRET_BYTES], uint8_t sha256[SHA256_BYTES])
{
    uint8_t random[32];
    size_t at = strlen(prefix);

    env_random(env, random, random_bytes);
    memcpy(secret, prefix, at);
    sha256_hex(random, random_bytes, secret + at);
    sha256_hash(secret, strlen(secret), sha256);
}

void logins_make_secret(const struct env *env, const char *prefix,
                        char secret[LOGINS_SECRET_BYTES],
                        uint8_t sha256[SHA256_BYTES])
{
    make(env, prefix, 32, secret, sha256);
}

void logins_make_code(const struct env *env, char code[LOGINS_SECRET_BYTES],
                      uint8_t sha256[SHA256_BYTES])
{
    make(env, "wse_", 16, code, sha256);
}

void logins_csrf(const char *secret, char out[65])
{
    char text[LOGINS_SECRET_BYTES + 8];

    snprintf(text, sizeof(text), "csrf:%s", secret);
    sha256_hash_hex(text, strlen(text), out);
}
