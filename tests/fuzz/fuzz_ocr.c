/* fuzz_ocr.c - any messages as what worksight-ocr answers: every word that the
 * ai role takes ends, and lies within the frame.
 *
 * Shapes:  the first byte's lowest bit: mend the heads (magic, id, length), so
 *          that words get through; then messages, each after its length in
 *          two bytes
 */
#include "agent/ai/ocr.h"
#include "core/log.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WIDTH_PX 320
#define HEIGHT_PX 100

static void check_page(const struct ocr_page *page)
{
    for (size_t i = 0; i < page->count; i++) {
        const struct ocr_wire_word *w = &page->words[i];

        if (!memchr(w->text, '\0', sizeof(w->text)) ||
            w->x_px + w->width_px > WIDTH_PX ||
            w->y_px + w->height_px > HEIGHT_PX)
            abort();
    }
}

static void send_one(int fd, const uint8_t *data, size_t len, bool mend)
{
    static struct ocr_wire_answer a;

    memset(&a, 0, sizeof(a));
    memcpy(&a, data, len < sizeof(a) ? len : sizeof(a));
    if (mend) {
        a.magic = OCR_WIRE_MAGIC;
        a.id = 1;
        a.word_count %= OCR_WIRE_WORDS + 1;
        a.flags &= OCR_WIRE_LAST;
        a.status %= 2;
        len = offsetof(struct ocr_wire_answer, words) +
              a.word_count * sizeof(a.words[0]);
    }
    (void)!send(fd, &a, len < sizeof(a) ? len : sizeof(a),
                MSG_DONTWAIT | MSG_NOSIGNAL);
}

struct peer { /* what worksight-ocr is going to say */
    const uint8_t *data;
    size_t size;
    int fd;
    bool mend, asked;
};

/* Called when the request is out: answer it, then nothing more. */
static bool say(void *ctx)
{
    struct peer *p = ctx;
    bool go_on = !p->asked;

    p->asked = true;
    while (go_on && p->size > 2) {
        size_t len = (size_t)(p->data[0] | p->data[1] << 8);

        if (len > p->size - 2)
            len = p->size - 2;
        send_one(p->fd, p->data + 2, len, p->mend);
        p->data += 2 + len;
        p->size -= 2 + len;
    }
    if (go_on) /* so that nobody waits for an input without messages */
        send_one(p->fd, (const uint8_t *)"", 0, true);
    return go_on;
}

static struct board *make_board(void)
{
    struct board *board;
    int fd;

    log_init("fuzz", LOG_LEVEL_ERROR);
    if (board_create(&board, &fd))
        abort();
    atomic_store(&board->role[BOARD_OCR].pid, 100);
    return board;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t pixels[WIDTH_PX * HEIGHT_PX * 4];
    static struct board *board;
    struct ring_frame frame = {.number = 1,
                               .width_px = WIDTH_PX,
                               .height_px = HEIGHT_PX,
                               .stride_bytes = WIDTH_PX * 4};
    struct ring_slot slot = {0, &frame, pixels};
    struct peer peer = {data + 1, size - 1, -1, false, false};
    OWN(ocr_close)
    struct ocr *o = NULL;
    struct ocr_page page;
    int pair[2];

    if (!board)
        board = make_board();
    if (size < 3 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
        return 0;
    peer.fd = pair[1];
    peer.mend = data[0] & 1;
    if (ocr_open(&o, &(struct ocr_options){.fd = pair[0],
                                           .deadline_ms = 1000,
                                           .env = &env_system,
                                           .board = board,
                                           .alive = say,
                                           .ctx = &peer}))
        abort();
    if (ocr_read(o, &slot, &page) == WS_OK)
        check_page(&page);
    close(pair[0]);
    close(pair[1]);
    return 0;
}
