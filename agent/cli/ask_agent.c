#include "agent/cli/ask_agent.h"

#include "agent/cli/commands.h"
#include "agent/cli/control.h"
#include "agent/cli/words.h"
#include "agent/instance.h"
#include "agent/outbox/offline.h"
#include "agent/run.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void ask_agent_begin(struct jsonw *w, struct buf *out, const char *verb)
{
    jsonw_init(w, out);
    jsonw_object(w, NULL);
    jsonw_text(w, "verb", verb);
}

int ask_agent_settings(struct cli_call *call, struct settings **out)
{
    *out = (struct settings *)cli_program(call)->values;
    return run_prepare(*out, cli_conf(call)) ? COMMANDS_USAGE : COMMANDS_OK;
}

static int unreachable(struct cli_call *call, const char *state, enum err e)
{
    if (e == WS_NOTFOUND) {
        cli_fail(call,
                 "start it: worksight-agent run; or name its folder: "
                 "--state DIR",
                 "no agent runs with state \"%s\"", state);
        return COMMANDS_STOPPED;
    }
    cli_fail(call, "look at its state: worksight-agent status",
             "the agent with state \"%s\" did not answer (%s)", state,
             err_name(e));
    return COMMANDS_DEGRADED;
}

/* The answer of an agent or of the queue, told to people when it is bad. */
static int conclude(struct cli_call *call, const struct json *answer)
{
    const char *error = json_text(json_get(answer, "error"), "");
    bool value = strcmp(error, "invalid") == 0;
    char detail[WORDS_LINE_BYTES];
    bool id = value || strcmp(error, "not-found") == 0;

    if (json_bool(json_get(answer, "ok"), false))
        return COMMANDS_OK;
    cli_fail(
        call,
        id ? "worksight-agent queue list and show-sent show the ids"
           : "worksight-agent doctor finds the cause",
        "%s",
        words_line(json_text(json_get(answer, "detail"), "the agent refused"),
                   detail));
    return value ? COMMANDS_USAGE : COMMANDS_DEGRADED;
}

static enum err ask_queue(const struct settings *s, const char *verb,
                          const char *request, struct json **answer)
{
    OWN_BUF struct buf text = BUF_EMPTY;
    struct instance instance;
    enum err e;

    if (access(s->state, F_OK) < 0)
        return WS_NOTFOUND;
    e = instance_take(s->state, &instance);
    if (e)
        return e == WS_EXISTS ? WS_AGAIN : e; /* an agent starts or ends */
    e = offline_answer(s, verb, request, &text);
    instance_leave(s->state, &instance);
    return e ? e : json_parse(text.data, text.len, answer, NULL);
}

static int ask(struct cli_call *call, struct jsonw *w, const char *offline_verb,
               struct json **answer)
{
    struct settings *s;
    int status = ask_agent_settings(call, &s);
    enum err e;

    if (status)
        return status;
    jsonw_object_end(w);
    e = buf_check(w->out);
    if (!e)
        e = control_ask(s->state, buf_text(w->out), answer);
    if (e == WS_NOTFOUND && offline_verb)
        e = ask_queue(s, offline_verb, buf_text(w->out), answer);
    return e ? unreachable(call, s->state, e) : conclude(call, *answer);
}

int ask_agent(struct cli_call *call, struct jsonw *w, struct json **answer)
{
    return ask(call, w, NULL, answer);
}

int ask_agent_or_queue(struct cli_call *call, struct jsonw *w, const char *verb,
                       struct json **answer)
{
    return ask(call, w, verb, answer);
}

void ask_agent_print(const struct json *value)
{
    OWN_BUF struct buf text = BUF_EMPTY;

    json_print(value, &text);
    puts(buf_text(&text));
}
