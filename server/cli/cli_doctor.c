/* What is wrong with this installation, and how to mend it. */
#include "server/cli/ask.h"
#include "server/cli/commands.h"

#include "core/io.h"
#include "server/control.h"
#include "server/database.h"
#include "server/http/networks.h"
#include "server/store/store.h"
#include "server/store/store_accounts.h"
#include "server/store/store_audit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum state { STATE_OK, STATE_WARN, STATE_FAIL };

struct finding {
    enum state state;
    char text[200];
    const char *fix; /* NULL when ok */
};

struct doctor {
    const struct settings *s;
    struct store *store; /* read-only; NULL: can't be opened */
};

static void WS_PRINTF(4, 5) find(struct finding *f, enum state state,
                                 const char *fix, const char *fmt, ...)
{
    va_list args;

    f->state = state;
    f->fix = state == STATE_OK ? NULL : fix;
    va_start(args, fmt);
    vsnprintf(f->text, sizeof(f->text), fmt, args);
    va_end(args);
}

/* Another user's: what lies in it can't be told from what is not there. */
static bool is_closed(const struct doctor *d)
{
    return access(d->s->data, X_OK) < 0 && errno == EACCES;
}

static void check_data(struct doctor *d, struct finding *f)
{
    struct stat st;

    if (stat(d->s->data, &st) || !S_ISDIR(st.st_mode))
        find(f, STATE_FAIL, "start worksight-server serve --data DIR once",
             "%s is not a folder", d->s->data);
    else if (access(d->s->data, R_OK | W_OK | X_OK))
        find(f, STATE_FAIL, "run as the user that owns it", "no access to %s",
             d->s->data);
    else if (st.st_mode & 077)
        find(f, STATE_WARN, "chmod 700 the folder",
             "%s can be read by others (mode %o)", d->s->data,
             (unsigned)st.st_mode & 0777U);
    else
        find(f, STATE_OK, NULL, "%s, for its owner alone", d->s->data);
}

static void check_disk(struct doctor *d, struct finding *f)
{
    struct statvfs v;
    long long free_mib, inodes;

    if (statvfs(d->s->data, &v)) {
        find(f, STATE_FAIL, "see the check `data`", "can't be measured");
        return;
    }
    free_mib = (long long)((uint64_t)v.f_bavail * v.f_frsize >> 20);
    inodes = v.f_files ? (long long)(v.f_favail * 100 / v.f_files) : 100;
    if (free_mib < 64 || inodes < 1)
        find(f, STATE_FAIL, "make room: the server answers 507",
             "%lld MiB and %lld %% of inodes free", free_mib, inodes);
    else if (free_mib < 1024 || inodes < 5)
        find(f, STATE_WARN, "make room soon",
             "%lld MiB and %lld %% of inodes "
             "free",
             free_mib, inodes);
    else
        find(f, STATE_OK, NULL, "%lld MiB free", free_mib);
}

static void check_database(struct doctor *d, struct finding *f)
{
    struct store_migrations m;

    if (!d->store && is_closed(d))
        find(f, STATE_FAIL, "see the check `data`", "can't be looked at");
    else if (!d->store)
        find(f, STATE_FAIL,
             database_is_embedded(d->s)
                 ? "worksight-server migrate makes it"
                 : "see the messages above; check db and db_password_file",
             "there is none that can be read %s%s",
             database_is_embedded(d->s) ? "in " : "with the setting db",
             database_is_embedded(d->s) ? d->s->data : "");
    else if (store_migrations(d->store, &m))
        find(f, STATE_FAIL, "restore a backup", "it can't be read");
    else if (store_migrations_shut_out(&m))
        find(f, STATE_FAIL, "install the newer worksight-server",
             "a newer program changed it so that this one can't use it");
    else if (m.pending)
        find(f, STATE_WARN, "worksight-server migrate, or start serve",
             "%zu migrations are pending", m.pending);
    else
        find(f, STATE_OK, NULL, "%s, %lld KiB, %zu migrations applied",
             store_name(d->store), (long long)store_bytes(d->store) / 1024,
             m.count);
}

