#include "server/cli/ask.h"
#include "server/cli/commands.h"
#include "server/setup_link.h"

#include <stdio.h>
#include <string.h>

static const struct cli_option options[] = {
    {"link", NULL, "print a link that works once, within an hour"},
    {"user", "NAME",
     "whom the link logs in (default: the first "
     "administrator)"},
    {"json", NULL, "the answer as JSON"},
};

static int run(struct cli_call *call)
{
    OWN(json_free)
    struct json *answer = NULL;
    const char *listen; /* of the server that runs, unless said */
    struct ask a;
    char url[600];
    int status;

    if (!cli_has(call, "link"))
        return cli_fail(call, "worksight-server setup --link",
                        "setup does one thing: it prints a link");
    ask_begin(&a, "setup.link");
    jsonw_text(&a.w, "user", cli_value(call, "user"));
    status = ask_end(call, &a, &answer);
    if (status || cli_has(call, "json"))
        return status;
    listen =
        conf_origin(cli_conf(call), "listen") == CONF_FLAG
            ? ask_settings(call)->listen
            : json_text(json_get(answer, "listen"), ask_settings(call)->listen);
    setup_link_url(ask_settings(call), listen, ask_text(answer, "token"), url,
                   sizeof(url));
    printf("%s\n", url);
    if (strcmp(ask_text(answer, "purpose"), "first_account") == 0)
        fprintf(stderr, "it makes the first account, which administers and "
                        "may see pictures (roles admin and reviewer)\n");
    else
        fprintf(stderr, "it logs in as %s\n", ask_text(answer, "name"));
    return CLI_OK;
}

const struct cli_command cli_setup = {
    .name = "setup",
    .args = NULL,
    .summary = "print the one-time link: first account, or a new login",
    .help = "Examples:\n"
            "  worksight-server setup --link\n"
            "  worksight-server setup --link --user ana\n\n"
            "Exit status: 0 done, 1 refused or failed, 2 used wrongly.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run,
};
