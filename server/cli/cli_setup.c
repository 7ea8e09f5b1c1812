#include "server/cli/ask.h"
#include "server/cli/commands.h"

#include <stdio.h>
#include <string.h>

static const struct cli_option options[] = {
    {"link", NULL, "print a link that works once, within an hour"},
    {"user", "NAME",
     "whom the link logs in (default: the first "
     "administrator)"},
    {"json", NULL, "the answer as JSON"},
};

/* What a browser on this machine opens for a listen address: every address
 * (0.0.0.0, ::) is reached by the loopback one. */
static void host_of(const char *listen, char *out, size_t out_bytes)
{
    const char *port = strrchr(listen, ':');

    if (port && (strncmp(listen, "0.0.0.0:", 8) == 0 ||
                 strncmp(listen, "[::]:", 5) == 0 || port == listen))
        snprintf(out, out_bytes, "127.0.0.1%s", port);
    else
        snprintf(out, out_bytes, "%s", listen);
}

static int run(struct cli_call *call)
{
    OWN(json_free)
    struct json *answer = NULL;
    const char *listen; /* of the server that runs, unless said */
    struct ask a;
    char host[300];
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
    host_of(listen, host, sizeof(host));
    printf("%s://%s/setup#%s\n",
           *ask_settings(call)->tls_cert ? "https" : "http", host,
           ask_text(answer, "token"));
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
