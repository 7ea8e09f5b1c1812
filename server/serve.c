/* serve.c - the command `serve`. */
#include "server/serve.h"

#include "core/clock.h"
#include "core/io.h"
#include "core/log.h"
#include "server/control.h"
#include "server/crew.h"
#include "server/database.h"
#include "server/http/tls.h"
#include "server/migrated.h"
#include "server/settings.h"
#include "server/shared.h"
#include "server/socket.h"
#include "server/words.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#define SERVE_SOON_DAYS 14 /* a certificate that ends is told of */

/* A replaced worker waits so long for requests that are on their way. Beside
 * its successor it has time; alone, others wait for it. */
#define SERVE_LINGER_MS 3000
#define SERVE_LINGER_ALONE_MS 250
#define SERVE_LEAVE_MS 30000
#define SERVE_LEAVE_ALONE_MS 6000

struct serve {
    const struct settings *settings; /* of the start */
    struct cli_call *call;
    struct socket_bound bound;
    int lock_fd, shared_fd, control_fd;
    struct shared *shared;
    struct crew *crew;
};

/* --- the data folder --- */

static enum err make_folders(const char *data)
{
    OWN_FREE char *tmp = io_path(data, "tmp");
    enum err e = tmp ? io_make_dirs(tmp) : WS_NOMEM;

    return e;
}

#define SERVE_LOCK_NS (5 * CLOCK_NS_PER_S)

/* Take DATA/lock; its holder's pid is written there for people. */
static enum err take_lock(const char *data, int *out, char holder[32])
{
    const struct timespec moment = {.tv_nsec = 20 * CLOCK_NS_PER_MS};
    const int64_t end_ns = clock_mono_ns() + SERVE_LOCK_NS;
    OWN_FREE char *path = io_path(data, "lock");
    OWN_FD int fd = -1;
    char text[32];
    ssize_t n;

    if (!path)
        return WS_NOMEM;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys("serve: open %s", path);
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK)
            return err_sys("serve: %s", path);
        n = pread(fd, holder, 31, 0);
        holder[n > 0 ? n : 0] = '\0';
        holder[strcspn(holder, "\n")] = '\0';
        /* A holder that was killed: its workers end with it, in a moment. */
        if (kill(atoi(holder), 0) == 0 || errno != ESRCH ||
            clock_mono_ns() > end_ns)
            return WS_EXISTS;
        nanosleep(&moment, NULL);
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
        return words_fail(text,
                          "choose another with --data DIR, or make it and "
                          "give it to this user");
    }
    e = take_lock(data, &s->lock_fd, holder);
    if (e == WS_EXISTS) {
        snprintf(text, sizeof(text),
                 "another worksight-server (pid %s) uses data = \"%.200s\"",
                 holder, data);
        return words_fail(text, "stop it first, or choose another folder with "
                                "--data DIR");
    }
    if (e)
        return words_fail("the lock of the data folder can't be taken",
                          "see the message above");
    return CLI_OK;
}

/* --- who may be served how --- */

/* The certificate and its key can be used; else why, for people. */
static enum err check_tls(const struct settings *s, char why[TLS_WHY_BYTES])
{
    OWN(tls_close)
    struct tls *tls = NULL;
    enum err e;

    if (!*s->tls_cert)
        return WS_OK;
    e = tls_open(&tls, s->tls_cert, s->tls_key, NULL, why);
    if (!e && tls_days_left(tls) < SERVE_SOON_DAYS)
        log_warn("certificate_ends", "tls_cert = \"%s\" %s", s->tls_cert,
                 tls_days_left(tls) < 0 ? "has ended: agents and browsers "
                                          "refuse it"
                                        : "ends within two weeks: renew it "
                                          "and send SIGHUP");
    return e;
}

/* Beyond this machine nothing is said in clear, unless somebody asked. False:
 * `text` says what would be. */
static bool reach_is_safe(const struct serve *s, const struct settings *set,
                          const struct conf *conf, char text[512])
{
    if (s->bound.loopback || *set->tls_cert || set->plain_http ||
        conf_origin(conf, "behind_proxy") != CONF_DEFAULT)
        return true;
    snprintf(text, 512,
             "listen = \"%.200s\" can be reached by others, and without TLS "
             "whatever is sent there can be read on its way",
             s->settings->listen);
    return false;
}

static const char reach_fix[] =
    "give --tls-cert and --tls-key; or name the proxy with TLS in front of it, "
    "--behind-proxy CIDR; or accept it: --plain-http on";

