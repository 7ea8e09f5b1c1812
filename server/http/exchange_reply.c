/* exchange_reply.c - the ways to answer, from any thread, once.
 *
 * The answer is put together where the handler runs; then the loop is told,
 * by a task inside the exchange, so that telling it cannot fail. When the
 * handler runs on the loop itself, conn looks at `ready` after it returned.
 * `answered` is only for finding second answers: the loop may not go by it,
 * since the other thread still has to post the task after setting it.
 */
#include "core/log.h"
#include "server/http/conn.h"
#include "server/http/exchange_private.h"
#include "server/http/listener_private.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static void run_answered(void *arg)
{
    conn_take_answer(arg);
}

/* Hand the answer to the loop; x belongs to the loop from here on. */
static void hand_over(struct exchange *x)
{
    struct loop *loop = x->listener->options.loop;

    atomic_store(&x->answered, true);
    if (loop_is_mine(loop) && x->in_call) {
        x->ready = true;
        return;
    }
    x->task = (struct loop_task){.run = run_answered, .arg = x};
    loop_post_task(loop, &x->task);
}

/* Only the first answer counts: a second one is a mistake of a handler. */
static bool may_answer(const struct exchange *x)
{
    if (!atomic_load(&x->answered))
        return true;
    log_error("answered_twice", "%s %s was answered twice",
              x->head.method ? x->head.method : "-",
              x->match.route ? x->match.route->path : "-");
    return false;
}

static void set_type(struct exchange *x, int status, const char *content_type)
{
    x->answer.status = status;
    snprintf(x->answer.content_type, sizeof(x->answer.content_type), "%s",
             content_type ? content_type : "");
}

static bool is_clean(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

void exchange_add_header(struct exchange *x, const char *name,
                         const char *value)
{
    if (!is_clean(name) || !is_clean(value)) {
        log_error("header_refused",
                  "the header %.40s holds a control character: left out",
                  is_clean(name) ? name : "?");
        return;
    }
    if (strcasecmp(name, "cache-control") == 0)
        x->answer.has_cache_control = true;
    buf_printf(&x->answer.headers, "%s: %s\r\n", name, value);
}

void exchange_reply(struct exchange *x, int status, const char *content_type,
                    struct buf *body)
{
    if (!may_answer(x)) {
        if (body)
            buf_fini(body);
        return;
    }
    set_type(x, status, content_type);
    if (body) {
        if (buf_check(body) != WS_OK)
            x->answer.status = 500;
        x->answer.body = *body;
        buf_init(body);
    }
    hand_over(x);
}

void exchange_json(struct exchange *x, int status, struct buf *body)
{
    exchange_reply(x, status, "application/json", body);
}

void exchange_reply_static(struct exchange *x, int status,
                           const char *content_type, const void *data,
                           size_t len)
{
    if (!may_answer(x))
        return;
    set_type(x, status, content_type);
    x->answer.fixed = data;
    x->answer.fixed_len = len;
    hand_over(x);
}

void exchange_reply_file(struct exchange *x, int status,
                         const char *content_type, int fd, int64_t len)
{
    if (!may_answer(x)) {
        close(fd);
        return;
    }
    set_type(x, status, content_type);
    x->answer.fd = fd;
    x->answer.file_len = len;
    hand_over(x);
}

static void run_finish(void *arg)
{
    struct exchange *x = arg;

    x->in_call = true;
    x->finish(x->finish_arg);
    x->in_call = false;
    conn_take_answer(x);
}

void exchange_finish(struct exchange *x, void (*fn)(void *arg), void *arg)
{
    x->finish = fn;
    x->finish_arg = arg;
    x->task = (struct loop_task){.run = run_finish, .arg = x};
    loop_post_task(x->listener->options.loop, &x->task);
}

static void run_access_done(void *arg)
{
    conn_take_access(arg);
}

void exchange_access_done(struct exchange *x)
{
    x->task = (struct loop_task){.run = run_access_done, .arg = x};
    loop_post_task(x->listener->options.loop, &x->task);
}
