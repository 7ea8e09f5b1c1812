#include "server/cli/ask.h"
#include "server/cli/commands.h"

#include <stdio.h>
#include <string.h>

static const struct cli_option options[] = {
    {"json", NULL, "the answer as JSON"},
};

static int revoke_one(struct cli_call *call)
{
    OWN(json_free)
    struct json *answer = NULL;
    int64_t id = 0;
    struct ask a;
    int status;

    if (conf_parse_int(cli_arg(call, 1), &id) || id < 1)
        return cli_fail(call, "the session's page shows its number",
                        "\"%s\" is not the number of a session",
                        cli_arg(call, 1));
    ask_begin(&a, "token.revoke");
    jsonw_int(&a.w, "session", id);
    status = ask_end(call, &a, &answer);
    if (status || cli_has(call, "json"))
        return status;
    printf("token of session %lld revoked; its agent has to enroll again\n",
           (long long)id);
    return CLI_OK;
}

static const struct cli_word words[] = {
    {"revoke", 1, revoke_one},
};

const struct cli_command cli_token = {
    .name = "token",
    .args = "revoke SESSION",
    .summary = "end an agent's right to send to a session",
    .help = "Example:\n"
            "  worksight-server token revoke 12\n\n"
            "Refused within a second; what was sent before stays.\n\n"
            "Exit status: 0 done, 1 refused or failed, 2 used wrongly.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .min_args = 2,
    .max_args = 2,
    .words = words,
    .word_count = sizeof(words) / sizeof(words[0]),
};
