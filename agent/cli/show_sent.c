#include "agent/cli/ask_agent.h"
#include "agent/cli/commands.h"
#include "agent/cli/words.h"

#include <stdio.h>

static void print_item(const struct json *item)
{
    char when[WORDS_BYTES], size[WORDS_BYTES];

    printf("%-14s %-12s %-20s %9s  %.16s  %lld\n",
           json_text(json_get(item, "id"), "?"),
           json_text(json_get(item, "kind"), "?"),
           words_time(json_int(json_get(item, "delivered_wall_ms"), 0), when),
           words_bytes(json_int(json_get(item, "bytes"), 0), size),
           json_text(json_get(item, "sha256"), "-"),
           (long long)json_int(json_get(item, "server_id"), 0));
}

int show_sent_run(struct cli_call *call)
{
    OWN(json_free)
    struct json *answer = NULL;
    OWN_BUF struct buf text = BUF_EMPTY;
    const struct json *items, *i;
    struct jsonw w;
    int status;

    ask_agent_begin(&w, &text, "sent");
    status = ask_agent_or_queue(call, &w, "sent", &answer);
    if (status)
        return status;
    if (cli_has(call, "json")) {
        ask_agent_print(answer);
        return COMMANDS_OK;
    }
    items = json_get(answer, "items");
    if (json_count(items) == 0) {
        puts("nothing was sent yet");
        return COMMANDS_OK;
    }
    printf("%-14s %-12s %-20s %9s  %-16s  %s\n", "ID", "KIND", "SENT", "BYTES",
           "SHA-256", "SERVER ID");
    for (i = json_first(items); i; i = json_next(i))
        print_item(i);
    return COMMANDS_OK;
}
