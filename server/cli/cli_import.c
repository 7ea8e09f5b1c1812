/* The earlier Django deployment of this product, brought over. */
#include "server/cli/ask.h"
#include "server/cli/commands.h"

#include "core/clock.h"
#include "core/io.h"
#include "server/blob/blob.h"
#include "server/blobs.h"
#include "server/database.h"
#include "server/import/import.h"
#include "server/store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PROGRESS_EVERY_NS (2 * CLOCK_NS_PER_S)

static const struct cli_option options[] = {
    {"from", "URL", "Django's database: mysql://USER[:PASSWORD]@HOST/DATABASE"},
    {"from-password-file", "FILE",
     "whose first line is the password of --from"},
    {"media", "DIR", "Django's MEDIA_ROOT: what the column image is below"},
    {"dry-run", NULL, "read and judge everything, write nothing"},
    {"json", NULL, "the answer as JSON"},
};

struct place { /* where everything goes; NULL in a dry run */
    struct store *store;
    struct blob *blob;
    char *spool;
    int lock;
};

static void place_close(struct place *p)
{
    blob_close(p->blob);
    store_close(p->store);
    free(p->spool);
    if (p->lock >= 0)
        close(p->lock);
}

static void tell_refused(void *ctx, const char *table, int64_t id,
                         const char *reason)
{
    (void)ctx;
    fprintf(stderr, "%s %" PRId64 ": %s\n", table, id, reason);
}

static void tell_progress(void *ctx, const char *table, int64_t id,
                          int64_t last_id)
{
    int64_t *next_ns = ctx, now_ns = clock_mono_ns();

    if (now_ns < *next_ns)
        return;
    *next_ns = now_ns + PROGRESS_EVERY_NS;
    fprintf(stderr, "%s: at id %" PRId64 " of %" PRId64 "\n", table, id,
            last_id);
}

/* --- where it goes --- */

static enum err open_place(const struct settings *s, struct place *p)
{
    OWN_FREE char *address = NULL;
    size_t applied;
    enum err e = database_address(s, &address);

    p->spool = io_path(s->data, "tmp");
    if (!p->spool)
        return WS_NOMEM;
    if (!e)
        e = io_make_dirs(p->spool);
    if (!e && database_is_embedded(s))
        e = ask_lock(s->data, &p->lock);
    if (!e)
        e = store_open(&p->store, address, 0);
    if (!e)
        e = store_migrate(p->store, &applied);
    return e ? e : blobs_open(s, &p->blob);
}

/* --- what was done --- */

static bool whole(const struct import_count *c)
{
    return c->refused == 0 && c->source == c->target &&
           c->read == c->written + c->there;
}

static void print_text(const struct import_count *counts, bool dry_run)
{
    printf("%-26s %10s %10s %10s %10s %10s  %s\n", "table", "rows",
           dry_run ? "good" : "written", "there", "refused", "no file",
           "checksum");
    for (int i = 0; i < IMPORT_TABLES; i++) {
        const struct import_count *c = &counts[i];

        printf("%-26s %10" PRId64 " %10" PRId64 " %10" PRId64 " %10" PRId64
               " %10" PRId64 "  %016" PRIx64 " %s\n",
               import_table_names[i], c->read, c->written, c->there, c->refused,
               c->missing, c->source,
               dry_run                  ? ""
               : c->source == c->target ? "equal"
                                        : "DIFFERENT here");
    }
    if (counts[IMPORT_SESSIONS].moved)
        printf("%" PRId64 " sessions have another id here: start their agents "
               "again\n",
               counts[IMPORT_SESSIONS].moved);
}

static void print_json(const struct import_count *counts, bool dry_run, bool ok)
{
    OWN_BUF struct buf b = BUF_EMPTY;
    char hex[17];
    struct jsonw w;

    jsonw_init(&w, &b);
    jsonw_object(&w, NULL);
    jsonw_bool(&w, "ok", ok);
    jsonw_bool(&w, "dry_run", dry_run);
    jsonw_int(&w, "moved", counts[IMPORT_SESSIONS].moved);
    jsonw_array(&w, "tables");
    for (int i = 0; i < IMPORT_TABLES; i++) {
        const struct import_count *c = &counts[i];

        jsonw_object(&w, NULL);
        jsonw_text(&w, "table", import_table_names[i]);
        jsonw_int(&w, "rows", c->read);
        jsonw_int(&w, "written", c->written);
        jsonw_int(&w, "there", c->there);
        jsonw_int(&w, "refused", c->refused);
        jsonw_int(&w, "missing", c->missing);
        snprintf(hex, sizeof hex, "%016" PRIx64, c->source);
        jsonw_text(&w, "checksum", hex);
        if (!dry_run)
            jsonw_bool(&w, "equal", c->source == c->target);
        jsonw_object_end(&w);
    }
    jsonw_array_end(&w);
    jsonw_object_end(&w);
    printf("%s\n", buf_text(&b));
}

