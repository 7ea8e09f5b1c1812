#include "server/cli/ask.h"
#include "server/cli/commands.h"

#include <stdio.h>
#include <string.h>

static const struct cli_option options[] = {
    {"role", "ROLE",
     "viewer, reviewer, manager, admin, auditor or person; "
     "several with commas"},
    {"team", "NAME", "whose members a manager sees"},
    {"password-stdin", NULL, "read the password from standard input"},
    {"json", NULL, "the answer as JSON"},
};

static int list(struct cli_call *call)
{
    static const struct ask_column columns[] = {
        {"NAME", "name", 24},
        {"ROLES", "roles", 24},
        {"TEAM", "team", 12},
        {"LAST LOGIN", "last_login_at", 0}};

    return ask_table(call, "user.list", columns, 4);
}

/* Both send a hash, never the password. */
static int with_password(struct cli_call *call, const char *order)
{
    OWN(json_free)
    struct json *answer = NULL;
    const char *name = cli_arg(call, 1);
    struct ask a;
    int status;

    if (!name)
        return cli_fail(call,
                        "worksight-server user add ana --role reviewer "
                        "--password-stdin",
                        "the name is missing");
    if (!cli_has(call, "password-stdin"))
        return cli_fail(call,
                        "add --password-stdin and send the password on "
                        "standard input",
                        "a password on the command line would show in ps");
    ask_begin(&a, order);
    jsonw_text(&a.w, "name", name);
    jsonw_text(&a.w, "roles", cli_value(call, "role"));
    jsonw_text(&a.w, "team", cli_value(call, "team"));
    status = ask_password(call, &a, name);
    if (status) {
        buf_fini(&a.text);
        return status;
    }
    status = ask_end(call, &a, &answer);
    if (status || cli_has(call, "json"))
        return status;
    if (strcmp(order, "user.add") == 0)
        printf("account %s made, roles %s\n", ask_text(answer, "name"),
               ask_text(answer, "roles"));
    else
        printf("password of %s set; every login of it ended\n",
               ask_text(answer, "name"));
    return CLI_OK;
}

static int add(struct cli_call *call)
{
    if (!cli_has(call, "role"))
        return cli_fail(call,
                        "for example --role viewer; worksight-server "
                        "user --help lists the roles",
                        "--role is missing");
    return with_password(call, "user.add");
}

static int passwd(struct cli_call *call)
{
    return with_password(call, "user.password");
}

static const struct cli_word words[] = {
    {"add", 1, add},
    {"passwd", 1, passwd},
    {"list", 0, list},
};

const struct cli_command cli_user = {
    .name = "user",
    .args = "add NAME|passwd NAME|list",
    .summary = "make accounts, set their passwords, list them",
    .help =
        "Examples:\n"
        "  printf '%s' 'tulip gravel seven moth' | worksight-server user add "
        "ana \\\n"
        "      --role reviewer --password-stdin\n"
        "  worksight-server user passwd ana --password-stdin < secret.txt\n"
        "  worksight-server user list --json\n\n"
        "viewer sees sessions and scores; reviewer pictures as well; manager "
        "those of\nthe own team; admin manages accounts and sees no content; "
        "auditor reads the\naccess log (page Admin, /api/v1/audit); person "
        "sees the own "
        "sessions alone.\n\n"
        "Exit status: 0 done, 1 refused or failed, 2 used wrongly.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .min_args = 1,
    .max_args = 2,
    .words = words,
    .word_count = sizeof(words) / sizeof(words[0]),
};
