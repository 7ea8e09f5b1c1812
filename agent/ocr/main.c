/* main.c - worksight-ocr: reads the screen for the ai role, and can do nothing
 * else. It decodes nothing from outside but pixels, yet the library that reads
 * them is large, so it runs without files, network or secrets.
 *
 *   main.c              one request, one page, one answer
 *   reader.[ch]         a page: lines, the cache, second looks
 *   segment.[ch]        where lines are
 *   cache.[ch]          lines read before
 *   engine.h            the seam; engine_tesseract.c
 *   plane.[ch]          gray pictures
 *   ocr_wire.h          the messages
 */
#include "agent/ocr/ocr_wire.h"
#include "agent/ocr/reader.h"
#include "agent/ring.h"

#include "core/log.h"
#include "core/sandbox.h"
#include "core/supervise.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define AI_FD SUPERVISE_FIRST_FD
#define RING_FD (SUPERVISE_FIRST_FD + 1)
#define MAX_DATA_BYTES ((rlim_t)768 << 20)
/* An ai role that takes no answer for this long is gone. */
#define SEND_MS 1000

struct view { /* the frame ring, read-only */
    const uint8_t *base;
    size_t bytes;
};

/* libgomp reads its limit while the program is loaded, so the only way in is
 * to load the program again. */
static void limit_threads(char **argv)
{
    if (getenv("OMP_THREAD_LIMIT"))
        return;
    setenv("OMP_THREAD_LIMIT", "1", 1);
    execv("/proc/self/exe", argv);
}

/* A picture that makes the library ask for more than this ends the process,
 * not the desktop. */
static void limit_memory(void)
{
#ifndef WS_ASAN
    struct rlimit limit = {MAX_DATA_BYTES, MAX_DATA_BYTES};

    if (setrlimit(RLIMIT_DATA, &limit) < 0)
        log_warn("ocr_limit", "cannot bound memory to %llu bytes: %s",
                 (unsigned long long)MAX_DATA_BYTES, strerror(errno));
#endif
}

static enum err map_ring(struct view *view)
{
    struct stat st;
    void *base;

    if (fstat(RING_FD, &st) < 0)
        return err_sys("ocr: frame ring on descriptor %d", RING_FD);
    view->bytes = (size_t)st.st_size;
    base = mmap(NULL, view->bytes, PROT_READ, MAP_SHARED, RING_FD, 0);
    if (base == MAP_FAILED)
        return err_sys("ocr: map the frame ring");
    view->base = base;
    return WS_OK;
}

/* The pixels a request names, if all of them lie in its slot. */
static bool find_picture(const struct view *view,
                         const struct ocr_wire_request *q,
                         struct reader_picture *out)
{
    uint64_t bytes = (uint64_t)q->stride_bytes * q->height_px;

    if (q->slot >= RING_SLOTS || q->width_px == 0 || q->height_px == 0 ||
        q->width_px > 16384 || q->height_px > 16384 ||
        q->stride_bytes < q->width_px * 4 || q->stride_bytes > 65536 ||
        bytes > RING_SLOT_PIXEL_BYTES ||
        ring_pixels_offset(q->slot) + bytes > view->bytes)
        return false;
    out->pixels = view->base + ring_pixels_offset(q->slot);
    out->width_px = (int)q->width_px;
    out->height_px = (int)q->height_px;
    out->stride_bytes = (int)q->stride_bytes;
    return true;
}

