#include "agent/cli/ask_agent.h"
#include "agent/cli/commands.h"
#include "agent/cli/words.h"

#include <stdio.h>
#include <string.h>

static void print_item(const struct json *item)
{
    char when[WORDS_BYTES], size[WORDS_BYTES];

    printf("%-14s %-12s %-8s %5lld  %-20s %9s  %s\n",
           json_text(json_get(item, "id"), "?"),
           json_text(json_get(item, "kind"), "?"),
           json_text(json_get(item, "state"), "?"),
           (long long)json_int(json_get(item, "attempts"), 0),
           words_time(json_int(json_get(item, "recorded_wall_ms"), 0), when),
           words_bytes(json_int(json_get(item, "bytes"), 0), size),
           json_text(json_get(item, "reason"), ""));
}

static void print_list(const struct json *answer)
{
    const struct json *items = json_get(answer, "items"), *i;

    if (json_count(items) == 0) {
        puts("the queue is empty: everything recorded was delivered");
        return;
    }
    printf("%-14s %-12s %-8s %5s  %-20s %9s  %s\n", "ID", "KIND", "STATE",
           "TRIES", "RECORDED", "BYTES", "REASON");
    for (i = json_first(items); i; i = json_next(i))
        print_item(i);
    if (json_bool(json_get(answer, "more"), false))
        puts("... and more");
}

int queue_run(struct cli_call *call)
{
    static const struct {
        const char *word, *verb, *done;
    } verbs[] = {{"list", "queue-list", NULL},
                 {"retry", "queue-retry", "are pending again"},
                 {"purge", "queue-purge", "were forgotten"}};
    OWN(json_free)
    struct json *answer = NULL;
    OWN_BUF struct buf text = BUF_EMPTY;
    struct jsonw w;
    size_t v = 0;
    int status;

    while (v < 3 && strcmp(cli_arg(call, 0), verbs[v].word) != 0)
        v++;
    if (v == 3 || (v == 0 && cli_arg(call, 1)))
        return cli_fail(call, "worksight-agent queue --help shows examples",
                        "queue %.40s: it must be list, retry [ID] or purge "
                        "[ID]",
                        cli_arg(call, 0));
    ask_agent_begin(&w, &text, verbs[v].verb);
    if (cli_arg(call, 1))
        jsonw_text(&w, "id", cli_arg(call, 1));
    status = ask_agent_or_queue(call, &w, verbs[v].verb, &answer);
    if (status)
        return status;
    if (cli_has(call, "json"))
        ask_agent_print(answer);
    else if (v == 0)
        print_list(answer);
    else
        printf("%lld items %s\n",
               (long long)json_int(json_get(answer, "count"), 0),
               verbs[v].done);
    return COMMANDS_OK;
}
