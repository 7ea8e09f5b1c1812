#include "server/cli/commands.h"

#include <stdio.h>

static int run(struct cli_call *call)
{
    const struct cli_program *p = cli_program(call);

    printf("%s %s\n", p->name, p->version);
    return CLI_OK;
}

const struct cli_command cli_version = {
    .name = "version",
    .summary = "print the version",
    .help = "Example:\n"
            "  worksight-server version\n",
    .run = run,
};
