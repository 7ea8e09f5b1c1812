/* cli.h - commands, options and help of a program, from one table.
 *
 * Flow:    argv -> [cli] -> conf (file, env, flags) -> the command's function
 * Shapes:  worksight-agent COMMAND [--option VALUE]... [ARGUMENT]...
 * Errors:  unknown command or option: message with the nearest known one and
 *          exit 2; settings out of bounds: every mistake, exit 2
 * Source:  clig.dev; getopt_long(3); ui.md "CLI parsing"
 */
#ifndef CORE_CLI_H
#define CORE_CLI_H

#include "core/conf.h"

#include <stdbool.h>
#include <stddef.h>

enum { CLI_OK = 0, CLI_DEGRADED = 1, CLI_USAGE = 2 };

struct cli_option {
    const char *name;  /* "json": --json */
    const char *value; /* "FILE": takes a value; NULL: a flag */
    const char *doc;
};

struct cli_call; /* one parsed command line */

/* What the first argument of a command may be. */
struct cli_word {
    const char *name;
    size_t more_args; /* that may follow it */
    int (*run)(struct cli_call *call);
};

struct cli_command {
    const char *name;    /* "queue" */
    const char *args;    /* "list|retry [ID]|purge"; NULL: none */
    const char *summary; /* one line, for the list of commands */
    const char *help;    /* text with examples; exit codes when special */
    const struct cli_option *options;
    size_t option_count;
    size_t min_args, max_args;
    bool hidden; /* internal, like a role's entry */
    int (*run)(struct cli_call *call);
    const struct cli_word *words; /* instead of run; without an argument the
                                     first, unless min_args wants one */
    size_t word_count;
};

struct cli_program {
    const char *name;    /* "worksight-agent" */
    const char *summary; /* one sentence */
    const char *version;
    const struct conf_schema *schema;
    void *values;             /* the struct that the schema fills */
    const char *const *files; /* config files looked for, NULL-ended; the
                                 first one found; ~ and $XDG_* expanded */
    const struct cli_command *commands;
    size_t command_count;
};

/* Parse, load settings, run; the return value is the exit status. --help,
 * help TOPIC, --version, --config FILE and every setting's flag are here. */
int cli_main(const struct cli_program *program, int argc, char **argv);

const struct cli_program *cli_program(const struct cli_call *call);
struct conf *cli_conf(struct cli_call *call);
bool cli_has(const struct cli_call *call, const char *option);
const char *cli_value(const struct cli_call *call,
                      const char *option);                  /* or NULL */
const char *cli_arg(const struct cli_call *call, size_t i); /* or NULL */
const char *cli_config_file(const struct cli_call *call); /* --config or NULL */

/* Load the settings of this call once more, into `values` (another struct of
 * the same shape): the file and the environment as they are now, and the same
 * flags. WS_INVALID after every mistake was printed. */
enum err cli_load_again(struct cli_call *call, void *values, struct conf **out,
                        FILE *messages) WS_MUST_CHECK;

/* Print "worksight-agent: message" and "→ fix" to stderr; returns CLI_USAGE. */
int cli_fail(const struct cli_call *call, const char *fix, const char *fmt, ...)
    WS_PRINTF(3, 4);

#endif
