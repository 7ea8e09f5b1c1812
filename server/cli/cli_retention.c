/* What is older than it is kept: counted, or removed. */
#include "server/cli/ask.h"
#include "server/cli/commands.h"

#include "server/blob/blob.h"
#include "server/blobs.h"
#include "server/database.h"
#include "server/retention/sweep.h"
#include "server/store/store.h"

#include <stdio.h>
#include <string.h>

static const struct cli_option options[] = {
    {"dry-run", NULL, "run: count what would go, remove nothing"},
    {"json", NULL, "the answer as JSON"},
};

static enum err
write_here(void *ctx, enum err (*fn)(struct store *s, void *arg), void *arg)
{
    struct store *s = ctx;
    enum err e = store_begin(s);

    if (e)
        return e;
    e = fn(s, arg);
    if (e)
        store_rollback(s);
    return e ? e : store_commit(s);
}

static void print_json(const struct sweep *w)
{
    OWN_BUF struct buf b = BUF_EMPTY;
    struct jsonw j;

    jsonw_init(&j, &b);
    jsonw_object(&j, NULL);
    jsonw_bool(&j, "dry_run", w->dry_run);
    jsonw_array(&j, "classes");
    for (int i = 0; i < SWEEP_CLASSES; i++) {
        jsonw_object(&j, NULL);
        jsonw_text(&j, "class", sweep_class_names[i]);
        jsonw_time(&j, "before", w->counts[i].before_ns);
        jsonw_int(&j, "rows", w->counts[i].rows);
        jsonw_int(&j, "bytes", w->counts[i].bytes);
        jsonw_object_end(&j);
    }
    jsonw_array_end(&j);
    jsonw_object_end(&j);
    printf("%s\n", buf_text(&b));
}

static void print_text(const struct sweep *w)
{
    for (int i = 0; i < SWEEP_CLASSES; i++)
        printf("%-12s %10lld rows %14lld bytes%s\n", sweep_class_names[i],
               (long long)w->counts[i].rows, (long long)w->counts[i].bytes,
               w->dry_run ? " would go" : " removed");
}

static int sweep(struct cli_call *call, bool dry_run)
{
    const struct settings *s = ask_settings(call);
    OWN_FREE char *address = NULL;
    OWN(store_close)
    struct store *store = NULL;
    OWN(blob_close)
    struct blob *blob = NULL;
    struct sweep w = {.settings = s,
                      .now_ns = env_wall_ns(&env_system),
                      .dry_run = dry_run,
                      .write = write_here};
    enum err e = database_address(s, &address);

    if (!e)
        e = store_open(&store, address, dry_run ? STORE_READ : 0);
    if (!e && !dry_run)
        e = blobs_open(s, &blob);
    w.reader = w.ctx = store;
    w.blob = blob;
    if (!e)
        e = sweep_run(&w);
    if (e)
        return ask_failed(call, e);
    if (cli_has(call, "json"))
        print_json(&w);
    else
        print_text(&w);
    return CLI_OK;
}

static int plan(struct cli_call *call)
{
    return sweep(call, true);
}

static int run(struct cli_call *call)
{
    const struct settings *s = ask_settings(call);
    OWN_FD int lock = -1;
    enum err e;

    if (cli_has(call, "dry-run"))
        return sweep(call, true);
    e = database_is_embedded(s) ? ask_lock(s->data, &lock) : WS_OK;
    if (e == WS_AGAIN)
        return ask_fail(call,
                        "a server does it hourly by itself; see what it will "
                        "do: worksight-server retention plan",
                        "%s is in use by a server", s->data);
    return e ? ask_failed(call, e) : sweep(call, false);
}

static const struct cli_word words[] = {
    {"plan", 0, plan},
    {"run", 0, run},
};

const struct cli_command cli_retention = {
    .name = "retention",
    .args = "plan|run",
    .summary = "what is older than it is kept",
    .help = "Examples:\n"
            "  worksight-server retention plan --json\n"
            "  worksight-server retention run --dry-run\n"
            "  worksight-server retention run --keep-pictures 3d\n\n"
            "serve does this every hour. What was delivered stays known: a "
            "repeat is still a repeat.\n\n"
            "Exit status: 0 done, 1 failed, 2 used wrongly.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .min_args = 1,
    .max_args = 1,
    .words = words,
    .word_count = sizeof(words) / sizeof(words[0]),
};