static int fail_place(struct cli_call *call, enum err e)
{
    const char *data = ask_settings(call)->data;

    if (e == WS_AGAIN)
        return ask_fail(call, "stop it, import, start it again",
                        "a server runs on %s: SQLite has one writer", data);
    return ask_fail(call, "worksight-server doctor says more",
                    "%s can't be written: %s", data, err_name(e));
}

static int import(struct cli_call *call, const struct import_options *o)
{
    struct import_count counts[IMPORT_TABLES] = {0};
    bool ok = true, dry_run = !o->store;
    enum err e = import_run(o, counts);

    for (int i = 0; i < IMPORT_TABLES; i++)
        ok &= dry_run ? counts[i].refused == 0 : whole(&counts[i]);
    ok &= e == WS_OK;
    if (cli_has(call, "json"))
        print_json(counts, dry_run, ok);
    else
        print_text(counts, dry_run);
    if (e)
        return ask_fail(call,
                        "what is written stays; run it again and it goes on",
                        "the import broke off: %s", err_name(e));
    return ok ? CLI_OK : CLI_DEGRADED;
}

/* What stands after "mysql:", to be freed; it may hold a password. */
static enum err source_address(struct cli_call *call, char **out)
{
    const char *file = cli_value(call, "from-password-file");
    OWN_FREE char *db = strdup(cli_value(call, "from"));
    OWN_FREE char *password_file = strdup(file ? file : "");
    struct settings from = {.db = db, .db_password_file = password_file};
    OWN_FREE char *address = NULL;
    enum err e;

    if (!db || !password_file)
        return WS_NOMEM;
    if (strncmp(db, "mysql:", 6) != 0)
        return WS_INVALID;
    e = database_address(&from, &address);
    if (e)
        return e;
    *out = strdup(address + 6);
    return *out ? WS_OK : WS_NOMEM;
}

static int run(struct cli_call *call)
{
    static int64_t next_ns;
    const struct settings *s = ask_settings(call);
    struct import_options o = {.media = cli_value(call, "media"),
                               .max_image_bytes = s->max_image_bytes,
                               .refused = tell_refused,
                               .progress = tell_progress,
                               .ctx = &next_ns};
    struct place place = {.lock = -1};
    OWN_FREE char *from = NULL;
    int status;
    enum err e;

    if (!cli_value(call, "from") || !o.media)
        return cli_fail(call, "see worksight-server import-django --help",
                        "--from and --media are needed");
    if (source_address(call, &from))
        return cli_fail(call, "--from mysql://USER@HOST/DATABASE",
                        "--from names no database");
    o.from = from;
    next_ns = clock_mono_ns() + PROGRESS_EVERY_NS;
    e = cli_has(call, "dry-run") ? WS_OK : open_place(s, &place);
    o.store = place.store;
    o.blob = place.blob;
    o.spool = place.spool;
    status = e ? fail_place(call, e) : import(call, &o);
    place_close(&place);
    return status;
}

const struct cli_command cli_import = {
    .name = "import-django",
    .args = NULL,
    .summary = "bring over the earlier Django deployment",
    .help =
        "Examples:\n"
        "  worksight-server import-django --dry-run \\\n"
        "    --from mysql://worksight@db.example/worksight "
        "--from-password-file pw --media /srv/media\n"
        "  worksight-server import-django \\\n"
        "    --from mysql://worksight@db.example/worksight "
        "--from-password-file pw --media /srv/media\n\n"
        "Reads the tables monitoring_* and the pictures below --media; writes "
        "to data, db and\nblobs of the settings. Stop Django first, import, "
        "then start this server at Django's\naddress: agents that run go on "
        "with their sessions and tokens. Sessions and items keep\ntheir ids "
        "in a database that took nothing yet; otherwise items get new ones, "
        "and so does\na session whose id is taken: its agent must be started "
        "again.\n\n"
        "Run it as often as you like: what is there is not written again, and "
        "one that was\nkilled goes on. A row that can't be taken is named with "
        "its id and the reason, and the\nothers go on. Links below --media are "
        "not followed. A checksum is the sum of all rows'\nhashes, of Django's "
        "rows and, read back, of those here.\n\n"
        "Items count as received when Django received them: what is older than "
        "keep_pictures,\nkeep_recordings and keep_metrics goes within the hour "
        "that the server is started, so\nset those first (see: "
        "worksight-server "
        "retention plan).\n\n"
        "Exit status: 0 everything is here, 1 something is not, or it broke "
        "off, 2 used wrongly.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run,
};
