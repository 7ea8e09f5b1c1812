#include "agent/role_start.h"

#include "agent/role_probe.h"
#include "agent/roles.h"
#include "core/log.h"
#include "core/supervise.h"

#include <stdio.h>
#include <string.h>

#define EXIT_UNABLE 1
#define EXIT_USAGE 2

static enum err push(char **args, size_t *n, const char *text)
{
    args[*n] = strdup(text);
    return args[*n] ? ((*n)++, WS_OK) : WS_NOMEM;
}

enum err role_start_args(const struct conf *conf, char ***out)
{
    const struct conf_schema *s = &settings_schema;
    char **args = (char **)calloc(2 * s->count + 1, sizeof *args);
    char flag[64], value[CONF_TEXT_BYTES + 1];
    size_t n = 0;
    enum err e = args ? WS_OK : WS_NOMEM;

    for (size_t i = 0; i < s->count && !e; i++) {
        snprintf(flag, sizeof flag, "--%s", s->keys[i].name);
        conf_value(conf, &s->keys[i], value, sizeof value);
        e = push(args, &n, flag);
        if (!e)
            e = push(args, &n, value);
    }
    if (e)
        role_start_free_args(args);
    else
        *out = args;
    return e;
}

void role_start_free_args(char **args)
{
    for (char **a = args; a && *a; a++)
        free(*a);
    free(args);
}

static enum err read_settings(struct conf **out, struct settings *s, int argc,
                              char **argv)
{
    OWN(conf_close)
    struct conf *conf = NULL;
    enum err e = conf_open(&conf, &settings_schema, s);

    for (int i = 0; i + 1 < argc && !e; i += 2) {
        if (strncmp(argv[i], "--", 2) != 0)
            return WS_INVALID;
        e = conf_set(conf, argv[i] + 2, argv[i + 1], CONF_FLAG, argv[i]);
    }
    if (!e)
        e = settings_settle(s);
    else if (conf)
        e = conf_check(conf, stderr) ? WS_INVALID : e;
    if (e)
        return e;
    *out = TAKE(conf);
    return WS_OK;
}

static enum err fill(struct role *role, const struct roles_row *row,
                     const struct settings *s)
{
    *role = (struct role){.name = row->name,
                          .row = row->board,
                          .settings = s,
                          .env = &env_system};
    for (size_t i = 0; i < ROLE_FDS; i++)
        role->fds[i] = -1;
    for (size_t i = 0; i < row->fd_count; i++)
        role->fds[row->fds[i]] = SUPERVISE_FIRST_FD + (int)i;
    return board_attach(&role->board, role->fds[ROLE_FD_BOARD]);
}

static int run(const struct roles_row *row, const struct settings *s)
{
    struct role role;
    int status;

    supervise_child_begin(row->name);
    log_init(row->name, (enum log_level)s->log_level);
    if (fill(&role, row, s)) {
        log_error("role_not_started",
                  "%s: no board on descriptor %d: roles are started by "
                  "`worksight-agent run`",
                  row->name, SUPERVISE_FIRST_FD);
        return EXIT_UNABLE;
    }
    status = row->run(&role);
    board_close(role.board);
    return status;
}

int role_start(int argc, char **argv)
{
    const struct roles_row *row = argc > 2 ? roles_find(argv[2]) : NULL;
    struct settings s; /* before conf, which ends its texts */
    OWN(conf_close)
    struct conf *conf = NULL;

    if (!row) {
        fprintf(stderr, "worksight-agent: %s needs one of:", argv[1]);
        for (size_t i = 0; i < roles_count; i++)
            fprintf(stderr, " %s", roles_table[i].name);
        fputc('\n', stderr);
        return EXIT_USAGE;
    }
    if (read_settings(&conf, &s, argc - 3, argv + 3))
        return EXIT_USAGE;
    if (strcmp(argv[1], ROLE_START_PROBE) == 0)
        return role_probe(row->name, &s);
    if (!row->run) {
        fprintf(stderr, "worksight-agent: %s is a program of its own\n",
                row->program);
        return EXIT_USAGE;
    }
    return run(row, &s);
}
