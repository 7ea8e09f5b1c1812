#include "server/blob/blob.h"

#include "core/buf.h"
#include "core/log.h"
#include "core/sha256.h"
#include "server/blob/blob_backends.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECLARE(name) extern const struct blob_ops blob_##name;
#define ENTRY(name) &blob_##name,
BLOB_BACKENDS(DECLARE)
static const struct blob_ops *const backends[] = {BLOB_BACKENDS(ENTRY)};
#define COUNT (sizeof backends / sizeof *backends)

static void log_unknown(const char *address)
{
    OWN_BUF struct buf known = BUF_EMPTY;

    for (size_t i = 0; i < COUNT; i++)
        buf_printf(&known, " %s:", backends[i]->name);
    log_error("blob_unknown",
              "blobs \"%.40s\": no such kind; use files, or an address that "
              "begins with one of%s",
              address, buf_text(&known));
}

static enum err find(const char *address, const struct blob_ops **out)
{
    size_t n = strcspn(address, ":");

    for (size_t i = 0; address[n] && i < COUNT; i++)
        if (strlen(backends[i]->name) == n &&
            memcmp(backends[i]->name, address, n) == 0) {
            *out = backends[i];
            return WS_OK;
        }
    log_unknown(address);
    return WS_INVALID;
}

char *blob_address(const char *setting, const char *data_dir)
{
    char *address = NULL;

    if (strcmp(setting, "files") != 0)
        return strdup(setting);
    return asprintf(&address, "file:%s/blobs", data_dir) < 0 ? NULL : address;
}

bool blob_is_remote(const struct blob *b)
{
    return b->ops->remote;
}

enum err blob_open(struct blob **out, const struct blob_options *options)
{
    const struct blob_ops *ops;
    enum err e = find(options->address, &ops);

    if (e)
        return e;
    return ops->open(out, strchr(options->address, ':') + 1, options);
}

enum err blob_check(const char *address)
{
    const struct blob_ops *ops;
    enum err e = find(address, &ops);

    if (e || !ops->check)
        return e;
    return ops->check(strchr(address, ':') + 1);
}

void blob_close(struct blob *b)
{
    if (b)
        b->ops->close(b);
}

void blob_name(int64_t session_id, uint64_t seq_or_key,
               const uint8_t sha256[32], int part, char out[BLOB_NAME_BYTES])
{
    char start[17];

    sha256_hex(sha256, 8, start);
    snprintf(out, BLOB_NAME_BYTES, "%" PRIx64 "/%016" PRIx64 "%s%x",
             (uint64_t)session_id, seq_or_key, start, (unsigned)part & 0xf);
}

/* One folder and one file, of hex digits: nothing leads out of the place. */
static bool is_name(const char *name)
{
    const char *slash = strchr(name, '/');
    size_t n = strlen(name);

    return slash && slash != name && slash[1] && n < BLOB_NAME_BYTES &&
           !strchr(slash + 1, '/') && strspn(name, "0123456789abcdef/") == n;
}

enum err blob_put(struct blob *b, const char *name, const struct bytes *bytes)
{
    return is_name(name) ? b->ops->put(b, name, bytes) : WS_INVALID;
}

enum err blob_get(struct blob *b, const char *name, int *fd, int64_t *len)
{
    return is_name(name) ? b->ops->get(b, name, fd, len) : WS_INVALID;
}

enum err blob_drop(struct blob *b, const char *name)
{
    return is_name(name) ? b->ops->drop(b, name) : WS_INVALID;
}

enum err blob_drop_old(struct blob *b, const char *name, int64_t before_ns)
{
    return is_name(name) && b->ops->drop_old
               ? b->ops->drop_old(b, name, before_ns)
               : WS_INVALID;
}

struct sessions { /* of a walk over the folders */
    int (*each)(void *ctx, int64_t session_id);
    void *ctx;
};

/* Folders are named by blob_name(); what is named otherwise is not ours. */
static int meet_session(void *ctx, const char *folder, int64_t put_ns)
{
    const struct sessions *s = ctx;
    size_t digits = strspn(folder, "0123456789abcdef");
    uint64_t id = strtoull(folder, NULL, 16);

    (void)put_ns;
    if (folder[digits] || digits == 0 || digits > 16 || id == 0 ||
        id > INT64_MAX)
        return 1;
    return s->each(s->ctx, (int64_t)id);
}

enum err blob_walk_sessions(struct blob *b,
                            int (*each)(void *ctx, int64_t session_id),
                            void *ctx)
{
    struct sessions s = {each, ctx};

    return b->ops->walk ? b->ops->walk(b, NULL, meet_session, &s) : WS_OK;
}

enum err blob_walk(struct blob *b, int64_t session_id,
                   int (*each)(void *ctx, const char *name, int64_t put_ns),
                   void *ctx)
{
    char folder[17];

    snprintf(folder, sizeof folder, "%" PRIx64, (uint64_t)session_id);
    return b->ops->walk ? b->ops->walk(b, folder, each, ctx) : WS_OK;
}
