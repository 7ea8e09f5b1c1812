/* message.h - one request or answer between a role and the outbox role.
 *
 * Flow:    client <-> [message] <-> outbox_role, over a SOCK_SEQPACKET pair
 * Shapes:  a head, then a body packed as pack.h says; a body that is too large
 *          for the socket travels as a memfd; pictures are descriptors beside
 * Errors:  WS_AGAIN    nothing to read, or no room to write
 *          WS_NOTFOUND the other side is gone
 *          WS_INVALID  not a message of ours (read and thrown away)
 * Owns:    received descriptors are the receiver's: message_fini() closes
 *          those it did not take
 * Process: both sides never block here; the receiver believes no length and
 *          reads a passed file only up to MESSAGE_MAX_BODY_BYTES
 */
#ifndef AGENT_OUTBOX_MESSAGE_H
#define AGENT_OUTBOX_MESSAGE_H

#include "core/buf.h"
#include "core/err.h"
#include "core/own.h"

#include <stddef.h>
#include <stdint.h>

#define MESSAGE_ID_BYTES 16
#define MESSAGE_MAX_FDS 16
#define MESSAGE_MAX_BODY_BYTES ((size_t)16 << 20)

enum message_verb {
    MESSAGE_PUT = 1,
    MESSAGE_SESSION,
    MESSAGE_LEASE,
    MESSAGE_RELEASE,
    MESSAGE_SETTLE,
    MESSAGE_REGISTERED,
    MESSAGE_COUNTS,
    MESSAGE_BACKOFF_GET,
    MESSAGE_BACKOFF_SET,
    MESSAGE_VERBS,
};

struct message {
    uint32_t verb;                /* enum message_verb, also in the answer */
    uint32_t result;              /* enum err of the answer; 0 in a request */
    uint8_t id[MESSAGE_ID_BYTES]; /* chosen by the client; the answer's too */
    struct buf body;
    int fds[MESSAGE_MAX_FDS];
    size_t fd_count;
};

void message_init(struct message *m);
void message_fini(struct message *m);

__attribute__((unused)) static inline void own_message(struct message *m)
{
    message_fini(m);
}
#define OWN_MESSAGE __attribute__((cleanup(own_message)))

/* Send without waiting; the descriptors stay the sender's. */
enum err message_send(int fd, const struct message *m) WS_MUST_CHECK;

/* Receive without waiting into an initialized or used message. */
enum err message_receive(int fd, struct message *m) WS_MUST_CHECK;

/* A sealed memfd with these bytes. */
enum err message_memfd(const void *data, size_t len, int *out) WS_MUST_CHECK;

/* Take a received descriptor; -1 when there is none at this place. */
int message_take_fd(struct message *m, size_t index);

#endif
