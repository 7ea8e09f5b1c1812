#include "server/cli/ask.h"

#include "core/env.h"
#include "core/io.h"
#include "server/auth/orders.h"
#include "server/auth/password.h"
#include "server/control.h"
#include "server/database.h"
#include "server/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#define WAIT_TRIES 30 /* of 100 ms: a server that starts or stops just now */

const struct settings *ask_settings(const struct cli_call *call)
{
    return cli_program(call)->values;
}

int ask_fail(const struct cli_call *call, const char *fix, const char *fmt, ...)
{
    va_list args;
    char text[500];

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    (void)cli_fail(call, fix, "%s", text);
    return CLI_DEGRADED;
}

void ask_begin(struct ask *a, const char *order)
{
    buf_init(&a->text);
    jsonw_init(&a->w, &a->text);
    jsonw_object(&a->w, NULL);
    jsonw_text(&a->w, "order", order);
}

enum err ask_lock(const char *data, int *fd)
{
    OWN_FREE char *path = io_path(data, CONTROL_LOCK);
    OWN_FD int lock = -1;

    if (!path)
        return WS_NOMEM;
    lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0)
        return err_sys("lock: open %s", path);
    if (flock(lock, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? WS_AGAIN : err_sys("lock %s", path);
    *fd = TAKE_FD(lock);
    return WS_OK;
}

/* Do the order in this process: nobody else writes, the lock is ours. */
static enum err run_here(const struct settings *settings,
                         const struct json *request, struct buf *answer)
{
    OWN_FREE char *address = NULL;
    OWN(store_close)
    struct store *s = NULL;
    struct orders o = {.env = &env_system, .request = request};
    size_t applied;
    enum err e = database_address(settings, &address);

    if (!e)
        e = store_open(&s, address, 0);
    if (!e)
        e = store_migrate(s, &applied);
    if (!e)
        e = store_begin(s);
    if (e)
        return e;
    e = orders_run(s, &o);
    if (e == WS_OK)
        e = store_commit(s);
    else
        store_rollback(s);
    if (e == WS_OK || e == WS_INVALID)
        buf_append(answer, o.answer.data, o.answer.len);
    buf_fini(&o.answer);
    return e == WS_INVALID ? WS_OK : e;
}

int ask_failed(const struct cli_call *call, enum err e)
{
    const char *data = ask_settings(call)->data;

    switch (e) {
    case WS_DENIED:
        return ask_fail(call, "run it as the user that the server runs as",
                        "no access to %s", data);
    case WS_AGAIN:
        return ask_fail(call,
                        "worksight-server status --data DIR; end a "
                        "server that hangs, then try again",
                        "a process holds %s/lock but does not answer", data);
    case WS_FULL:
        return ask_fail(call, "make room, then try again",
                        "the disk of %s is full", data);
    default:
        return ask_fail(call, "worksight-server doctor says more", "%s: %s",
                        data, err_name(e));
    }
}

/* The server when one listens, else ourselves when nobody holds the lock (a
 * database with its own server takes several writers). */
static enum err have_done(const struct settings *settings,
                          const struct buf *request, const struct json *doc,
                          struct buf *answer)
{
    const char *data = settings->data;
    static const struct timespec nap = {.tv_nsec = 100000000};
    enum err e = WS_AGAIN;
    int tries;

    for (tries = 0; tries < WAIT_TRIES; tries++) {
        OWN_FD int fd = -1;

        e = control_connect(data, &fd);
        if (e == WS_OK)
            return control_ask(fd, request, answer);
        if (e != WS_NOTFOUND)
            return e;
        e = database_is_embedded(settings) ? ask_lock(data, &fd) : WS_OK;
        if (e == WS_OK)
            return run_here(settings, doc, answer);
        if (e != WS_AGAIN)
            return e;
        nanosleep(&nap, NULL);
    }
    return e;
}

int ask_end(struct cli_call *call, struct ask *a, struct json **answer)
{
    OWN_BUF struct buf text = BUF_EMPTY;
    OWN(json_free)
    struct json *request = NULL, *doc = NULL;
    const char *data = ask_settings(call)->data;
    enum err e;

    jsonw_object_end(&a->w);
    e = buf_check(&a->text);
    if (!e)
        e = json_parse(a->text.data, a->text.len, &request, NULL);
    if (!e)
        e = io_make_dirs(data);
    if (!e)
        e = have_done(ask_settings(call), &a->text, request, &text);
    buf_fini(&a->text);
    if (!e)
        e = json_parse(buf_text(&text), text.len, &doc, NULL);
    if (e)
        return ask_failed(call, e);
    if (json_bool(json_get(doc, "bad_value"), false))
        return cli_fail(call, json_text(json_get(doc, "fix"), NULL), "%s",
                        json_text(json_get(doc, "error"), "refused"));
    if (!json_bool(json_get(doc, "ok"), false))
        return ask_fail(call, json_text(json_get(doc, "fix"), NULL), "%s",
                        json_text(json_get(doc, "error"), "refused"));
    if (cli_has(call, "json"))
        printf("%s\n", buf_text(&text));
    *answer = TAKE(doc);
    return CLI_OK;
}

int ask_password(struct cli_call *call, struct ask *a, const char *account)
{
    char password[PASSWORD_MAX_BYTES + 2], hash[PASSWORD_HASH_BYTES];
    char why[PASSWORD_WHY_BYTES];
    enum err e;

    if (!fgets(password, sizeof(password), stdin))
        password[0] = '\0';
    password[strcspn(password, "\r\n")] = '\0';
    if (password_check(password, account, why)) {
        explicit_bzero(password, sizeof(password));
        return cli_fail(call,
                        "printf '%s' 'four or more words' | "
                        "worksight-server user ... --password-stdin",
                        "the password %s", why);
    }
    e = password_hash(password, hash);
    explicit_bzero(password, sizeof(password));
    if (e)
        return ask_fail(call, NULL, "no memory to hash the password");
    jsonw_text(&a->w, "password_hash", hash);
    return CLI_OK;
}

const char *ask_text(const struct json *item, const char *key)
{
    const char *text = json_text(json_get(item, key), "-");

    return *text ? text : "-";
}

static void print_cell(const struct json *item, const struct ask_column *c)
{
    const struct json *v = json_get(item, c->key);
    char number[24];

    snprintf(number, sizeof(number), "%lld", (long long)json_int(v, 0));
    printf("%-*s%c", c->width,
           v && json_kind(v) == JSON_NUMBER ? number : ask_text(item, c->key),
           c->width ? ' ' : '\n');
}

int ask_table(struct cli_call *call, const char *order,
              const struct ask_column *columns, size_t count)
{
    OWN(json_free)
    struct json *answer = NULL;
    const struct json *item;
    struct ask a;
    int status;

    ask_begin(&a, order);
    status = ask_end(call, &a, &answer);
    if (status || cli_has(call, "json"))
        return status;
    for (size_t i = 0; i < count; i++)
        printf("%-*s%c", columns[i].width, columns[i].title,
               columns[i].width ? ' ' : '\n');
    for (item = json_first(json_get(answer, "items")); item;
         item = json_next(item))
        for (size_t i = 0; i < count; i++)
            print_cell(item, &columns[i]);
    if (json_bool(json_get(answer, "more"), false))
        fprintf(stderr, "... and more; the API gives them by pages\n");
    return CLI_OK;
}
