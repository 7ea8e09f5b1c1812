/* test_message.c - what the outbox believes of a peer, and what not. */
#include "agent/outbox/message.h"
#include "agent/outbox/pack.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sys/mman.h>
#include <sys/socket.h>

static int ends[2];

static int make_pair(void **state)
{
    (void)state;
    return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends);
}

static int close_pair(void **state)
{
    (void)state;
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static void send_body(size_t len)
{
    OWN_MESSAGE struct message m = {.verb = MESSAGE_PUT,
                                    .id = "0123456789abcde"};
    size_t i;

    for (i = 0; i < len; i++)
        buf_append_byte(&m.body, (char)('a' + i % 26));
    assert_int_equal(message_send(ends[0], &m), WS_OK);
}

static void test_message_bodies_of_every_size_arrive(void **state)
{
    static const size_t sizes[] = {0, 1, 32767, 32768, 32769, 3 << 20};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        OWN_MESSAGE struct message m = {0};

        send_body(sizes[i]);
        assert_int_equal(message_receive(ends[1], &m), WS_OK);
        assert_int_equal(m.verb, MESSAGE_PUT);
        assert_memory_equal(m.id, "0123456789abcde", 16);
        assert_int_equal(m.body.len, sizes[i]);
        if (sizes[i] > 26)
            assert_int_equal(m.body.data[sizes[i] - 1],
                             'a' + (sizes[i] - 1) % 26);
        assert_int_equal(m.fd_count, 0);
    }
}

static void test_message_descriptors_arrive_in_order(void **state)
{
    struct message m = {.verb = MESSAGE_LEASE, .fd_count = 2};
    OWN_MESSAGE struct message got = {0};
    OWN_FD int first = -1;
    char text[4] = "";

    (void)state;
    assert_int_equal(message_memfd("one", 3, &m.fds[0]), WS_OK);
    assert_int_equal(message_memfd("two", 3, &m.fds[1]), WS_OK);
    assert_int_equal(message_send(ends[0], &m), WS_OK);
    message_fini(&m);
    assert_int_equal(message_receive(ends[1], &got), WS_OK);
    first = message_take_fd(&got, 0);
    assert_int_equal(pread(first, text, 3, 0), 3);
    assert_string_equal(text, "one");
    assert_int_equal(message_take_fd(&got, 2), -1);
}

static void test_message_nothing_there_is_again_and_gone_is_notfound(void **s)
{
    OWN_MESSAGE struct message m = {0};

    (void)s;
    assert_int_equal(message_receive(ends[1], &m), WS_AGAIN);
    close(ends[0]);
    ends[0] = -1;
    assert_int_equal(message_receive(ends[1], &m), WS_NOTFOUND);
}

static void test_message_full_socket_is_again(void **state)
{
    struct message m = {.verb = MESSAGE_SESSION};
    int n;

    (void)state;
    for (n = 0; n < 100000; n++)
        if (message_send(ends[0], &m) != WS_OK)
            break;
    assert_in_range(n, 1, 99999);
    assert_int_equal(message_send(ends[0], &m), WS_AGAIN);
}

/* The head as message.c lays it out. */
struct head {
    uint32_t magic, verb, result, body_in_fd;
    uint64_t body_len;
    uint8_t id[16];
};

static void send_raw(const void *data, size_t len, int fd)
{
    struct iovec part = {(void *)data, len};
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr h = {.msg_iov = &part, .msg_iovlen = 1};

    if (fd >= 0) {
        h.msg_control = control.room;
        h.msg_controllen = sizeof(control.room);
        CMSG_FIRSTHDR(&h)->cmsg_level = SOL_SOCKET;
        CMSG_FIRSTHDR(&h)->cmsg_type = SCM_RIGHTS;
        CMSG_FIRSTHDR(&h)->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(CMSG_FIRSTHDR(&h)), &fd, sizeof(fd));
    }
    assert_int_equal(sendmsg(ends[0], &h, 0), len);
}

static void assert_refused(void)
{
    OWN_MESSAGE struct message m = {0};

    assert_int_equal(message_receive(ends[1], &m), WS_INVALID);
    assert_int_equal(m.body.len, 0);
    /* The next message is not harmed. */
    send_body(5);
    assert_int_equal(message_receive(ends[1], &m), WS_OK);
    assert_int_equal(m.body.len, 5);
}

