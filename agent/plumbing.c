#include "agent/plumbing.h"

#include "core/own.h"

#include <sys/socket.h>
#include <unistd.h>

/* Who talks to the outbox, and the outbox's end of that pair. */
static const struct {
    enum board_role role;
    enum role_fd peer;
} clients[] = {
    {BOARD_AI, ROLE_FD_AI_PEER},
    {BOARD_UPLOAD, ROLE_FD_UPLOAD_PEER},
    {BOARD_HEARTBEAT, ROLE_FD_HEARTBEAT_PEER},
};

static enum err make_pair(int *a, int *b)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return err_sys("plumbing: pair");
    *a = ends[0];
    *b = ends[1];
    return WS_OK;
}

enum err plumbing_open(struct plumbing *p, int control_fd)
{
    enum err e;

    *p = (struct plumbing){.opened = true};
    for (size_t i = 0; i < ROLE_FDS; i++)
        p->fds[i] = -1;
    for (size_t i = 0; i < BOARD_ROLES; i++)
        p->outbox[i] = -1;
    p->fds[ROLE_FD_CONTROL] = control_fd;
    e = board_create(&p->board, &p->fds[ROLE_FD_BOARD]);
    if (e)
        return e;
    e = ring_create(&p->ring);
    if (e)
        return e;
    p->fds[ROLE_FD_RING] = ring_fd(p->ring);
    p->fds[ROLE_FD_RING_VIEW] = ring_readonly_fd(p->ring);
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
        e = make_pair(&p->outbox[clients[i].role], &p->fds[clients[i].peer]);
        if (e)
            return e;
    }
    return make_pair(&p->fds[ROLE_FD_OCR], &p->fds[ROLE_FD_OCR_PEER]);
}

void plumbing_close(struct plumbing *p)
{
    if (!p->opened)
        return;
    p->fds[ROLE_FD_RING] = p->fds[ROLE_FD_RING_VIEW] = -1; /* the ring's own */
    ring_close(p->ring);
    board_close(p->board);
    for (size_t i = 0; i < ROLE_FDS; i++)
        own_fd(&p->fds[i]);
    for (size_t i = 0; i < BOARD_ROLES; i++)
        own_fd(&p->outbox[i]);
}

int plumbing_fd(const struct plumbing *p, enum board_role role,
                enum role_fd name)
{
    return name == ROLE_FD_OUTBOX ? p->outbox[role] : p->fds[name];
}