/* Send one message; a full socket is waited for, within bounds. */
static bool send_answer(const struct ocr_wire_answer *a)
{
    size_t len = offsetof(struct ocr_wire_answer, words) +
                 a->word_count * sizeof(a->words[0]);
    struct pollfd p = {.fd = AI_FD, .events = POLLOUT};

    for (int tries = 0; tries < 2; tries++) {
        if (send(AI_FD, a, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
            return true;
        if (errno != EAGAIN || poll(&p, 1, SEND_MS) <= 0)
            break;
    }
    log_warn("ocr_unheard", "no room for an answer of %zu bytes: %s", len,
             strerror(errno));
    return false;
}

static uint16_t small(int v)
{
    return (uint16_t)(v < 0 ? 0 : v > UINT16_MAX ? UINT16_MAX : v);
}

static void put_word(struct ocr_wire_word *to, const struct reader_word *from)
{
    _Static_assert(sizeof(to->text) == sizeof(from->text), "one word size");
    memcpy(to->text, from->text, sizeof(to->text));
    to->confidence_permille = small((int)(from->confidence * 1000.0));
    to->line = small((int)from->line);
    to->x_px = small(from->box.x_px);
    to->y_px = small(from->box.y_px);
    to->width_px = small(from->box.width_px);
    to->height_px = small(from->box.height_px);
}

static void answer_page(uint64_t id, const struct reader_page *page)
{
    static struct ocr_wire_answer a;
    size_t done = 0;

    do {
        size_t left = page->count - done;

        a = (struct ocr_wire_answer){
            .magic = OCR_WIRE_MAGIC, .id = id, .status = OCR_WIRE_READ};
        a.word_count =
            (uint32_t)(left > OCR_WIRE_WORDS ? OCR_WIRE_WORDS : left);
        if (left <= OCR_WIRE_WORDS)
            a.flags = OCR_WIRE_LAST | (page->cut ? OCR_WIRE_CUT : 0);
        for (uint32_t i = 0; i < a.word_count; i++)
            put_word(&a.words[i], &page->words[done + i]);
        done += a.word_count;
    } while (send_answer(&a) && done < page->count);
}

static void answer_status(uint64_t id, uint32_t flags,
                          enum ocr_wire_status status)
{
    static struct ocr_wire_answer a;

    a = (struct ocr_wire_answer){.magic = OCR_WIRE_MAGIC,
                                 .flags = flags | OCR_WIRE_LAST,
                                 .id = id,
                                 .status = status};
    (void)send_answer(&a);
}

/* The newest request that waits; older ones are nobody's any more. */
static bool take_request(struct ocr_wire_request *out)
{
    struct ocr_wire_request q;
    bool found = false;

    for (;;) {
        ssize_t n = recv(AI_FD, &q, sizeof(q), MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return found;
        if (n != sizeof(q) || q.magic != OCR_WIRE_MAGIC || q.id == 0)
            continue;
        *out = q;
        found = true;
    }
}

static void serve(struct reader *r, const struct view *view,
                  const struct ocr_wire_request *q)
{
    struct reader_picture picture;
    struct reader_page page;

    if (!find_picture(view, q, &picture)) {
        answer_status(q->id, 0, OCR_WIRE_REFUSED);
        return;
    }
    if (reader_read(r, &picture, supervise_child_alive, &page) != WS_OK)
        answer_status(q->id, 0, OCR_WIRE_FAILED);
    else
        answer_page(q->id, &page);
}

static int loop(struct reader *r, const struct view *view)
{
    struct pollfd fds[2] = {
        {.fd = AI_FD, .events = POLLIN},
        {.fd = supervise_child_stop_fd(), .events = POLLIN}};
    struct ocr_wire_request q;

    while (!supervise_child_stopping()) {
        supervise_child_alive();
        if (poll(fds, 2, 1000) < 0 && errno != EINTR) {
            (void)err_sys("ocr: poll");
            return 1;
        }
        if (take_request(&q))
            serve(r, view, &q);
    }
    return 0;
}

int main(int argc, char **argv)
{
    OWN(reader_close)
    struct reader *r = NULL;
    struct view view = {0};

    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        puts("worksight-ocr " WS_VERSION);
        return 0;
    }
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        puts("worksight-ocr reads the screen for worksight-agent, which starts "
             "it; it takes no options.");
        return 0;
    }
    limit_threads(argv);
    supervise_child_begin("ocr");
    sandbox_no_dumps();
    limit_memory();
    if (map_ring(&view) != WS_OK || reader_open(&r, &engine_tesseract) != WS_OK)
        return 1;
    if (sandbox_enter(&(struct sandbox){.role = "ocr"}) != WS_OK)
        return 1;
    supervise_child_ready();
    answer_status(0, OCR_WIRE_HELLO, OCR_WIRE_READ);
    return loop(r, &view);
}
