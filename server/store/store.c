#include "server/store/store.h"

#include "core/buf.h"
#include "core/log.h"
#include "server/store/store_backend.h"
#include "server/store/store_backends.h"

#include <inttypes.h>
#include <string.h>

#define DECLARE(name) extern const struct store_ops store_##name;
#define ENTRY(name) &store_##name,
STORE_BACKENDS(DECLARE)
static const struct store_ops *const backends[] = {STORE_BACKENDS(ENTRY)};
#define COUNT (sizeof backends / sizeof *backends)

static enum err unknown(const char *address)
{
    OWN_BUF struct buf known = BUF_EMPTY;

    for (size_t i = 0; i < COUNT; i++)
        buf_printf(&known, "%s%s:", i ? ", " : "", backends[i]->name);
    log_error("store_unknown", "store \"%.40s\" is none of: %s", address,
              buf_text(&known));
    return WS_INVALID;
}

enum err store_open(struct store **out, const char *address, unsigned flags)
{
    const char *colon = strchr(address, ':');
    size_t n = colon ? (size_t)(colon - address) : 0;

    for (size_t i = 0; colon && i < COUNT; i++)
        if (strlen(backends[i]->name) == n &&
            memcmp(backends[i]->name, address, n) == 0)
            return backends[i]->open(out, colon + 1, flags);
    return unknown(address);
}

void store_close(struct store *s)
{
    if (s)
        s->ops->close(s);
}

char *store_address(const char *data_dir)
{
    OWN_BUF struct buf b = BUF_EMPTY;

    buf_printf(&b, "sqlite:%s/worksight.db", data_dir);
    if (buf_check(&b))
        return NULL;
    return TAKE(b.data);
}

const char *store_name(const struct store *s)
{
    return s->ops->name;
}

bool store_migrations_shut_out(const struct store_migrations *m)
{
    return m->least > (int64_t)m->count;
}

enum err store_migrations_admit(const struct store_migrations *m)
{
    if (!store_migrations_shut_out(m))
        return WS_OK;
    log_error("store_ahead",
              "a newer worksight-server changed this database: it takes one "
              "that knows migration %04" PRId64 ", this one knows %04zu; "
              "install the newer one",
              m->least, m->count);
    return WS_DENIED;
}

enum err store_migrations(struct store *s, struct store_migrations *out)
{
    return s->ops->migrations(s, out);
}

enum err store_migrate(struct store *s, size_t *applied)
{
    return s->ops->migrate(s, applied);
}

enum err store_begin(struct store *s)
{
    return s->ops->begin(s);
}

enum err store_commit(struct store *s)
{
    return s->ops->commit(s);
}

void store_rollback(struct store *s)
{
    s->ops->rollback(s);
}

enum err store_take_ids(struct store *s, const char *counter, int64_t count,
                        int64_t *first)
{
    return s->ops->take_ids(s, counter, count, first);
}

int64_t store_bytes(struct store *s)
{
    return s->ops->bytes(s);
}
