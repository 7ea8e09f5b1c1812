#include "core/cli.h"

#include "core/cli_help.h"
#include "core/conf_parse.h"
#include "core/io.h"
#include "core/nearest.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CLI_MAX_OPTIONS = 16, LONG_OPTION = 1 /* as getopt gives it back */ };

struct cli_call {
    const struct cli_program *program;
    const struct cli_command *command;
    struct conf *conf;
    const char *given[CLI_MAX_OPTIONS]; /* by the command's options */
    char **args;
    size_t arg_count;
    const char *config_file;
    int argc;
    char **argv;
    const struct option *list;
    bool help;
};

const struct cli_program *cli_program(const struct cli_call *call)
{
    return call->program;
}

struct conf *cli_conf(struct cli_call *call)
{
    return call->conf;
}

const char *cli_value(const struct cli_call *call, const char *option)
{
    for (size_t i = 0; i < call->command->option_count; i++)
        if (strcmp(call->command->options[i].name, option) == 0)
            return call->given[i];
    return NULL;
}

bool cli_has(const struct cli_call *call, const char *option)
{
    return cli_value(call, option) != NULL;
}

const char *cli_arg(const struct cli_call *call, size_t i)
{
    return i < call->arg_count ? call->args[i] : NULL;
}

const char *cli_config_file(const struct cli_call *call)
{
    return call->config_file;
}

int cli_fail(const struct cli_call *call, const char *fix, const char *fmt, ...)
{
    va_list args;

    fprintf(stderr, "%s: ", call->program->name);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    if (fix)
        fprintf(stderr, "→ %s\n", fix);
    return CLI_USAGE;
}

static const struct cli_command *find_command(const struct cli_program *p,
                                              const char *name)
{
    for (size_t i = 0; i < p->command_count; i++)
        if (strcmp(p->commands[i].name, name) == 0)
            return &p->commands[i];
    return NULL;
}

static int unknown_command(const struct cli_program *p, const char *name)
{
    struct nearest near = nearest_begin(name);

    for (size_t i = 0; i < p->command_count; i++)
        if (!p->commands[i].hidden)
            nearest_offer(&near, p->commands[i].name);
    fprintf(stderr, "%s: there is no command \"%s\"\n", p->name, name);
    if (near.best)
        fprintf(stderr, "→ did you mean: %s %s\n", p->name, near.best);
    else
        fprintf(stderr, "→ %s --help lists the commands\n", p->name);
    return CLI_USAGE;
}

static void swap(char *text, char from, char to)
{
    for (; text && *text; text++)
        if (*text == from)
            *text = to;
}

/* "picture-evry" of --picture-evry=1m: the nearest is looked for among the
 * names of settings, and said as a flag is written. */
static int unknown_option(const struct cli_call *call, const char *word)
{
    const struct conf_schema *s = call->program->schema;
    OWN_FREE char *name = strndup(word, strcspn(word, "=")), *best = NULL;
    OWN_FREE char *key = name ? strdup(name) : NULL;
    struct nearest near;

    if (!key)
        return CLI_USAGE;
    swap(key, '-', '_');
    near = nearest_begin(key);
    for (size_t i = 0; i < call->command->option_count; i++)
        nearest_offer(&near, call->command->options[i].name);
    for (size_t i = 0; i < s->count; i++)
        nearest_offer(&near, s->keys[i].name);
    fprintf(stderr, "%s %s: there is no option --%s\n", call->program->name,
            call->command->name, name);
    best = near.best ? strdup(near.best) : NULL;
    swap(best, '_', '-');
    if (best)
        fprintf(stderr, "→ did you mean: --%s\n", best);
    else
        fprintf(stderr, "→ %s %s --help lists the options\n",
                call->program->name, call->command->name);
    return CLI_USAGE;
}

/* The command's options first, then --help and --config, then settings: the
 * index into this row of options is what getopt_long() gives back. */
static struct option *make_options(const struct cli_call *call, char **names)
{
    const struct cli_command *c = call->command;
    const struct conf_schema *s = call->program->schema;
    struct option *list = calloc(c->option_count + s->count + 3, sizeof *list);
    size_t n = 0;

    if (!list)
        return NULL;
    for (size_t i = 0; i < c->option_count; i++)
        list[n++] = (struct option){c->options[i].name,
                                    c->options[i].value ? required_argument
                                                        : no_argument,
                                    NULL, LONG_OPTION};
    list[n++] = (struct option){"help", no_argument, NULL, LONG_OPTION};
    list[n++] = (struct option){"config", required_argument, NULL, LONG_OPTION};
    for (size_t i = 0; i < s->count; i++) {
        names[i] = strdup(s->keys[i].name);
        swap(names[i], '_', '-');
        list[n++] = (struct option){names[i] ? names[i] : "", required_argument,
                                    NULL, LONG_OPTION};
    }
    return list;
}

