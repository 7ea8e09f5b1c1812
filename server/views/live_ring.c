#include "server/views/live_ring.h"

#define TOPIC_BITS 5
#define SEAT_BITS 5

void live_ring_put(struct live_ring *r, const struct live_ring_hint *h)
{
    uint64_t number = atomic_fetch_add(&r->next, 1);
    size_t at = number % LIVE_RING_KEPT;
    uint64_t word = (uint64_t)h->session_id << (TOPIC_BITS + SEAT_BITS) |
                    (uint64_t)(h->seat & 31) << TOPIC_BITS | (h->topics & 31);

    atomic_store(&r->places[at].turn, 0);
    atomic_store(&r->places[at].word, word);
    atomic_store(&r->places[at].turn, number + 1);
}

uint64_t live_ring_end(const struct live_ring *r)
{
    return atomic_load(&r->next);
}

/* A writer killed between its number and its word leaves a gap: it is passed
 * over once the ring has gone half round. */
bool live_ring_take(struct live_ring *r, uint64_t *at,
                    struct live_ring_hint *out, bool *missed)
{
    for (;;) {
        uint64_t next = atomic_load(&r->next), turn, word;
        size_t place;

        if (*at >= next)
            return false;
        if (next - *at > LIVE_RING_KEPT) {
            *missed = true;
            *at = next - LIVE_RING_KEPT / 2;
        }
        place = *at % LIVE_RING_KEPT;
        turn = atomic_load(&r->places[place].turn);
        word = atomic_load(&r->places[place].word);
        if (turn == *at + 1 && atomic_load(&r->places[place].turn) == turn) {
            (*at)++;
            out->topics = word & 31;
            out->seat = word >> TOPIC_BITS & 31;
            out->session_id = (int64_t)(word >> (TOPIC_BITS + SEAT_BITS));
            return true;
        }
        if (turn < *at + 1 && next - *at < LIVE_RING_KEPT / 2)
            return false;
        *missed = true;
        (*at)++;
    }
}
