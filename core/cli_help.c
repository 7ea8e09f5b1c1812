#include "core/cli_help.h"

#include <string.h>

void cli_help_program(const struct cli_program *p, FILE *to)
{
    fprintf(to,
            "%s %s: %s\n\nUse: %s COMMAND [--option VALUE]...\n\nCommands:\n",
            p->name, p->version, p->summary, p->name);
    for (size_t i = 0; i < p->command_count; i++) {
        const struct cli_command *c = &p->commands[i];

        if (!c->hidden)
            fprintf(to, "  %-14s %s\n", c->name, c->summary);
    }
    fprintf(to,
            "\n  %s COMMAND --help   options and examples of a command\n"
            "  %s help settings    every setting: flag, bounds, default\n"
            "  %s help sample      the same as a settings file, to begin with\n"
            "\nSettings come from the defaults, then the first of these files "
            "that is there\n(or --config FILE), then %sNAME in the "
            "environment, then flags:\n",
            p->name, p->name, p->name, p->schema->env_prefix);
    for (const char *const *f = p->files; *f; f++)
        fprintf(to, "  %s\n", *f);
}

void cli_help_command(const struct cli_program *p, const struct cli_command *c,
                      FILE *to)
{
    fprintf(to, "%s\n\nUse: %s %s%s%s [--option VALUE]...\n", c->summary,
            p->name, c->name, c->args ? " " : "", c->args ? c->args : "");
    if (c->option_count > 0)
        fprintf(to, "\nOptions:\n");
    for (size_t i = 0; i < c->option_count; i++) {
        const struct cli_option *o = &c->options[i];
        char flag[64];

        snprintf(flag, sizeof flag, "--%s%s%s", o->name, o->value ? " " : "",
                 o->value ? o->value : "");
        fprintf(to, "  %-22s %s\n", flag, o->doc);
    }
    if (c->help)
        fprintf(to, "\n%s", c->help);
    fprintf(to, "\nEvery setting is a flag too: %s help settings\n", p->name);
}

void cli_help_settings(const struct cli_program *p, FILE *to)
{
    fprintf(to,
            "Settings of %s. In a file: name = value (with _ for -); in the\n"
            "environment: %sNAME.\n\n",
            p->name, p->schema->env_prefix);
    conf_print_help(p->schema, to);
}
