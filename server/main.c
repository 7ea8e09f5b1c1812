/* main.c - worksight-server.
 *
 * The map of the server, in the order of the flow:
 *
 *   main.c        commands and settings (settings.c) by core/cli
 *   serve.c       `serve`: lock of the data, listening socket.c, SIGHUP
 *                 (words.c: what it says; migrated.c: what it waits for;
 *                 database.c: which store the settings name)
 *   crew.c        the supervisor: workers, replaced one by one; what they
 *                 count together is in shared.c
 *   worker.c      what answers: opens all below, then loops, behind the wall of
 *                 worker_wall.c
 *   http/         loop, listener, conn: bytes -> head, body -> route -> handler
 *   routes.c      the table of everything that is answered
 *   auth/         who asks: tokens of agents, logins and keys of people
 *   ingest/       what agents send: checked, then given to the committer
 *   commit/       one thread that writes: many requests, one transaction
 *   store/ blob/  rows (SQLite, MySQL), pictures (files, S3)
 *   views/        what people see: JSON, event streams, /metrics, health
 *   retention/    what is older than it is kept goes, by one of the workers
 *   setup_link.c  the link that makes the first account
 *   cli/          commands beside `serve`; those that write reach the one that
 *                 writes by control.c. import/ brings a Django deployment over
 */
#include "core/cli.h"
#include "server/cli/commands.h"
#include "server/serve.h"
#include "server/settings.h"
#include "server/shared.h"
#include "server/worker.h"

#include <string.h>

static struct settings settings;

static int run_serve(struct cli_call *call)
{
    if (settings_check(&settings, stderr))
        return CLI_USAGE;
    return serve_run(&settings, call);
}

static int run_role(struct cli_call *call)
{
    int64_t seat = 0;

    if (strcmp(cli_arg(call, 0), "worker") != 0)
        return cli_fail(call, NULL, "there is no role \"%s\"",
                        cli_arg(call, 0));
    if (conf_parse_int(cli_arg(call, 1), &seat) || seat < 0 ||
        seat >= SHARED_SEATS)
        return cli_fail(call, NULL, "\"%s\" is no seat", cli_arg(call, 1));
    return worker_run(&settings, (size_t)seat);
}

static const struct cli_command serve = {
    .name = "serve",
    .summary = "run the server",
    .help = "Runs until SIGTERM or Ctrl-C: a supervisor, and workers that are "
            "started again\nwhen they die. The database is made and migrated "
            "as needed. SIGHUP reads the\nsettings and the certificate again "
            "and replaces the workers one by one.\n\n"
            "  worksight-server serve\n"
            "  worksight-server serve --listen 127.0.0.1:8080 --data ./data\n"
            "  worksight-server serve --listen 0.0.0.0:443 --tls-cert "
            "chain.pem --tls-key key.pem\n",
    .run = run_serve,
};

static const struct cli_command role = {
    .name = "role",
    .args = "NAME SEAT",
    .summary = "a role's process; started by serve alone",
    .min_args = 2,
    .max_args = 2,
    .hidden = true,
    .run = run_role,
};

/* In the order of --help. */
static const struct cli_command *const all[] = {
    &serve,       &cli_setup,   &cli_user,      &cli_apikey,
    &cli_enroll,  &cli_token,   &cli_status,    &cli_doctor,
    &cli_migrate, &cli_audit,   &cli_retention, &cli_blob,
    &cli_import,  &cli_openapi, &cli_version,   &role,
};
static struct cli_command commands[sizeof(all) / sizeof(all[0])];

static const char *const files[] = {"/etc/worksight/server.conf", NULL};

static const struct cli_program program = {
    .name = "worksight-server",
    .summary = "takes in what the agents send, keeps it, and shows it",
    .version = WS_VERSION,
    .schema = &settings_schema,
    .values = &settings,
    .files = files,
    .commands = commands,
    .command_count = sizeof(commands) / sizeof(commands[0]),
};

int main(int argc, char **argv)
{
    static char as_role[] = "role";
    size_t i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        commands[i] = *all[i];
    if (argc > 1 && strcmp(argv[1], "--role") == 0)
        argv[1] = as_role; /* how core/supervise starts a child */
    return cli_main(&program, argc, argv);
}
