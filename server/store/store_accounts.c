/* The thin callers of accounts, logins, keys, codes, links and secrets. */
#include "server/store/store_accounts.h"

#include "server/store/store_accounts_backend.h"

enum err store_accounts_by_name(struct store *s, const char *name,
                                struct store_account *out)
{
    return s->ops->accounts->by_name(s, name, out);
}

enum err store_accounts_by_id(struct store *s, int64_t id,
                              struct store_account *out)
{
    return s->ops->accounts->by_id(s, id, out);
}

enum err store_accounts_count(struct store *s, int64_t *count,
                              int64_t *first_admin)
{
    return s->ops->accounts->count(s, count, first_admin);
}

enum err store_accounts_list(struct store *s, int64_t after_id,
                             struct store_account *out, size_t max,
                             size_t *count)
{
    return s->ops->accounts->list(s, after_id, out, max, count);
}

enum err store_accounts_add(struct store *s, struct store_account *a)
{
    return s->ops->accounts->add(s, a);
}

enum err store_accounts_set_password(struct store *s, int64_t account_id,
                                     const char *hash, int64_t now_ns,
                                     int64_t keep_login)
{
    return s->ops->accounts->set_password(s, account_id, hash, now_ns,
                                          keep_login);
}

enum err store_accounts_login(struct store *s, const uint8_t sha256[32],
                              int64_t now_ns, struct store_login *login,
                              struct store_account *account)
{
    return s->ops->accounts->login(s, sha256, now_ns, login, account);
}

enum err store_accounts_logins(struct store *s, int64_t account_id,
                               int64_t now_ns, int64_t before_id,
                               struct store_login *out, size_t max,
                               size_t *count)
{
    return s->ops->accounts->logins(s, account_id, now_ns, before_id, out, max,
                                    count);
}

enum err store_accounts_login_add(struct store *s, struct store_login *l)
{
    return s->ops->accounts->login_add(s, l);
}

enum err store_accounts_login_end(struct store *s, int64_t id,
                                  int64_t account_id, int64_t now_ns)
{
    return s->ops->accounts->login_end(s, id, account_id, now_ns);
}

enum err store_accounts_logins_end(struct store *s, int64_t account_id,
                                   int64_t keep_login, int64_t now_ns)
{
    return s->ops->accounts->logins_end(s, account_id, keep_login, now_ns);
}

enum err store_accounts_login_seen(struct store *s, int64_t id, int64_t now_ns,
                                   const char *address)
{
    return s->ops->accounts->login_seen(s, id, now_ns, address);
}

enum err store_accounts_sweep(struct store *s, int64_t before_ns)
{
    return s->ops->accounts->sweep(s, before_ns);
}

enum err store_accounts_key(struct store *s, const uint8_t sha256[32],
                            struct store_key *out)
{
    return s->ops->accounts->codes->key(s, sha256, out);
}

enum err store_accounts_keys(struct store *s, int64_t after_id,
                             struct store_key *out, size_t max, size_t *count)
{
    return s->ops->accounts->codes->keys(s, after_id, out, max, count);
}

enum err store_accounts_key_add(struct store *s, struct store_key *k)
{
    return s->ops->accounts->codes->key_add(s, k);
}

enum err store_accounts_key_used(struct store *s, int64_t id, int64_t now_ns)
{
    return s->ops->accounts->codes->key_used(s, id, now_ns);
}

enum err store_accounts_key_revoke(struct store *s, int64_t id,
                                   const char *name, int64_t now_ns)
{
    return s->ops->accounts->codes->key_revoke(s, id, name, now_ns);
}

enum err store_accounts_codes(struct store *s, int64_t after_id,
                              struct store_code *out, size_t max, size_t *count)
{
    return s->ops->accounts->codes->codes(s, after_id, out, max, count);
}

enum err store_accounts_code_add(struct store *s, struct store_code *c)
{
    return s->ops->accounts->codes->code_add(s, c);
}

enum err store_accounts_code_revoke(struct store *s, int64_t id, int64_t now_ns)
{
    return s->ops->accounts->codes->code_revoke(s, id, now_ns);
}

enum err store_accounts_code_use(struct store *s, const uint8_t sha256[32],
                                 int64_t session_id, int64_t now_ns,
                                 struct store_code *out)
{
    return s->ops->accounts->codes->code_use(s, sha256, session_id, now_ns,
                                             out);
}

enum err store_accounts_code_good(struct store *s, const uint8_t sha256[32],
                                  int64_t now_ns, struct store_code *out)
{
    return s->ops->accounts->codes->code_good(s, sha256, now_ns, out);
}

enum err store_accounts_link(struct store *s, const uint8_t sha256[32],
                             int64_t now_ns, struct store_link *out)
{
    return s->ops->accounts->codes->link(s, sha256, now_ns, out);
}

enum err store_accounts_link_add(struct store *s, struct store_link *l)
{
    return s->ops->accounts->codes->link_add(s, l);
}

enum err store_accounts_link_use(struct store *s, int64_t id, int64_t now_ns)
{
    return s->ops->accounts->codes->link_use(s, id, now_ns);
}

enum err store_accounts_secret_make(struct store *s, const char *name,
                                    const uint8_t fresh[32], uint8_t out[32])
{
    return s->ops->accounts->codes->secret_make(s, name, fresh, out);
}
