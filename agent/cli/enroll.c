/* Without an agent the code waits in STATE/enroll.json for the next outbox
 * role; the server waits in STATE/server.conf, which `run` reads. */
#include "agent/cli/ask_agent.h"
#include "agent/cli/commands.h"
#include "agent/cli/control.h"
#include "agent/instance.h"
#include "agent/run.h"
#include "core/io.h"

#include <stdio.h>
#include <string.h>

#define CODE_BYTES 255

static bool good_code(const char *code)
{
    size_t n = strlen(code);

    for (size_t i = 0; i < n; i++)
        if (code[i] <= ' ' || code[i] > '~')
            return false;
    return n > 0 && n <= CODE_BYTES;
}

static enum err write_file(const char *state, const char *name,
                           const struct buf *text)
{
    OWN_FREE char *path = io_path(state, name);
    enum err e = buf_check(text);

    if (e)
        return e;
    return path ? io_write_file(path, text->data, text->len, 0600) : WS_NOMEM;
}

static enum err remember_server(struct cli_call *call, const struct settings *s)
{
    OWN_BUF struct buf text = BUF_EMPTY;

    if (conf_origin(cli_conf(call), "server") == CONF_DEFAULT)
        return WS_OK;
    buf_printf(&text, "# written by worksight-agent enroll\nserver = %s\n",
               s->server);
    return write_file(s->state, RUN_SERVER_FILE, &text);
}

/* No agent runs: hold the folder while the code is put there. */
static enum err leave_code(const struct settings *s, const char *code)
{
    OWN_BUF struct buf text = BUF_EMPTY;
    struct instance instance;
    struct jsonw w;
    enum err e = instance_take(s->state, &instance);

    if (e)
        return e;
    jsonw_init(&w, &text);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "code", code);
    jsonw_object_end(&w);
    e = write_file(s->state, CONTROL_ENROLL_FILE, &text);
    instance_leave(s->state, &instance);
    return e;
}

int enroll_run(struct cli_call *call)
{
    OWN(json_free)
    struct json *answer = NULL;
    OWN_BUF struct buf text = BUF_EMPTY;
    const char *code = cli_value(call, "code");
    struct settings *s;
    struct jsonw w;
    enum err e;
    int status = ask_agent_settings(call, &s);

    if (status)
        return status;
    if (!code || !good_code(code))
        return cli_fail(call,
                        "the server's administrator makes one: "
                        "worksight-server enroll",
                        "enroll: --code must be 1 to %d visible characters",
                        CODE_BYTES);
    if (io_make_dirs(s->state) || remember_server(call, s))
        return cli_fail(call, "choose a folder of your own: --state DIR",
                        "enroll: cannot write to \"%s\"", s->state);
    ask_agent_begin(&w, &text, "enroll");
    jsonw_text(&w, "code", code);
    jsonw_object_end(&w);
    e = buf_check(&text);
    if (!e)
        e = control_ask(s->state, buf_text(&text), &answer);
    if (e == WS_NOTFOUND) {
        e = leave_code(s, code);
        if (!e)
            puts("the code is kept: the next `worksight-agent run` enrolls "
                 "with it");
    } else if (!e && json_bool(json_get(answer, "ok"), false)) {
        puts("the agent enrolls with this code now; a new server counts from "
             "its next start");
    } else {
        e = e ? e : WS_DENIED;
    }
    if (e)
        return cli_fail(call, "worksight-agent doctor finds the cause",
                        "enroll: not done: %s",
                        json_text(json_get(answer, "detail"), err_name(e)));
    return COMMANDS_OK;
}
