/* fuzz_beat.c - any bytes as the answer to a heartbeat: what it tells about
 * the clock and the server's layer stays within what the agent can act on.
 *
 * Shapes:  the first byte picks the status; the rest is the body
 */
#include "agent/heartbeat/beat.h"

#include "core/clock.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ASKED_NS 1700000000000000000LL

static const int statuses[] = {200, 204, 301, 400, 401, 403, 404, 405,
                               426, 429, 500, 503, 0,   999, 201, 302};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWN_BUF struct buf body = BUF_EMPTY;
    struct transport_answer from = {.content_type = "application/json"};
    struct beat_news news;

    if (size < 1)
        return 0;
    buf_append(&body, data + 1, size - 1);
    from.status = statuses[data[0] % 16];
    from.body = body;
    beat_read(&from, ASKED_NS, ASKED_NS + CLOCK_NS_PER_MS, &news);
    if (news.result > BEAT_WRONG_SERVER ||
        (news.result == BEAT_HEARD && from.status / 100 != 2) ||
        (news.has_time && news.result != BEAT_HEARD))
        abort();
    return 0;
}