static void check_blobs(struct doctor *d, struct finding *f)
{
    /* Pictures of a service are written into a file below data first. */
    OWN_FREE char *path = io_path(
        d->s->data, strcmp(d->s->blobs, "files") == 0 ? "blobs" : "tmp");
    struct stat st;

    if (!path || is_closed(d))
        find(f, STATE_FAIL, "see the check `data`", "can't be looked at");
    else if (stat(path, &st))
        find(f, STATE_WARN, "serve makes it at its start",
             "%s, where pictures come in, is not there yet", path);
    else if (access(path, W_OK | X_OK))
        find(f, STATE_FAIL, "chown it to the server's user",
             "%s is not writable", path);
    else
        find(f, STATE_OK, NULL, "pictures can be stored");
}

static void check_server(struct doctor *d, struct finding *f)
{
    OWN_FD int fd = -1;

    enum err e = control_connect(d->s->data, &fd);

    if (e == WS_DENIED || is_closed(d))
        find(f, STATE_WARN, "run as the user that the server runs as",
             "can't be asked");
    else if (e)
        find(f, STATE_WARN, "worksight-server serve",
             "no server runs on this folder");
    else
        find(f, STATE_OK, NULL, "a server runs on this folder");
}

static bool is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strncmp(host, "[::1]", 5) == 0 ||
           strncmp(host, "::1", 3) == 0 || strncmp(host, "localhost", 9) == 0;
}

static void check_listen(struct doctor *d, struct finding *f)
{
    if (is_loopback(d->s->listen))
        find(f, STATE_OK, NULL, "%s, this computer alone", d->s->listen);
    else if (*d->s->tls_cert)
        find(f, STATE_OK, NULL, "%s, TLS by %s", d->s->listen, d->s->tls_cert);
    else
        find(f, STATE_WARN,
             "give tls_cert and tls_key, or listen on 127.0.0.1 behind a "
             "proxy that ends TLS (nginx)",
             "%s takes plain HTTP from the network", d->s->listen);
}

static void check_enrollment(struct doctor *d, struct finding *f)
{
    OWN(networks_close)
    struct networks *from = NULL;

    if (networks_open(&from, d->s->enrollment_from))
        find(f, STATE_FAIL, "write networks as 10.1.0.0/16, 192.0.2.7",
             "enrollment_from \"%.100s\" can't be read", d->s->enrollment_from);
    else if (!networks_are_loopback(from))
        find(f, STATE_WARN,
             "narrow enrollment_from and give codes: worksight-server enroll",
             "every computer of %.100s may open sessions without a code",
             d->s->enrollment_from);
    else
        find(f, STATE_OK, NULL, "other computers need a code");
}

static void check_accounts(struct doctor *d, struct finding *f)
{
    int64_t count = 0, first_admin = 0;

    if (!d->store || store_accounts_count(d->store, &count, &first_admin))
        find(f, STATE_WARN, "see the check `database`", "not known");
    else if (!first_admin)
        find(f, STATE_WARN, "worksight-server setup --link",
             "there is no administrator");
    else
        find(f, STATE_OK, NULL, "%lld, with an administrator",
             (long long)count);
}

static void check_audit(struct doctor *d, struct finding *f)
{
    int64_t rows = 0, bad_id = 0;
    enum err e =
        d->store ? store_audit_verify(d->store, &rows, &bad_id) : WS_NOTFOUND;

    if (e == WS_CORRUPT)
        find(f, STATE_FAIL, "compare with a backup; keep the file as it is",
             "row %lld of the access log does not fit", (long long)bad_id);
    else if (e)
        find(f, STATE_WARN, "see the check `database`", "not known");
    else
        find(f, STATE_OK, NULL, "%lld rows, the chain is whole",
             (long long)rows);
}

