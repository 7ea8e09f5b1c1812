#include "agent/cli/ask_agent.h"
#include "agent/cli/commands.h"
#include "agent/cli/words.h"
#include "core/utf8.h"

#include <stdio.h>

#define LEAST_MS 1000
#define MOST_MS 86400000
#define REASON_CHARACTERS 200

int pause_run(struct cli_call *call)
{
    OWN(json_free)
    struct json *answer = NULL;
    OWN_BUF struct buf text = BUF_EMPTY;
    const char *reason = cli_value(call, "reason");
    char when[WORDS_BYTES];
    int64_t ms = 0;
    struct jsonw w;
    int status;

    if (conf_parse_duration(cli_arg(call, 0), &ms) || ms < LEAST_MS ||
        ms > MOST_MS)
        return cli_fail(call, "write it like 15m or 1h",
                        "pause: DURATION is \"%.40s\": it must be from 1s to "
                        "1d",
                        cli_arg(call, 0));
    if (reason && utf8_count(reason) > REASON_CHARACTERS)
        return cli_fail(call, "say it shorter",
                        "pause: reason has %zu characters: at most %d are kept",
                        utf8_count(reason), REASON_CHARACTERS);
    ask_agent_begin(&w, &text, "pause");
    jsonw_int(&w, "duration_ms", ms);
    if (reason)
        jsonw_text(&w, "reason", reason);
    status = ask_agent(call, &w, &answer);
    if (status)
        return status;
    printf("paused until %s; nothing is captured\n",
           words_time(json_int(json_get(answer, "until_wall_ms"), 0), when));
    return COMMANDS_OK;
}

int pause_resume(struct cli_call *call)
{
    OWN(json_free)
    struct json *answer = NULL;
    OWN_BUF struct buf text = BUF_EMPTY;
    struct jsonw w;
    int status;

    ask_agent_begin(&w, &text, "resume");
    status = ask_agent(call, &w, &answer);
    if (status)
        return status;
    puts(json_bool(json_get(answer, "was_paused"), false)
             ? "resumed"
             : "it was not paused");
    return COMMANDS_OK;
}
