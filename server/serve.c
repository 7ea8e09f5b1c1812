/* serve.c - the command `serve`. */
#include "server/serve.h"

#include "core/io.h"
#include "core/log.h"
#include "core/supervise.h"
#include "server/settings.h"
#include "server/socket.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define SERVE_LIVENESS_MS 15000
#define SERVE_FIRST_TRIES 3 /* deaths before the first "ready" */
#define SERVE_MAX_VALUE_BYTES 4096

struct serve {
    const struct settings *settings;
    struct socket_bound bound;
    int lock_fd;
    char **args; /* every setting as a flag, for the worker */
    bool was_ready;
    int early_deaths;
};

static int fail(const char *what, const char *fix)
{
    fprintf(stderr, "worksight-server: %s\n→ %s\n", what, fix);
    return CLI_DEGRADED;
}

/* --- the data folder --- */

static enum err make_folders(const char *data)
{
    OWN_FREE char *tmp = io_path(data, "tmp");
    enum err e = tmp ? io_make_dirs(tmp) : WS_NOMEM;

    return e;
}

/* Take DATA/lock; its holder's pid is written there for people. */
static enum err take_lock(const char *data, int *out, char holder[32])
{
    OWN_FREE char *path = io_path(data, "lock");
    OWN_FD int fd = -1;
    char text[32];
    ssize_t n;

    if (!path)
        return WS_NOMEM;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys("serve: open %s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        n = pread(fd, holder, 31, 0);
        holder[n > 0 ? n : 0] = '\0';
        holder[strcspn(holder, "\n")] = '\0';
        return errno == EWOULDBLOCK ? WS_EXISTS : err_sys("serve: %s", path);
    }
    n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) != n)
        return err_sys("serve: write %s", path);
    *out = TAKE_FD(fd);
    return WS_OK;
}

static int open_data(struct serve *s)
{
    const char *data = s->settings->data;
    char holder[32] = "", text[600];
    enum err e = make_folders(data);

    if (e) {
        snprintf(text, sizeof(text),
                 "the folder data = \"%.200s\" can't be "
                 "made: %s",
                 data, strerror(errno));
        return fail(text, "choose another with --data DIR, or make it and "
                          "give it to this user");
    }
    e = take_lock(data, &s->lock_fd, holder);
    if (e == WS_EXISTS) {
        snprintf(text, sizeof(text),
                 "another worksight-server (pid %s) uses data = \"%.200s\"",
                 holder, data);
        return fail(text, "stop it first, or choose another folder with "
                          "--data DIR");
    }
    if (e)
        return fail("the lock of the data folder can't be taken",
                    "see the message above");
    return CLI_OK;
}

/* --- the socket --- */

static int open_socket(struct serve *s)
{
    const char *listen = s->settings->listen;
    char holder[128], text[512];
    enum err e = socket_open(listen, &s->bound);

    switch (e) {
    case WS_OK:
        return CLI_OK;
    case WS_EXISTS:
        socket_holder(listen, holder, sizeof(holder));
        snprintf(text, sizeof(text), "listen = \"%.200s\" is taken by %s",
                 listen, holder);
        return fail(text, "stop that program, or choose another port with "
                          "--listen 127.0.0.1:PORT");
    case WS_DENIED:
        snprintf(text, sizeof(text),
                 "listen = \"%.200s\": ports below 1024 "
                 "need a right that this user lacks",
                 listen);
        return fail(text, "choose a port from 1024 to 65535");
    default:
        snprintf(text, sizeof(text),
                 "listen = \"%.200s\" is no address of "
                 "this machine",
                 listen);
        return fail(text, "write HOST:PORT, like 127.0.0.1:8080 or "
                          "[::1]:8080");
    }
}

/* --- the worker's arguments --- */

static void free_args(char **args)
{
    size_t i;

    for (i = 0; args && args[i]; i++)
        free(args[i]);
    free(args);
}

/* A secret goes on by the environment, never among the arguments, which
 * everybody can list. What the environment says is there already. */
static enum err pass_secret(struct cli_call *call, const struct conf_key *key)
{
    const char *values = cli_program(call)->values;
    char name[128];

