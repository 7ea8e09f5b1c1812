#include "server/cli/ask.h"
#include "server/cli/commands.h"

#include <stdio.h>
#include <string.h>

static const struct cli_option options[] = {
    {"user", "NAME", "the account whose sessions the agent's will be"},
    {"expires", "TIME", "how long the code is good: 1m to 90d (default 7d)"},
    {"json", NULL, "the answer as JSON"},
};

static int create(struct cli_call *call)
{
    OWN(json_free)
    struct json *answer = NULL;
    const char *expires = cli_value(call, "expires");
    int64_t ms = 0;
    struct ask a;
    int status;

    if (expires && conf_parse_duration(expires, &ms))
        return cli_fail(call, "write it as 30m, 12h or 7d",
                        "--expires \"%s\" is not a time", expires);
    ask_begin(&a, "enroll.create");
    jsonw_text(&a.w, "user", cli_value(call, "user"));
    if (expires)
        jsonw_int(&a.w, "expires_ms", ms);
    status = ask_end(call, &a, &answer);
    if (status || cli_has(call, "json"))
        return status;
    printf("%s\n", ask_text(answer, "code"));
    fprintf(stderr,
            "good once, until %s; on the computer: worksight-agent enroll "
            "--server URL --code CODE\n",
            ask_text(answer, "expires_at"));
    return CLI_OK;
}

static int list(struct cli_call *call)
{
    static const struct ask_column columns[] = {{"ID", "id", 6},
                                                {"USER", "user", 20},
                                                {"EXPIRES", "expires_at", 28},
                                                {"USED", "used_at", 28},
                                                {"REVOKED", "revoked_at", 0}};

    return ask_table(call, "enroll.list", columns, 5);
}

static int revoke_one(struct cli_call *call)
{
    OWN(json_free)
    struct json *answer = NULL;
    int64_t id = 0;
    struct ask a;
    int status;

    if (!cli_arg(call, 1) || conf_parse_int(cli_arg(call, 1), &id) || id < 1)
        return cli_fail(call, "worksight-server enroll list shows the ids",
                        "enroll revoke needs the id of a code");
    ask_begin(&a, "enroll.revoke");
    jsonw_int(&a.w, "id", id);
    status = ask_end(call, &a, &answer);
    if (status || cli_has(call, "json"))
        return status;
    printf("code %lld revoked\n", (long long)id);
    return CLI_OK;
}

static const struct cli_word words[] = {
    {"create", 0, create},
    {"list", 0, list},
    {"revoke", 1, revoke_one},
};

const struct cli_command cli_enroll = {
    .name = "enroll",
    .args = "[create|list|revoke ID]",
    .summary = "codes that let an agent in, once",
    .help = "Examples:\n"
            "  worksight-server enroll --user ana --expires 7d\n"
            "  worksight-server enroll list\n"
            "  worksight-server enroll revoke 3\n\n"
            "Agents from the networks of enrollment_from need no code. A code "
            "may name the\nperson whose sessions these are.\n\n"
            "Exit status: 0 done, 1 refused or failed, 2 used wrongly.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .max_args = 2,
    .words = words,
    .word_count = sizeof(words) / sizeof(words[0]),
};
