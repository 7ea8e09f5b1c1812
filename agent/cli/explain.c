#include "agent/cli/ask_agent.h"
#include "agent/cli/commands.h"
#include "agent/cli/words.h"

#include <stdio.h>

static void print_part(const struct json *p)
{
    const struct json *text = json_get(p, "text");

    printf("  %+8.2f  %-18s %s\n", json_number(json_get(p, "contribution"), 0),
           json_text(json_get(p, "name"), "?"), json_text(text, ""));
}

static void print_parts(const struct json *list)
{
    for (const struct json *p = json_first(list); p; p = json_next(p))
        print_part(p);
}

static void print_productivity(const struct json *metric)
{
    const struct json *f = json_get(metric, "features");
    const struct json *p = json_get(f, "productivity");

    if (!json_bool(json_get(f, "scored"), false)) {
        printf("Productivity  not scored: %s\n",
               json_text(json_get(p, "reason"),
                         "this tier or this frame gives too little to go on"));
        return;
    }
    printf("Productivity  %.1f of 100, confidence %.2f\n",
           json_number(json_get(metric, "productivity_score"), 0),
           json_number(json_get(f, "confidence"), 0));
    printf("  %8.2f  base\n", json_number(json_get(p, "base"), 0));
    print_parts(json_get(p, "contributions"));
}

static void print_anomaly(const struct json *metric)
{
    const struct json *f = json_get(metric, "features");
    const struct json *a = json_get(f, "anomaly");

    if (!json_bool(json_get(a, "scored"), false)) {
        printf("Unusual       not scored: %s\n",
               json_text(json_get(a, "reason"), "too little was seen yet"));
        return;
    }
    printf("Unusual       %.3f of 1 (%s)\n",
           json_number(json_get(metric, "anomaly_score"), 0),
           json_text(json_get(a, "mode"), "?"));
    print_parts(json_get(a, "parts"));
}

static void print_explanation(const struct json *answer)
{
    const struct json *item = json_get(answer, "item");
    const struct json *payload = json_get(answer, "payload");
    const struct json *f = json_get(payload, "features");
    char when[WORDS_BYTES];
    const char *why;

    printf("%s %s, recorded %s\n", json_text(json_get(item, "kind"), "item"),
           json_text(json_get(item, "id"), "?"),
           words_time(json_int(json_get(item, "recorded_wall_ms"), 0), when));
    if (!json_get(payload, "productivity_score")) {
        ask_agent_print(payload); /* not a metric: as it is */
        return;
    }
    printf("Category      %s (rule: %s)\n",
           json_text(json_get(f, "category"), "?"),
           json_text(json_get(f, "category_rule"), "none"));
    print_productivity(payload);
    print_anomaly(payload);
    why = json_text(json_get(payload, "error_message"), "");
    printf("Pipeline      %s%s%s\n",
           json_text(json_get(payload, "pipeline_status"), "?"),
           *why ? ": " : "", why);
}

int explain_run(struct cli_call *call)
{
    OWN(json_free)
    struct json *answer = NULL;
    OWN_BUF struct buf text = BUF_EMPTY;
    struct jsonw w;
    int status;

    ask_agent_begin(&w, &text, "explain");
    if (cli_arg(call, 0))
        jsonw_text(&w, "id", cli_arg(call, 0));
    status = ask_agent_or_queue(call, &w, "explain", &answer);
    if (status)
        return status;
    if (cli_has(call, "json"))
        ask_agent_print(answer);
    else
        print_explanation(answer);
    return COMMANDS_OK;
}