static int check_reach(const struct serve *s)
{
    char text[512];

    if (reach_is_safe(s, s->settings, cli_conf(s->call), text))
        return CLI_OK;
    return words_fail(text, reach_fix);
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
        return words_fail(text,
                          "stop that program, or choose another port with "
                          "--listen 127.0.0.1:PORT");
    case WS_DENIED:
        snprintf(text, sizeof(text),
                 "listen = \"%.200s\": ports below 1024 "
                 "need a right that this user lacks",
                 listen);
        return words_fail(text, "choose a port from 1024 to 65535");
    default:
        snprintf(text, sizeof(text),
                 "listen = \"%.200s\" is no address of "
                 "this machine",
                 listen);
        return words_fail(text, "write HOST:PORT, like 127.0.0.1:8080 or "
                                "[::1]:8080");
    }
}

/* --- what the workers are started with --- */

/* The environment has it already, or a file or a flag said it. */
static bool is_passed_on(const struct conf *conf, const struct conf_key *key)
{
    enum conf_origin from = conf_origin(conf, key->name);

    return (key->flags & CONF_SECRET) &&
           (from == CONF_FILE || from == CONF_FLAG);
}

/* "PREFIX_NAME=value" of a setting. */
static enum err variable_of(const struct conf_key *key, const void *values,
                            char **out)
{
    const void *at = (const char *)values + key->offset;

    if (asprintf(out, "%s%s=%s", settings_schema.env_prefix, key->name,
                 *(char *const *)at) < 0) {
        *out = NULL;
        return WS_NOMEM;
    }
    for (char *c = *out; *c && *c != '='; c++)
        *c = (char)toupper((unsigned char)*c);
    return WS_OK;
}

static enum err flag_of(const struct conf *conf, const struct conf_key *key,
                        char **out)
{
    char value[CONF_TEXT_BYTES + 1];
    char *c;

    conf_value(conf, key, value, sizeof(value));
    if (asprintf(out, "--%s=%s", key->name, value) < 0) {
        *out = NULL;
        return WS_NOMEM;
    }
    for (c = *out; *c && *c != '='; c++)
        if (*c == '_')
            *c = '-';
    return WS_OK;
}

/* "--name=value" for every setting that is not at its default; secrets by the
 * environment, never among the arguments, which everybody can list. */
static enum err make_start(const struct conf *conf, const void *values,
                           struct crew_start *out)
{
    const struct conf_schema *schema = &settings_schema;
    size_t args = 0, variables = 0, i;
    enum err e = WS_OK;

    out->argv = calloc(schema->count + 1, sizeof(*out->argv));
    out->env = calloc(schema->count + 1, sizeof(*out->env));
    if (!out->argv || !out->env)
        return WS_NOMEM;
    for (i = 0; !e && i < schema->count; i++) {
        const struct conf_key *key = &schema->keys[i];

        if (is_passed_on(conf, key))
            e = variable_of(key, values, &out->env[variables++]);
        else if (!(key->flags & CONF_SECRET) &&
                 conf_origin(conf, key->name) != CONF_DEFAULT)
            e = flag_of(conf, key, &out->argv[args++]);
    }
    return e;
}

static enum err set_crew(struct serve *s, const struct conf *conf,
                         const struct settings *settings)
{
    struct crew_start start = {.argv = NULL};
    enum err e = make_start(conf, settings, &start);

    if (!e)
        e = crew_set(s->crew, (size_t)settings->workers, &start);
    if (e)
        crew_start_fini(&start);
    return e;
}

/* --- SIGHUP --- */

static void log_lines(const char *event, char *text)
{
    char *rest = text, *line;

    while ((line = strsep(&rest, "\n")))
        if (*line)
            log_error(event, "%s", line);
}

/* What the socket and the lock of the start don't go with. */
static enum err check_change(const struct serve *s,
                             const struct settings *fresh,
                             const struct conf *conf, FILE *messages)
{
    char text[512];
    enum err e = WS_OK;

    if (!reach_is_safe(s, fresh, conf, text)) {
        fprintf(messages, "%s: %s\n", text, reach_fix);
        e = WS_INVALID;
    }
    if (database_is_embedded(fresh) != database_is_embedded(s->settings)) {
        fprintf(messages, "db: from a file below data to a database of its "
                          "own, or back, takes a restart\n");
        e = WS_INVALID;
    }
    return e;
}

