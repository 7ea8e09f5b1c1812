/* control_server.h - the connections of STATE/control.sock.
 *
 * Flow:    listening socket -> [control_server] -> control_answer()
 * Shapes:  at most CONTROL_SERVER_MAX at a time, each with a deadline, none
 *          ever waited for: a command that stands still costs a slot only
 * Process: the outbox role's loop, by poll(2)
 */
#ifndef AGENT_OUTBOX_CONTROL_SERVER_H
#define AGENT_OUTBOX_CONTROL_SERVER_H

#include "agent/outbox/control.h"

#include <poll.h>

#define CONTROL_SERVER_MAX 8

struct control_server_peer {
    int fd; /* -1: a free slot */
    struct buf in, out;
    size_t sent;
    int64_t deadline_ns;
};

struct control_server {
    int listener; /* the supervisor's; -1: no commands */
    struct control_server_peer peers[CONTROL_SERVER_MAX];
    struct control_server_peer *answered; /* the last one; NULL: none was */
};

void control_server_init(struct control_server *s, int listener);
void control_server_fini(struct control_server *s);

/* Fill poll entries, at most CONTROL_SERVER_MAX + 1; returns how many. */
size_t control_server_poll(const struct control_server *s, struct pollfd *out);

/* Accept and read what is there. True when a whole request waits. */
bool control_server_read(struct control_server *s, int64_t now_ns);

/* Answer one whole request; nothing is sent yet. WS_NOTFOUND: none waits. */
enum err control_server_answer(struct control_server *s,
                               const struct control_scope *scope) WS_MUST_CHECK;

/* The commit of the last answer failed: it says so instead. */
void control_server_retract(struct control_server *s);

/* Send what can be sent, close what is done or late. */
void control_server_write(struct control_server *s, int64_t now_ns);

#endif
