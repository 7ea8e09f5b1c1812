#include "server/cli/ask.h"
#include "server/cli/commands.h"

#include <stdio.h>
#include <string.h>

static const struct cli_option options[] = {
    {"role", "ROLE", "viewer, reviewer, admin or auditor"},
    {"name", "NAME", "what the key is for; used once"},
    {"json", NULL, "the answer as JSON"},
};

static int create(struct cli_call *call)
{
    OWN(json_free)
    struct json *answer = NULL;
    struct ask a;
    int status;

    if (!cli_has(call, "role") || !cli_has(call, "name"))
        return cli_fail(call,
                        "worksight-server apikey create --role auditor "
                        "--name prometheus",
                        "--role and --name are needed");
    ask_begin(&a, "apikey.create");
    jsonw_text(&a.w, "name", cli_value(call, "name"));
    jsonw_text(&a.w, "roles", cli_value(call, "role"));
    status = ask_end(call, &a, &answer);
    if (status || cli_has(call, "json"))
        return status;
    printf("%s\n", ask_text(answer, "key"));
    fprintf(stderr, "shown once; use it as: Authorization: Bearer KEY\n");
    return CLI_OK;
}

static int list(struct cli_call *call)
{
    static const struct ask_column columns[] = {
        {"NAME", "name", 24},
        {"ROLES", "roles", 20},
        {"LAST USED", "last_used_at", 28},
        {"REVOKED", "revoked_at", 0}};

    return ask_table(call, "apikey.list", columns, 4);
}

static int revoke_one(struct cli_call *call)
{
    OWN(json_free)
    struct json *answer = NULL;
    const char *name = cli_arg(call, 1);
    struct ask a;
    int status;

    if (!name)
        return cli_fail(call, "worksight-server apikey revoke NAME",
                        "the name of the key is missing");
    ask_begin(&a, "apikey.revoke");
    jsonw_text(&a.w, "name", name);
    status = ask_end(call, &a, &answer);
    if (status || cli_has(call, "json"))
        return status;
    printf("key %s revoked\n", name);
    return CLI_OK;
}

static const struct cli_word words[] = {
    {"create", 0, create},
    {"list", 0, list},
    {"revoke", 1, revoke_one},
};

const struct cli_command cli_apikey = {
    .name = "apikey",
    .args = "create|list|revoke NAME",
    .summary = "keys for scripts: Authorization: Bearer KEY",
    .help = "Examples:\n"
            "  worksight-server apikey create --role auditor --name "
            "prometheus\n"
            "  worksight-server apikey list\n"
            "  worksight-server apikey revoke prometheus\n\n"
            "A key is printed once and stored as its hash. Roles that belong "
            "to a person\n(person, manager) have no keys.\n\n"
            "Exit status: 0 done, 1 refused or failed, 2 used wrongly.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .min_args = 1,
    .max_args = 2,
    .words = words,
    .word_count = sizeof(words) / sizeof(words[0]),
};
