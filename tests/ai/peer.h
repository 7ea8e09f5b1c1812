/* peer.h - a thread that speaks worksight-ocr's side of ocr_wire.h, so that a
 * test chooses what was read, and when nobody answers. */
#ifndef TESTS_AI_PEER_H
#define TESTS_AI_PEER_H

#include "agent/ocr/ocr_wire.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum peer_manner { PEER_ANSWERS, PEER_SILENT, PEER_LIES, PEER_FAILS };

struct peer {
    int fds[2]; /* 0: the ai role's, 1: the thread's */
    pthread_t thread;
    _Atomic int manner;
    _Atomic bool stop;
    _Atomic int asked;
    const char *line;       /* words apart by blanks */
    _Atomic uint32_t flags; /* of an answer, beside OCR_WIRE_LAST */
    void (*on_request)(void *ctx);
    void *ctx;
};

static size_t peer_words(const char *line, struct ocr_wire_word *words)
{
    char copy[2048], *save = NULL;
    size_t count = 0;

    snprintf(copy, sizeof(copy), "%s", line);
    for (char *w = strtok_r(copy, " ", &save); w && count < OCR_WIRE_WORDS;
         w = strtok_r(NULL, " ", &save)) {
        words[count] = (struct ocr_wire_word){
            .confidence_permille = 900,
            .x_px = (uint16_t)(20 + 60 * count),
            .y_px = 40,
            .width_px = 50,
            .height_px = 16,
        };
        snprintf(words[count++].text, OCR_WIRE_TEXT_BYTES, "%s", w);
    }
    return count;
}

static void peer_answer(struct peer *p, const struct ocr_wire_request *q)
{
    static _Thread_local struct ocr_wire_answer a;

    a = (struct ocr_wire_answer){.magic = OCR_WIRE_MAGIC,
                                 .id = q->id,
                                 .flags = OCR_WIRE_LAST | p->flags};
    a.word_count = (uint32_t)peer_words(p->line, a.words);
    if (p->manner == PEER_FAILS)
        a.status = OCR_WIRE_FAILED;
    if (p->manner == PEER_LIES)
        for (uint32_t i = 0; i < a.word_count; i++) {
            memset(a.words[i].text, 'x', OCR_WIRE_TEXT_BYTES); /* no NUL */
            a.words[i].x_px = (uint16_t)(i % 2 ? 65535 : 10);
            a.words[i].width_px = 65535;
            a.words[i].height_px = 65535;
        }
    (void)!send(p->fds[1], &a,
                offsetof(struct ocr_wire_answer, words) +
                    a.word_count * sizeof(a.words[0]),
                0);
}

static void *peer_main(void *ctx)
{
    struct peer *p = ctx;

    while (!p->stop) {
        struct pollfd in = {.fd = p->fds[1], .events = POLLIN};
        struct ocr_wire_request q;

        if (poll(&in, 1, 20) <= 0 || recv(p->fds[1], &q, sizeof(q), 0) <= 0)
            continue;
        p->asked++;
        if (p->on_request)
            p->on_request(p->ctx);
        if (p->manner != PEER_SILENT)
            peer_answer(p, &q);
    }
    return NULL;
}

static void peer_start(struct peer *p, const char *line)
{
    *p = (struct peer){.line = line};
    assert(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, p->fds) == 0);
    assert(pthread_create(&p->thread, NULL, peer_main, p) == 0);
}

static void peer_stop(struct peer *p)
{
    p->stop = true;
    pthread_join(p->thread, NULL);
    close(p->fds[0]);
    close(p->fds[1]);
}

/* Say hello, as a freshly started worksight-ocr does. */
__attribute__((unused)) static void peer_hello(struct peer *p)
{
    static struct ocr_wire_answer a;

    a = (struct ocr_wire_answer){.magic = OCR_WIRE_MAGIC,
                                 .flags = OCR_WIRE_HELLO | OCR_WIRE_LAST};
    (void)!send(p->fds[1], &a, offsetof(struct ocr_wire_answer, words), 0);
}

#endif
