/* fuzz_control.c - any line as a request on the agent's control socket: it is
 * answered by one line of JSON, and the queue keeps its law. */
#include "tests/fuzz/queue.h"

#include "agent/cli/control.h"
#include "agent/outbox/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pausing pausing = {.env = &env_system, .fd = -1};
    static struct control_scope scope = {.env = &env_system,
                                         .pausing = &pausing};
    OWN_BUF struct buf answer = BUF_EMPTY;
    OWN(json_free)
    struct json *doc = NULL;
    int fd;

    if (!scope.outbox) {
        scope.outbox = queue_make();
        if (board_create(&scope.board, &fd))
            abort();
        pausing.outbox = scope.outbox;
        pausing.board = scope.board;
    }
    if (size > CONTROL_REQUEST_BYTES)
        return 0;
    if (outbox_begin(scope.outbox))
        abort();
    if (control_answer(&scope, (const char *)data, size, &answer) != WS_OK)
        abort(); /* no line of a person is trouble of the queue */
    queue_check(scope.outbox);
    outbox_rollback(scope.outbox);
    if (json_parse(answer.data, answer.len, &doc, NULL) ||
        json_kind(json_get(doc, "ok")) != JSON_BOOL ||
        memchr(answer.data, '\n', answer.len) != answer.data + answer.len - 1)
        abort();
    return 0;
}
