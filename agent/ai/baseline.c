#include "agent/ai/baseline.h"

#include "core/io.h"
#include "core/log.h"
#include "core/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define MAGIC UINT32_C(0x57534231) /* "WSB1" */
#define SLOT_BYTES (64 * 1024)     /* room to grow; a slot starts on a page */

struct slot {
    uint32_t magic, version;
    uint64_t number; /* the higher one is newer */
    uint64_t bytes;  /* of data */
    struct baseline_data data;
    uint8_t sum[SHA256_BYTES]; /* of everything before */
};

_Static_assert(sizeof(struct slot) <= SLOT_BYTES, "a slot holds the memory");

struct baseline {
    int fd;
    uint64_t number; /* of the newest slot */
    struct slot slot;
};

static void sum_of(const struct slot *s, uint8_t sum[SHA256_BYTES])
{
    sha256_hash(s, offsetof(struct slot, sum), sum);
}

/* True when the slot at `index` is whole and of this version. */
static bool read_slot(struct baseline *b, int index)
{
    uint8_t sum[SHA256_BYTES];
    struct slot *s = &b->slot;
    ssize_t n = pread(b->fd, s, sizeof(*s), (off_t)index * SLOT_BYTES);

    if (n != (ssize_t)sizeof(*s) || s->magic != MAGIC ||
        s->version != SCORE_MEMORY_VERSION || s->bytes != sizeof(s->data))
        return false;
    sum_of(s, sum);
    return memcmp(sum, s->sum, sizeof(sum)) == 0;
}

static bool is_empty(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.st_size == 0;
}

static void begin_anew(const struct env *env, struct baseline_data *data)
{
    memset(data, 0, sizeof(*data));
    env_random(env, data->key, sizeof(data->key));
}

enum err baseline_open(struct baseline **out, const char *path,
                       const struct env *env, struct baseline_data *data,
                       enum baseline_found *found)
{
    OWN(baseline_close)
    struct baseline *b = calloc(1, sizeof(*b));

    if (!b)
        return WS_NOMEM;
    b->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (b->fd < 0)
        return err_sys("baseline: open %s", path);
    *found = is_empty(b->fd) ? BASELINE_NEW : BASELINE_RESET;
    for (int i = 0; i < 2; i++) {
        if (!read_slot(b, i) || b->slot.number <= b->number)
            continue;
        b->number = b->slot.number;
        *data = b->slot.data;
        *found = BASELINE_LOADED;
    }
    if (*found != BASELINE_LOADED)
        begin_anew(env, data);
    if (*found == BASELINE_RESET)
        log_warn("baseline_reset",
                 "%s is damaged or of another version: what is usual is "
                 "learned anew",
                 path);
    *out = TAKE(b);
    return WS_OK;
}

void baseline_close(struct baseline *b)
{
    if (!b)
        return;
    if (b->fd >= 0)
        close(b->fd);
    free(b);
}

enum err baseline_save(struct baseline *b, const struct baseline_data *data)
{
    struct slot *s = &b->slot;
    off_t at = (off_t)((b->number + 1) % 2) * SLOT_BYTES;
    ssize_t n;

    memset(s, 0, sizeof(*s));
    s->magic = MAGIC;
    s->version = SCORE_MEMORY_VERSION;
    s->number = b->number + 1;
    s->bytes = sizeof(s->data);
    s->data = *data;
    sum_of(s, s->sum);
    n = pwrite(b->fd, s, sizeof(*s), at);
    if (n < 0)
        return err_sys("baseline: write");
    if (n != (ssize_t)sizeof(*s))
        return WS_FULL;
    if (fdatasync(b->fd) < 0)
        return err_sys("baseline: fdatasync");
    b->number++;
    return WS_OK;
}
