#include "server/shared.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err map(struct shared **out, int fd)
{
    void *at = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
                    MAP_SHARED, fd, 0);

    if (at == MAP_FAILED)
        return err_sys("shared: map");
    *out = at;
    return WS_OK;
}

enum err shared_open(struct shared **out, int *fd_out)
{
    OWN_FD int fd =
        memfd_create("worksight-shared", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    struct shared *s = NULL;
    enum err e;

    if (fd < 0 || ftruncate(fd, sizeof(struct shared)) < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        return err_sys("shared: make a memfd");
    e = map(&s, fd);
    if (e)
        return e;
    lockout_table_init(&s->lockout);
    randombytes_buf(s->ticket_key, sizeof(s->ticket_key));
    randombytes_buf(&s->rate.seed, sizeof(s->rate.seed));
    randombytes_buf(&s->peers.seed, sizeof(s->peers.seed));
    *out = s;
    *fd_out = TAKE_FD(fd);
    return WS_OK;
}

enum err shared_map(struct shared **out, int fd)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return err_sys("shared: its descriptor");
    if (st.st_size != (off_t)sizeof(struct shared))
        return WS_INVALID;
    return map(out, fd);
}

void shared_close(struct shared *s)
{
    if (s)
        munmap(s, sizeof(*s));
}

void shared_vacate(struct shared *s, size_t seat)
{
    uint_least32_t keeper = (uint_least32_t)seat + 1;

    (void)atomic_compare_exchange_strong(&s->keeper, &keeper, 0);
    atomic_store(&s->seats[seat].linger_ms, 0);
    peers_clear_seat(&s->peers, seat);
}