static void test_message_garbage_is_invalid(void **state)
{
    struct head head = {.magic = 0x57534d31, .verb = 1, .body_len = 7};

    (void)state;
    send_raw("short", 5, -1);
    assert_refused();
    send_raw(&head, sizeof(head), -1); /* says 7 bytes, has none */
    assert_refused();
    head.magic++;
    head.body_len = 0;
    send_raw(&head, sizeof(head), -1);
    assert_refused();
    head.magic--;
    head.body_in_fd = 1; /* and no descriptor */
    send_raw(&head, sizeof(head), -1);
    assert_refused();
}

static void test_message_body_in_a_pipe_or_too_large_is_invalid(void **state)
{
    struct head head = {
        .magic = 0x57534d31, .verb = 1, .body_in_fd = 1, .body_len = 10};
    OWN_FD int file = memfd_create("x", 0);
    int pipes[2];

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    send_raw(&head, sizeof(head), pipes[0]);
    assert_refused();
    close(pipes[0]);
    close(pipes[1]);
    assert_int_equal(ftruncate(file, 9), 0); /* shorter than said */
    send_raw(&head, sizeof(head), file);
    assert_refused();
    head.body_len = MESSAGE_MAX_BODY_BYTES + 1;
    assert_int_equal(ftruncate(file, (off_t)head.body_len), 0);
    send_raw(&head, sizeof(head), file);
    assert_refused();
}

/* --- pack --- */

static void test_pack_values_come_back(void **state)
{
    OWN_BUF struct buf b = BUF_EMPTY;
    struct pack_reader r;
    char text[8];
    size_t len;

    (void)state;
    pack_u64(&b, UINT64_MAX);
    pack_text(&b, "seven77");
    pack_text(&b, NULL);
    pack_bytes(&b, "a\0b", 3);
    pack_read(&r, &b);
    assert_true(pack_take_u64(&r) == UINT64_MAX);
    pack_take_text(&r, text, sizeof(text));
    assert_string_equal(text, "seven77");
    pack_take_text(&r, text, sizeof(text));
    assert_string_equal(text, "");
    assert_memory_equal(pack_take_bytes(&r, &len), "a\0b", 3);
    assert_int_equal(len, 3);
    assert_int_equal(pack_end(&r), WS_OK);
}

static void test_pack_lengths_that_lie_are_invalid(void **state)
{
    OWN_BUF struct buf b = BUF_EMPTY;
    struct pack_reader r;
    char text[4];
    size_t len;

    (void)state;
    pack_u64(&b, UINT64_MAX); /* a length */
    buf_append_text(&b, "abc");
    pack_read(&r, &b);
    (void)pack_take_bytes(&r, &len);
    assert_int_equal(len, 0);
    assert_int_equal(pack_end(&r), WS_INVALID);
    buf_clear(&b);
    pack_text(&b, "long"); /* no room for its NUL */
    pack_read(&r, &b);
    pack_take_text(&r, text, sizeof(text));
    assert_int_equal(pack_end(&r), WS_INVALID);
    buf_clear(&b);
    pack_bytes(&b, "a\0b", 3); /* a NUL within */
    pack_read(&r, &b);
    pack_take_text(&r, text, sizeof(text));
    assert_int_equal(pack_end(&r), WS_INVALID);
    buf_clear(&b);
    pack_u64(&b, 1);
    buf_append_byte(&b, 'x'); /* one byte too many */
    pack_read(&r, &b);
    (void)pack_take_u64(&r);
    assert_int_equal(pack_end(&r), WS_INVALID);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_pair, close_pair)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_message_bodies_of_every_size_arrive),
        CASE(test_message_descriptors_arrive_in_order),
        CASE(test_message_nothing_there_is_again_and_gone_is_notfound),
        CASE(test_message_full_socket_is_again),
        CASE(test_message_garbage_is_invalid),
        CASE(test_message_body_in_a_pipe_or_too_large_is_invalid),
        CASE(test_pack_values_come_back),
        CASE(test_pack_lengths_that_lie_are_invalid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
