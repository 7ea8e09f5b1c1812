#include "server/commit/commit_queue.h"

void commit_queue_init(struct commit_queue *q)
{
    *q = (struct commit_queue){0};
    q->end = &q->first;
}

void commit_queue_put(struct commit_queue *q, struct committer_request *r)
{
    r->next = NULL;
    *q->end = r;
    q->end = &r->next;
    q->items += r->count;
    q->bytes += r->bytes;
}

/* Fibonacci hashing: ids are neighbours, marks are not. */
static unsigned mark_of(const struct committer_request *r)
{
    uint64_t id = (uint64_t)r->items[0].fact.session_id;

    return (unsigned)(id * UINT64_C(0x9e3779b97f4a7c15) >> 32) %
           COMMIT_QUEUE_MARKS;
}

static bool has(const struct commit_marks *m, unsigned mark)
{
    return m->bits[mark / 64] >> mark % 64 & 1;
}

static void set(struct commit_marks *m, unsigned mark)
{
    m->bits[mark / 64] |= UINT64_C(1) << mark % 64;
}

struct committer_request *commit_queue_take(struct commit_queue *q,
                                            const struct commit_marks *busy,
                                            struct commit_marks *mine)
{
    struct committer_request *taken = NULL, **taken_end = &taken;
    struct committer_request **at = &q->first, *r;
    size_t items = 0, bytes = 0;

    while ((r = *at)) {
        unsigned mark = mark_of(r);

        if (has(busy, mark)) {
            at = &r->next;
            continue;
        }
        if (items && (items + r->count > COMMITTER_MAX_ITEMS ||
                      bytes + r->bytes > COMMITTER_MAX_BYTES))
            break;
        items += r->count;
        bytes += r->bytes;
        set(mine, mark);
        *at = r->next;
        if (!*at)
            q->end = at;
        r->next = NULL;
        *taken_end = r;
        taken_end = &r->next;
    }
    q->items -= items;
    q->bytes -= bytes;
    return taken;
}

void commit_marks_add(struct commit_marks *to, const struct commit_marks *from)
{
    for (size_t i = 0; i < sizeof to->bits / sizeof *to->bits; i++)
        to->bits[i] |= from->bits[i];
}
