/* fuzz_answer.c - any bytes as a server's answer: it gets one of the meanings
 * of wire.md's last table, and only an expected body is an acknowledgement.
 *
 * Shapes:  the first byte picks status and what is expected; the rest is the
 *          body
 */
#include "agent/upload/answer.h"

#include "core/buf.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int statuses[] = {200, 201, 207, 301, 400, 401, 404, 408,
                               410, 413, 422, 429, 500, 503, 0,   999};
static answer_expected_fn *const expected[] = {
    answer_is_session, answer_is_metric, answer_is_recording,
    answer_is_picture, answer_is_batch,  answer_is_alive};

static void read_problems(const struct json *doc)
{
    char reason[40];
    const struct json *p = json_first(json_get(doc, "problems"));

    for (; p; p = json_next(p)) {
        memset(reason, 'x', sizeof(reason));
        (void)answer_problem(p, reason, sizeof(reason));
        if (!memchr(reason, '\0', sizeof(reason)))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWN_BUF struct buf body = BUF_EMPTY;
    struct transport_answer from = {.content_type = "application/json"};
    answer_expected_fn *fits;
    struct answer a;

    if (size < 1)
        return 0;
    buf_append(&body, data + 1, size - 1);
    from.status = statuses[data[0] % 16];
    fits = expected[data[0] / 16 % 6];
    from.body = body;
    answer_read(&from, fits, &a);
    if (a.meaning > ANSWER_AWAY ||
        (a.meaning == ANSWER_DONE && (from.status / 100 != 2 || !fits(a.doc))))
        abort();
    if (!memchr(a.reason, '\0', sizeof(a.reason)))
        abort();
    (void)answer_id(&a);
    read_problems(a.doc);
    answer_fini(&a);
    return 0;
}
