#include "server/auth/roles.h"
#include "server/cli/ask.h"
#include "server/cli/commands.h"
#include "server/http/assets.h"
#include "server/http/route.h"

#include <stdio.h>
#include <string.h>

static const struct cli_option options[] = {
    {"routes", NULL, "the routes that are really answered, one a line"},
};

static const char *access_word(enum route_access access)
{
    static const char *const words[] = {
        [ROUTE_OPEN] = "open",
        [ROUTE_AGENT] = "agent",
        [ROUTE_ENROLL] = "enroll",
        [ROUTE_USER] = "user",
    };

    return words[access];
}

/* METHOD PATH operation access permission,permission */
static void print_route(const struct route *r)
{
    unsigned bit;
    const char *before = " ";

    printf("%s %s %s %s", r->method, r->path, r->operation ? r->operation : "-",
           access_word(r->access));
    for (bit = 1; roles_permission_name(bit); bit <<= 1) {
        if ((r->permissions & bit) == 0)
            continue;
        printf("%s%s", before, roles_permission_name(bit));
        before = ",";
    }
    printf("\n");
}

static int run(struct cli_call *call)
{
    size_t i;

    if (cli_has(call, "routes")) {
        for (i = 0; i < routes_count; i++)
            print_route(&routes[i]);
        return CLI_OK;
    }
    for (i = 0; i < assets_count; i++) {
        if (strcmp(assets_table[i].path, ASSETS_OPENAPI) != 0)
            continue;
        fwrite(assets_table[i].identity.data, 1, assets_table[i].identity.len,
               stdout);
        return CLI_OK;
    }
    return ask_fail(call, "build with -Dweb=build, or read api/openapi.yaml",
                    "this program was built without its pages");
}

const struct cli_command cli_openapi = {
    .name = "openapi",
    .args = NULL,
    .summary = "print the description of the API",
    .help = "Examples:\n"
            "  worksight-server openapi > openapi.json\n"
            "  worksight-server openapi --routes\n\n"
            "A line of --routes: method, path, operationId, who may ask, "
            "permissions needed.\n\n"
            "Exit status: 0 done, 1 not built in, 2 used wrongly.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run,
};