    if (conf_origin(cli_conf(call), key->name) == CONF_ENV)
        return WS_OK;
    snprintf(name, sizeof(name), "%s%s", settings_schema.env_prefix, key->name);
    for (char *c = name; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return setenv(name, *(char *const *)(const void *)(values + key->offset),
                  1) < 0
               ? WS_NOMEM
               : WS_OK;
}

/* "--name=value" for every setting that is not at its default. */
static enum err make_args(struct cli_call *call, char ***out)
{
    const struct conf_schema *schema = &settings_schema;
    char **args = calloc(schema->count + 1, sizeof(*args));
    char value[SERVE_MAX_VALUE_BYTES];
    size_t n = 0, i;
    char *c;

    for (i = 0; args && i < schema->count; i++) {
        const struct conf_key *key = &schema->keys[i];

        if (conf_origin(cli_conf(call), key->name) == CONF_DEFAULT)
            continue;
        if (key->flags & CONF_SECRET) {
            if (pass_secret(call, key)) {
                free_args(args);
                return WS_NOMEM;
            }
            continue;
        }
        conf_value(cli_conf(call), key, value, sizeof(value));
        if (asprintf(&args[n], "--%s=%s", key->name, value) < 0) {
            args[n] = NULL;
            free_args(args);
            return WS_NOMEM;
        }
        for (c = args[n]; *c && *c != '='; c++)
            if (*c == '_')
                *c = '-';
        n++;
    }
    *out = args;
    return args ? WS_OK : WS_NOMEM;
}

/* --- while it runs --- */

static void greet(const struct serve *s)
{
    printf("WorkSight %s: %s/dashboard/ (data in %s)\n", WS_VERSION,
           s->bound.url, s->settings->data);
    if (!s->bound.loopback)
        fputs("warning: others can reach this address, and it speaks plain "
              "HTTP\n→ put a proxy with TLS (nginx, Caddy) in front, and name "
              "it in trusted_proxies\n",
              stdout);
    fflush(stdout);
}

static void on_event(void *ctx, const char *name, enum supervise_event event,
                     pid_t pid)
{
    struct serve *s = ctx;

    switch (event) {
    case SUPERVISE_STARTED:
        log_info("started", "%s has pid %d", name, (int)pid);
        break;
    case SUPERVISE_READY:
        log_info("ready", "%s takes requests", name);
        if (!s->was_ready)
            greet(s);
        s->was_ready = true;
        break;
    case SUPERVISE_DIED:
        log_info("ended", "%s (pid %d) is gone", name, (int)pid);
        s->early_deaths += !s->was_ready;
        break;
    }
}

/* A worker that never got ready will not get so by trying for ever. */
static bool on_tick(void *ctx)
{
    const struct serve *s = ctx;

    return s->early_deaths < SERVE_FIRST_TRIES;
}

static enum err supervise_worker(struct serve *s)
{
    struct supervise_options options = {.base_argv =
                                            (const char *const *)s->args,
                                        .on_event = on_event,
                                        .on_tick = on_tick,
                                        .ctx = s,
                                        .stop_ms = SERVE_STOP_MS};
    struct supervise_child worker = {
        .name = "worker",
        .liveness_ms = SERVE_LIVENESS_MS,
        .fds = {[SERVE_FD_LISTEN] = s->bound.fd, [SERVE_FD_LOCK] = s->lock_fd},
        .fd_count = SERVE_FDS};
    OWN(supervise_close)
    struct supervise *supervise = NULL;
    enum err e = supervise_open(&supervise, &options);

    if (e)
        return e;
    e = supervise_add(supervise, &worker);
    if (e)
        return e;
    return supervise_run(supervise);
}

int serve_run(struct settings *settings, struct cli_call *call)
{
    struct serve s = {.settings = settings, .bound.fd = -1, .lock_fd = -1};
    int status = open_data(&s);
    enum err e;

    log_init("supervisor", (enum log_level)settings->log_level);
    if (!status)
        status = open_socket(&s);
    if (!status) {
        e = make_args(call, &s.args);
        if (!e)
            e = supervise_worker(&s);
        if (e || s.early_deaths >= SERVE_FIRST_TRIES)
            status = fail("the worker can't start", "see the lines above");
    }
    free_args(s.args);
    if (s.bound.fd >= 0)
        close(s.bound.fd);
    if (s.lock_fd >= 0)
        close(s.lock_fd);
    return status;
}
