/* fuzz_message.c - any bytes as what a role sends to the outbox: the frame is
 * read or thrown away, the request answered or refused, and the queue keeps
 * its law.
 *
 * Shapes:  first byte: the peer and how the body travels; then the verb; then
 *          the frame's body. With the highest bit of the first byte set the
 *          rest is the whole frame, head too
 */
#include "tests/fuzz/queue.h"

#include "agent/outbox/verbs.h"

#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { AS_FILE = 4, WITH_PICTURE = 8, RAW = 128 };

static bool put(int fd, const uint8_t *data, size_t size)
{
    OWN_MESSAGE struct message m;

    message_init(&m);
    if (data[0] & RAW)
        return send(fd, data + 1, size - 1, MSG_DONTWAIT) >= 0;
    m.verb = data[1] % (MESSAGE_VERBS + 1);
    memset(m.id, data[1], sizeof(m.id));
    buf_append(&m.body, data + 2, size - 2);
    if (data[0] & AS_FILE) /* larger than what goes inline */
        for (int i = 0; i < 33; i++)
            buf_append(&m.body, (char[1024]){0}, 1024);
    if ((data[0] & WITH_PICTURE) &&
        message_memfd("picture", 7, &m.fds[0]) == WS_OK)
        m.fd_count = 1;
    return message_send(fd, &m) == WS_OK;
}

static void answer(struct outbox *o, int from, enum verbs_peer peer)
{
    OWN_MESSAGE struct message request;
    OWN_MESSAGE struct message reply;

    message_init(&request);
    message_init(&reply);
    if (message_receive(from, &request) != WS_OK)
        return;
    if (outbox_begin(o))
        abort();
    if (verbs_answer(o, peer, &request, &reply) != WS_OK)
        abort(); /* no bytes of a peer are trouble of the queue */
    queue_check(o);
    outbox_rollback(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct outbox *o;
    int pair[2];

    if (!o)
        o = queue_make();
    if (size < 2 || size > 30000 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        return 0;
    if (put(pair[0], data, size))
        answer(o, pair[1], (enum verbs_peer)((data[0] & 3) % VERBS_PEERS));
    close(pair[0]);
    close(pair[1]);
    return 0;
}
