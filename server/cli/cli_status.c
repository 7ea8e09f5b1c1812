#include "server/cli/ask.h"
#include "server/cli/commands.h"
#include "server/control.h"

#include <stdio.h>

static const struct cli_option options[] = {
    {"json", NULL, "the answer as JSON"},
};

static long long number(const struct json *answer, const char *key)
{
    return (long long)json_int(json_get(answer, key), 0);
}

static int run(struct cli_call *call)
{
    const struct settings *s = ask_settings(call);
    OWN(json_free)
    struct json *answer = NULL;
    OWN_FD int fd = -1;
    enum err e = control_connect(s->data, &fd);
    struct ask a;
    int status;

    if (e == WS_NOTFOUND) {
        if (cli_has(call, "json"))
            printf("{\"ok\":true,\"running\":false}\n");
        else
            printf("WorkSight server                    STOPPED\n"
                   "Data       %s\nNext: worksight-server serve --data %s\n",
                   s->data, s->data);
        return ASK_STOPPED;
    }
    own_fd(&fd);
    fd = -1;
    ask_begin(&a, "status");
    jsonw_int(&a.w, "online_ms", s->online_ms);
    jsonw_int(&a.w, "late_ms", s->late_ms);
    status = ask_end(call, &a, &answer);
    if (status || cli_has(call, "json"))
        return status;
    printf("WorkSight server %s                    %s\n",
           ask_text(answer, "version"),
           json_bool(json_get(answer, "running"), false) ? "RUNNING"
                                                         : "STOPPED");
    printf("Listens    %s (worker pid %lld, up %lld s)\n",
           ask_text(answer, "listen"), number(answer, "pid"),
           number(answer, "uptime_ms") / 1000);
    printf("Data       %s, %s store of %lld KiB, %lld writes waiting\n",
           s->data, ask_text(answer, "store"),
           number(answer, "store_bytes") / 1024,
           number(answer, "writes_waiting"));
    printf("Agents     %lld online, %lld late, %lld offline; %lld sessions\n",
           number(answer, "online"), number(answer, "late"),
           number(answer, "offline"), number(answer, "sessions"));
    printf("Accounts   %lld%s\n", number(answer, "accounts"),
           json_bool(json_get(answer, "has_admin"), false)
               ? ""
               : ", no administrator: worksight-server setup --link");
    return CLI_OK;
}

const struct cli_command cli_status = {
    .name = "status",
    .args = NULL,
    .summary = "is the server running, and how much does it hold",
    .help = "Examples:\n"
            "  worksight-server status\n"
            "  worksight-server status --json\n\n"
            "Exit status: 0 running, 1 it does not answer, 2 used wrongly, "
            "3 stopped.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run,
};