static void check_files(struct doctor *d, struct finding *f)
{
    struct rlimit limit;
    int64_t needed = d->s->max_connections + 64;

    if (getrlimit(RLIMIT_NOFILE, &limit))
        find(f, STATE_WARN, NULL, "not known");
    else if ((int64_t)limit.rlim_max < needed)
        find(f, STATE_WARN,
             "raise LimitNOFILE of the service, or lower max_connections",
             "%lld open files are allowed, max_connections is %lld",
             (long long)limit.rlim_max, (long long)d->s->max_connections);
    else
        find(f, STATE_OK, NULL, "%lld open files are allowed",
             (long long)limit.rlim_max);
}

static const struct {
    const char *name;
    void (*run)(struct doctor *d, struct finding *f);
} checks[] = {
    {"data", check_data},
    {"disk", check_disk},
    {"database", check_database},
    {"blobs", check_blobs},
    {"server", check_server},
    {"listen", check_listen},
    {"enrollment", check_enrollment},
    {"accounts", check_accounts},
    {"audit", check_audit},
    {"files", check_files},
};
#define CHECKS (sizeof(checks) / sizeof(checks[0]))

static const char *state_word(enum state s)
{
    return s == STATE_OK ? "ok" : s == STATE_WARN ? "warn" : "fail";
}

static void print_json(const struct finding *list, enum state worst)
{
    OWN_BUF struct buf b = BUF_EMPTY;
    struct jsonw w;
    size_t i;

    jsonw_init(&w, &b);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "worst", state_word(worst));
    jsonw_array(&w, "checks");
    for (i = 0; i < CHECKS; i++) {
        jsonw_object(&w, NULL);
        jsonw_text(&w, "name", checks[i].name);
        jsonw_text(&w, "state", state_word(list[i].state));
        jsonw_text(&w, "finding", list[i].text);
        jsonw_text(&w, "fix", list[i].fix);
        jsonw_object_end(&w);
    }
    jsonw_array_end(&w);
    jsonw_object_end(&w);
    printf("%s\n", buf_text(&b));
}

static void print_text(const struct finding *list)
{
    static const char *const marks[] = {"✓", "!", "✗"};
    size_t i;

    for (i = 0; i < CHECKS; i++) {
        printf("%s %-11s %s\n", marks[list[i].state], checks[i].name,
               list[i].text);
        if (list[i].fix)
            printf("  → fix: %s\n", list[i].fix);
    }
}

static const struct cli_option options[] = {
    {"strict", NULL, "warnings count: exit status 1"},
    {"json", NULL, "the findings as JSON"},
};

static int run(struct cli_call *call)
{
    OWN_FREE char *address = NULL;
    struct doctor d = {.s = ask_settings(call)};
    struct finding list[CHECKS];
    enum state worst = STATE_OK;
    size_t i;

    if (database_address(d.s, &address) ||
        store_open(&d.store, address, STORE_READ))
        d.store = NULL;
    for (i = 0; i < CHECKS; i++) {
        checks[i].run(&d, &list[i]);
        if (list[i].state > worst)
            worst = list[i].state;
    }
    store_close(d.store);
    if (cli_has(call, "json"))
        print_json(list, worst);
    else
        print_text(list);
    if (worst == STATE_FAIL)
        return CLI_USAGE;
    return worst == STATE_WARN && cli_has(call, "strict") ? CLI_DEGRADED
                                                          : CLI_OK;
}

const struct cli_command cli_doctor = {
    .name = "doctor",
    .args = NULL,
    .summary = "check this installation and say how to mend it",
    .help = "Examples:\n"
            "  worksight-server doctor\n"
            "  worksight-server doctor --strict --json\n\n"
            "Exit status: 0 fine, 1 warnings with --strict, 2 something "
            "fails.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run,
};
