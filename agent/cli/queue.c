#include "agent/cli/ask_agent.h"
#include "agent/cli/commands.h"
#include "agent/cli/words.h"

#include <stdio.h>

static void print_item(const struct json *item)
{
    char when[WORDS_BYTES], size[WORDS_BYTES], reason[WORDS_LINE_BYTES];

    printf("%-14s %-12s %-8s %5lld  %-20s %9s  %s\n",
           json_text(json_get(item, "id"), "?"),
           json_text(json_get(item, "kind"), "?"),
           json_text(json_get(item, "state"), "?"),
           (long long)json_int(json_get(item, "attempts"), 0),
           words_time(json_int(json_get(item, "recorded_wall_ms"), 0), when),
           words_bytes(json_int(json_get(item, "bytes"), 0), size),
           words_line(json_text(json_get(item, "reason"), ""), reason));
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

/* Have a verb done on the item that is named, or on all. */
static int ask_verb(struct cli_call *call, const char *verb,
                    struct json **answer)
{
    OWN_BUF struct buf text = BUF_EMPTY;
    struct jsonw w;
    int status;

    ask_agent_begin(&w, &text, verb);
    if (cli_arg(call, 1))
        jsonw_text(&w, "id", cli_arg(call, 1));
    status = ask_agent_or_queue(call, &w, verb, answer);
    if (!status && cli_has(call, "json"))
        ask_agent_print(*answer);
    return status;
}

static int change(struct cli_call *call, const char *verb, const char *done)
{
    OWN(json_free)
    struct json *answer = NULL;
    int status = ask_verb(call, verb, &answer);

    if (!status && !cli_has(call, "json"))
        printf("%lld items %s\n",
               (long long)json_int(json_get(answer, "count"), 0), done);
    return status;
}

static int list(struct cli_call *call)
{
    OWN(json_free)
    struct json *answer = NULL;
    int status = ask_verb(call, "queue-list", &answer);

    if (!status && !cli_has(call, "json"))
        print_list(answer);
    return status;
}

static int retry(struct cli_call *call)
{
    return change(call, "queue-retry", "are pending again");
}

static int purge(struct cli_call *call)
{
    return change(call, "queue-purge", "were forgotten");
}

const struct cli_word queue_words[QUEUE_WORDS] = {
    {"list", 0, list}, {"retry", 1, retry}, {"purge", 1, purge}};