/* One option that getopt_long() found; settings are set in the second pass,
 * after file and environment, so that flags win. */
static void take_option(struct cli_call *call, size_t at, bool settings)
{
    size_t own = call->command->option_count;
    const struct conf_schema *s = call->program->schema;

    if (at < own) {
        call->given[at] = optarg ? optarg : "";
    } else if (at == own) {
        call->help = true;
    } else if (at == own + 1) {
        call->config_file = optarg;
    } else if (settings) {
        const char *name = s->keys[at - own - 2].name;
        char where[80];
        enum err e;

        snprintf(where, sizeof where, "--%s", name);
        swap(where, '_', '-');
        e = conf_set(call->conf, name, optarg, CONF_FLAG, where);
        (void)e; /* the mistake is in conf's list, shown with all others */
    }
}

/* What getopt_long() found no use for: optopt tells the cases apart, 0 for a
 * long option that is not known, its letter for a short one. */
static int bad_option(const struct cli_call *call, int found, const char *word)
{
    const char *name = call->command->name;

    if (found == ':')
        return cli_fail(call, "give it behind a blank or =; --help shows how",
                        "%s: %s needs a value", name, word);
    if (optopt == LONG_OPTION)
        return cli_fail(call, "leave out the = and what follows",
                        "%s: %.80s: this option takes no value", name, word);
    if (optopt)
        return cli_fail(call,
                        "options begin with two dashes; --help lists them",
                        "%s: there is no option -%c", name, optopt);
    return unknown_option(call, word + 2);
}

static int read_options(struct cli_call *call, int argc, char **argv,
                        const struct option *list, bool settings)
{
    int at, found;

    optind = 0; /* glibc: start over, also its inner state */
    opterr = 0;
    while ((found = getopt_long(argc, argv, ":h", list, &at)) != -1) {
        const char *word = argv[optind - 1];

        if (found == 'h')
            call->help = true;
        else if (found == ':' || found == '?')
            return bad_option(call, found, word);
        else
            take_option(call, (size_t)at, settings);
    }
    call->args = argv + optind;
    call->arg_count = (size_t)(argc - optind);
    return CLI_OK;
}

static int load_files(struct cli_call *call)
{
    const struct cli_program *p = call->program;
    OWN_FREE char *variable = NULL;
    const char *chosen = call->config_file;
    enum err e;

    if (!chosen && asprintf(&variable, "%sCONFIG", p->schema->env_prefix) > 0)
        chosen = getenv(variable);
    if (chosen) {
        e = conf_load_file(call->conf, chosen);
        if (e == WS_NOTFOUND)
            return cli_fail(call, "give the path of an INI file that exists",
                            "cannot read the settings file \"%s\"", chosen);
        return CLI_OK; /* other mistakes are in conf's list */
    }
    for (const char *const *f = p->files; *f; f++) {
        OWN_FREE char *path = conf_parse_path(*f);

        /* One in a folder that is closed to us is another user's. */
        if (path && access(path, F_OK) == 0 &&
            conf_load_file(call->conf, path) != WS_NOTFOUND)
            break;
    }
    return CLI_OK;
}

/* "user remove is not known", "use add, passwd or list". */
static int wrong_word(const struct cli_call *call, const char *given)
{
    const struct cli_command *c = call->command;

    fprintf(stderr, "%s: %s %s%s\n→ use", call->program->name, c->name,
            given ? given : "needs a word", given ? " is not known" : "");
    for (size_t i = 0; i < c->word_count; i++)
        fprintf(stderr, "%s %s",
                i == 0                  ? ""
                : i + 1 < c->word_count ? ","
                                        : " or",
                c->words[i].name);
    fputc('\n', stderr);
    return CLI_USAGE;
}

static int check_args(const struct cli_call *call)
{
    const struct cli_command *c = call->command;

    if (call->arg_count >= c->min_args && call->arg_count <= c->max_args)
        return CLI_OK;
    if (c->words && call->arg_count == 0)
        return wrong_word(call, NULL);
    fprintf(stderr, "%s: ", call->program->name);
    if (call->arg_count > c->max_args)
        fprintf(stderr, "%s does not take \"%s\"\n", c->name,
                call->args[c->max_args]);
    else
        fprintf(stderr, "%s needs %s\n", c->name, c->args);
    fprintf(stderr, "→ %s %s --help shows examples\n", call->program->name,
            c->name);
    return CLI_USAGE;
}

