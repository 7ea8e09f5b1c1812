/* test_storm.c - many clients at once, that send, wait, leave and reset at
 * random while readers and another thread answer: nothing is left behind, and
 * whoever stays is answered rightly. For the sanitizers of threads and
 * addresses. */
#include "rig.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define CLIENTS 8
#define ROUNDS 150
#define HOST "Host: t\r\n"

static const char *const requests[] = {
    "GET /hello?name=hello HTTP/1.1\r\n" HOST "\r\n",
    "GET /slow HTTP/1.1\r\n" HOST "\r\n",
    "GET /held HTTP/1.1\r\n" HOST "\r\n",
    "GET /later HTTP/1.1\r\n" HOST "\r\n",
    "GET /big HTTP/1.1\r\n" HOST "\r\n",
    "GET /stream HTTP/1.1\r\n" HOST "\r\n",
    "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello",
    "POST /later HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello",
    "GET /nothing HTTP/1.1\r\n" HOST "\r\n",
};

/* What the body must begin with, for those that are read to the end. */
static const char *const bodies[] = {
    "hello", "slow", "released", "hello", NULL, NULL, "hello", "hello", "{"};

struct client {
    struct rig *rig;
    pthread_t thread;
    unsigned seed;
    int answered, wrong;
};

static atomic_bool storm_over;

static void leave(struct client *c, int fd)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    if (rand_r(&c->seed) % 2)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close(fd);
}

static void talk(struct client *c, char *text, size_t text_bytes)
{
    size_t which =
        (size_t)rand_r(&c->seed) % (sizeof(requests) / sizeof(requests[0]));
    int manner = rand_r(&c->seed) % 4;
    int fd = rig_connect(c->rig);
    const char *request = requests[which];
    size_t len = strlen(request);

    if (manner == 0) /* leaves in the middle of its request */
        len = (size_t)rand_r(&c->seed) % len;
    rig_send_bytes(fd, request, len);
    if (manner == 1) /* half closes, then waits */
        shutdown(fd, SHUT_WR);
    if (manner >= 1 && bodies[which]) {
        int status = rig_answer(fd, text, text_bytes);
        const char *body = strstr(text, "\r\n\r\n");

        c->answered += status != 0;
        c->wrong += !body || strncmp(body + 4, bodies[which],
                                     strlen(bodies[which])) != 0;
    }
    leave(c, fd);
}

static void *run_client(void *arg)
{
    static _Thread_local char text[65536];
    struct client *c = arg;
    int i;

    for (i = 0; i < ROUNDS; i++)
        talk(c, text, sizeof(text));
    return NULL;
}

static void *run_releaser(void *arg)
{
    struct timespec pause = {.tv_nsec = 200000};

    while (!atomic_load(&storm_over)) {
        rig_release(arg);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static bool is_quiet(void *arg)
{
    struct listener_counts counts;

    rig_count(arg, &counts);
    return counts.connections == 0 && counts.requests == 0 &&
           counts.held_bytes == 0;
}

static void test_storm_leaves_nothing_behind(void **state)
{
    struct rig *rig = rig_open(NULL);
    struct client clients[CLIENTS] = {{0}};
    pthread_t releaser;
    int i, answered = 0;

    (void)state;
    assert_int_equal(pthread_create(&releaser, NULL, run_releaser, rig), 0);
    for (i = 0; i < CLIENTS; i++) {
        clients[i].rig = rig;
        clients[i].seed = (unsigned)i + 1;
        assert_int_equal(
            pthread_create(&clients[i].thread, NULL, run_client, &clients[i]),
            0);
    }
    for (i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        answered += clients[i].answered;
        assert_int_equal(clients[i].wrong, 0);
    }
    assert_true(answered > CLIENTS * ROUNDS / 4);
    assert_true(rig_wait(is_quiet, rig));
    atomic_store(&storm_over, true);
    pthread_join(releaser, NULL);
    rig_close(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_storm_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
