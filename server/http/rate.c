/* rate.c - one word an address, moved by compare-and-swap.
 *
 * A time in the past means a full allowance, so the place of an address that
 * rests may go to another one: nothing is lost by forgetting it. With no place
 * left a request is let through: the bound is a courtesy among addresses, what
 * protects the server are its queues.
 */
#include "server/http/rate.h"

#include "core/clock.h"

#include <stddef.h>

#define RATE_PROBES 16
#define RATE_BURST_PART 4 /* of a second's requests */

static struct rate_slot *find(struct rate_table *t, uint64_t key,
                              int64_t now_ns)
{
    uint64_t h = (key ^ t->seed) * UINT64_C(0x9E3779B97F4A7C15);
    struct rate_slot *resting = NULL;
    uint64_t was;
    size_t i;

    h = (h ^ h >> 32) * (t->seed | 1);
    for (i = 0; i < RATE_PROBES; i++) {
        struct rate_slot *s = &t->slots[((h >> 40) + i) % RATE_KEPT];

        if (atomic_load(&s->key) == key)
            return s;
        if (!resting && atomic_load(&s->paid_ns) <= now_ns)
            resting = s;
    }
    if (!resting)
        return NULL;
    was = atomic_load(&resting->key);
    return atomic_compare_exchange_strong(&resting->key, &was, key) ? resting
                                                                    : NULL;
}

bool rate_take(struct rate_table *t, uint64_t key, int64_t per_s,
               int64_t now_ns, int64_t *wait_ns)
{
    int64_t each_ns = CLOCK_NS_PER_S / per_s;
    int64_t burst = per_s / RATE_BURST_PART;
    int64_t ahead_ns = (burst > 1 ? burst - 1 : 0) * each_ns;
    struct rate_slot *s = find(t, key, now_ns);
    int64_t paid_ns, from_ns;

    if (!s)
        return true;
    paid_ns = atomic_load(&s->paid_ns);
    do {
        from_ns = paid_ns > now_ns ? paid_ns : now_ns;
        if (from_ns - now_ns > ahead_ns) {
            *wait_ns = from_ns - now_ns - ahead_ns;
            return false;
        }
    } while (!atomic_compare_exchange_weak(&s->paid_ns, &paid_ns,
                                           from_ns + each_ns));
    return true;
}