static int prepare(struct cli_call *call, int argc, char **argv,
                   const struct option *list)
{
    enum err env;
    int status = read_options(call, argc, argv, list, false);

    if (status || call->help)
        return status;
    if (conf_open(&call->conf, call->program->schema, call->program->values))
        return cli_fail(call, NULL, "no memory for the settings");
    status = load_files(call);
    if (status)
        return status;
    env = conf_load_env(call->conf, environ);
    (void)env; /* its mistakes are in conf's list */
    status = read_options(call, argc, argv, list, true);
    if (status)
        return status;
    if (conf_check(call->conf, stderr))
        return cli_fail(call, NULL,
                        "the settings above are wrong; `%s help settings` "
                        "lists all of them",
                        call->program->name);
    return check_args(call);
}

enum err cli_load_again(struct cli_call *call, void *values, struct conf **out,
                        FILE *messages)
{
    struct cli_call again = *call;
    enum err e;

    e = conf_open(&again.conf, call->program->schema, values);
    if (e)
        return e;
    *out = again.conf;
    if (load_files(&again) != CLI_OK)
        return WS_NOTFOUND;
    e = conf_load_env(again.conf, environ);
    if (read_options(&again, call->argc, call->argv, call->list, true))
        return WS_INVALID;
    return conf_check(again.conf, messages) ? WS_INVALID : e;
}

static int run_word_of(struct cli_call *call)
{
    const struct cli_command *c = call->command;
    const char *given = call->arg_count ? call->args[0] : c->words[0].name;

    for (size_t i = 0; i < c->word_count; i++) {
        const struct cli_word *w = &c->words[i];

        if (strcmp(w->name, given) != 0)
            continue;
        if (call->arg_count > 1 + w->more_args)
            return cli_fail(call, "its --help shows examples",
                            "%s %s does not take \"%s\"", c->name, w->name,
                            call->args[1 + w->more_args]);
        return w->run(call);
    }
    return wrong_word(call, given);
}

static int run_command(const struct cli_program *p,
                       const struct cli_command *command, int argc, char **argv)
{
    struct cli_call call = {.program = p, .command = command};
    OWN_FREE char **names = calloc(p->schema->count + 1, sizeof *names);
    OWN_FREE struct option *list = names ? make_options(&call, names) : NULL;
    int status;

    if (!list)
        return cli_fail(&call, NULL, "no memory");
    call.argc = argc;
    call.argv = argv;
    call.list = list;
    status = prepare(&call, argc, argv, list);
    if (status == CLI_OK && call.help)
        cli_help_command(p, command, stdout);
    else if (status == CLI_OK)
        status = command->words ? run_word_of(&call) : command->run(&call);
    conf_close(call.conf);
    for (size_t i = 0; i < p->schema->count; i++)
        free(names[i]);
    return status;
}

static int help(const struct cli_program *p, const char *topic)
{
    const struct cli_command *c = topic ? find_command(p, topic) : NULL;

    if (c)
        cli_help_command(p, c, stdout);
    else if (topic && strcmp(topic, "settings") == 0)
        cli_help_settings(p, stdout);
    else if (topic && strcmp(topic, "sample") == 0)
        conf_print_sample(p->schema, stdout);
    else if (topic)
        return unknown_command(p, topic);
    else
        cli_help_program(p, stdout);
    return CLI_OK;
}

static int run_word(const struct cli_program *program, int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : NULL;
    const struct cli_command *command =
        word ? find_command(program, word) : NULL;

    if (!word) {
        cli_help_program(program, stderr);
        return CLI_USAGE;
    }
    if (command)
        return run_command(program, command, argc - 1, argv + 1);
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
        strcmp(word, "help") == 0)
        return help(program, argc > 2 ? argv[2] : NULL);
    if (strcmp(word, "--version") == 0) {
        printf("%s %s\n", program->name, program->version);
        return CLI_OK;
    }
    return unknown_command(program, word);
}

/* A key that was printed into a full disk is lost: that is no success. */
static int end_output(const struct cli_program *program, int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr,
            "%s: the output can't be written: %s\n→ make room, or write it "
            "elsewhere\n",
            program->name, strerror(errno));
    return status ? status : CLI_DEGRADED;
}

int cli_main(const struct cli_program *program, int argc, char **argv)
{
    if (io_open_std())
        return CLI_DEGRADED;
    return end_output(program, run_word(program, argc, argv));
}
