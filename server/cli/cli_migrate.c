#include "server/cli/ask.h"
#include "server/cli/commands.h"

#include "core/io.h"
#include "server/database.h"
#include "server/store/store.h"

#include <stdio.h>
#include <string.h>

static const struct cli_option options[] = {
    {"json", NULL, "the answer as JSON"},
};

static void print_json(const struct store_migrations *m)
{
    OWN_BUF struct buf b = BUF_EMPTY;
    struct jsonw w;
    size_t i;

    jsonw_init(&w, &b);
    jsonw_object(&w, NULL);
    jsonw_int(&w, "pending", (int64_t)m->pending);
    jsonw_int(&w, "ahead", m->ahead);
    jsonw_bool(&w, "shut_out", store_migrations_shut_out(m));
    jsonw_array(&w, "items");
    for (i = 0; i < m->count; i++) {
        jsonw_object(&w, NULL);
        jsonw_int(&w, "version", m->list[i].version);
        jsonw_text(&w, "name", m->list[i].name);
        jsonw_time(&w, "applied_at", m->list[i].applied_ns);
        jsonw_object_end(&w);
    }
    jsonw_array_end(&w);
    jsonw_object_end(&w);
    printf("%s\n", buf_text(&b));
}

static void print_text(const struct store_migrations *m)
{
    size_t i;

    for (i = 0; i < m->count; i++)
        printf("%04lld %-20s %s\n", (long long)m->list[i].version,
               m->list[i].name, m->list[i].applied_ns ? "applied" : "pending");
    if (m->ahead)
        printf("%lld more that this program does not know: %s\n",
               (long long)m->ahead,
               store_migrations_shut_out(m)
                   ? "it can't use this database any more"
                   : "it goes on beside newer ones");
}

static int show(struct cli_call *call, struct store *s)
{
    struct store_migrations m;

    if (store_migrations(s, &m))
        return ask_fail(call, "worksight-server doctor says more",
                        "the migrations can't be read");
    if (cli_has(call, "json"))
        print_json(&m);
    else
        print_text(&m);
    return store_migrations_shut_out(&m) ? CLI_DEGRADED : CLI_OK;
}

/* The address of the database, in a folder that is there. CLI_OK or said. */
static int find_address(struct cli_call *call, char **out)
{
    const char *data = ask_settings(call)->data;

    if (database_is_embedded(ask_settings(call)) && io_make_dirs(data))
        return ask_fail(call, "choose another folder with --data",
                        "%s can't be made", data);
    if (database_address(ask_settings(call), out))
        return ask_fail(call, "see the message above",
                        "the settings name no database");
    return CLI_OK;
}

/* Apply what is pending, or say why not. */
static int apply(struct cli_call *call, const char *address)
{
    const char *data = ask_settings(call)->data;
    OWN(store_close)
    struct store *s = NULL;
    OWN_FD int lock = -1;
    struct store_migrations m;
    size_t applied = 0;
    enum err e = database_is_embedded(ask_settings(call))
                     ? ask_lock(data, &lock)
                     : WS_OK;

    if (e == WS_AGAIN) {
        e = store_open(&s, address, STORE_READ);
        if (!e)
            e = store_migrations(s, &m);
        if (!e && m.pending)
            return ask_fail(call, "restart it: serve applies them at its start",
                            "%zu migrations are pending and a server runs",
                            m.pending);
    } else if (!e) {
        e = store_open(&s, address, 0);
        if (!e)
            e = store_migrate(s, &applied);
    }
    if (e)
        return ask_failed(call, e);
    if (!cli_has(call, "json"))
        printf("%zu applied\n", applied);
    return show(call, s);
}

static int up(struct cli_call *call)
{
    OWN_FREE char *address = NULL;
    int status = find_address(call, &address);

    return status ? status : apply(call, address);
}

static int status(struct cli_call *call)
{
    OWN_FREE char *address = NULL;
    OWN(store_close)
    struct store *s = NULL;
    int found = find_address(call, &address);

    if (found)
        return found;
    if (store_open(&s, address, STORE_READ))
        return ask_fail(call, "worksight-server migrate makes it",
                        "there is no database that can be read (data = %s)",
                        ask_settings(call)->data);
    return show(call, s);
}

static const struct cli_word words[] = {
    {"up", 0, up},
    {"status", 0, status},
};

const struct cli_command cli_migrate = {
    .name = "migrate",
    .args = "[status|up]",
    .summary = "bring the database to this version",
    .help = "Examples:\n"
            "  worksight-server migrate\n"
            "  worksight-server migrate status --json\n\n"
            "serve applies what is pending at its start, unless auto_migrate "
            "is off.\n\nExit status: 0 done, 1 failed, or this program "
            "is too old for it, 2 used wrongly.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .max_args = 1,
    .words = words,
    .word_count = sizeof(words) / sizeof(words[0]),
};