/* Everything that can be known to be wrong is, before a worker is touched. */
static enum err load_again(struct serve *s, struct settings *fresh,
                           struct conf **conf, FILE *messages)
{
    char why[TLS_WHY_BYTES];
    enum err e = cli_load_again(s->call, fresh, conf, messages);

    if (!e)
        e = settings_check(fresh, messages);
    if (!e)
        e = check_change(s, fresh, *conf, messages);
    if (e)
        return e;
    e = check_tls(fresh, why);
    if (e)
        fprintf(messages, "%s\n", why);
    return e;
}

static void warn_of_fixed(const char *name, const char *now, const char *then)
{
    if (strcmp(now, then) != 0)
        log_warn("needs_restart", "%s = \"%s\" counts after a restart", name,
                 then);
}

/* Load, and hand it to the workers; else all is as before. */
static enum err reload(struct serve *s, FILE *messages)
{
    struct settings fresh = {0};
    OWN(conf_close)
    struct conf *conf = NULL;
    enum err e = load_again(s, &fresh, &conf, messages);

    if (!e)
        e = set_crew(s, conf, &fresh);
    if (e)
        return e;
    warn_of_fixed("listen", s->settings->listen, fresh.listen);
    warn_of_fixed("data", s->settings->data, fresh.data);
    return WS_OK;
}

static void on_hangup(void *ctx)
{
    OWN_FREE char *text = NULL;
    size_t len = 0;
    FILE *messages = open_memstream(&text, &len);
    enum err e;

    if (!messages)
        return;
    log_info("reload", "SIGHUP: settings and certificate are read again");
    e = reload(ctx, messages);
    fclose(messages);
    if (!e)
        return;
    log_lines("reload_refused", text);
    log_error("reload_refused", "nothing is changed (%s)", err_name(e));
}

/* --- while it runs --- */

static void greet(void *ctx)
{
    const struct serve *s = ctx;

    words_serving(s->settings, &s->bound);
}

static enum err run_crew(struct serve *s)
{
    const int fds[SERVE_FDS] = {[SERVE_FD_LISTEN] = s->bound.fd,
                                [SERVE_FD_LOCK] = s->lock_fd,
                                [SERVE_FD_SHARED] = s->shared_fd,
                                [SERVE_FD_CONTROL] = s->control_fd};
    bool overlap = !database_is_embedded(s->settings);
    struct crew_options options = {
        .fds = fds,
        .fd_count = SERVE_FDS,
        .shared = s->shared,
        .overlap = overlap,
        .linger_ms = overlap ? SERVE_LINGER_MS : SERVE_LINGER_ALONE_MS,
        .leave_ms = overlap ? SERVE_LEAVE_MS : SERVE_LEAVE_ALONE_MS,
        .on_serving = greet,
        .on_hangup = on_hangup,
        .ctx = s};
    enum err e = crew_open(&s->crew, &options);

    if (!e)
        e = set_crew(s, cli_conf(s->call), s->settings);
    if (!e)
        e = crew_run(s->crew);
    crew_close(TAKE(s->crew));
    return e;
}

static int run_workers(struct serve *s)
{
    enum err e = migrated_wait(s->settings);

    if (e == WS_AGAIN) /* it was told to end */
        return CLI_OK;
    if (!e)
        e = shared_open(&s->shared, &s->shared_fd);
    if (!e)
        e = control_listen(s->settings->data, &s->control_fd);
    if (!e)
        e = run_crew(s);
    if (s->control_fd >= 0)
        control_unlink(s->settings->data);
    return e ? words_fail("no worker can start", "see the lines above")
             : CLI_OK;
}

int serve_run(struct settings *settings, struct cli_call *call)
{
    struct serve s = {.settings = settings,
                      .call = call,
                      .bound.fd = -1,
                      .lock_fd = -1,
                      .shared_fd = -1,
                      .control_fd = -1};
    char why[TLS_WHY_BYTES];
    int status;

    log_init("supervisor", (enum log_level)settings->log_level);
    words_init(settings);
    if (check_tls(settings, why))
        return words_fail(why,
                          "give the PEM files of a certificate and of its key, "
                          "readable for this user");
    status = open_data(&s);
    if (!status)
        status = open_socket(&s);
    if (!status)
        status = check_reach(&s);
    if (!status)
        status = run_workers(&s);
    shared_close(s.shared);
    own_fd(&s.shared_fd);
    own_fd(&s.control_fd);
    own_fd(&s.bound.fd);
    own_fd(&s.lock_fd);
    return status;
}
