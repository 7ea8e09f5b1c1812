#include "agent/settings.h"

#include "agent/ai/classify.h"
#include "agent/hours.h"

#include "core/clock.h"
#include "core/conf_parse.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#define KIB INT64_C(1024)
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

#define FILE_PREFIX "file:"
#define TIER_WITH_END 3 /* from here on: purpose and end date (privacy.md) */

static const char *const tiers[] = {"L0", "L1", "L2", "L3", "L4", NULL};
static const char *const on_off[] = {"on", "off", NULL};
static const char *const levels[] = {"debug", "info", "warn", "error", NULL};

/* clang-format off */
#define KEY(name, member, kind, initial, min, max, doc)                        \
    {#name, CONF_##kind, offsetof(struct settings, member), initial, min, max, \
     NULL, 0, doc}
#define WORD(name, member, initial, words, doc)                                \
    {#name, CONF_ENUM, offsetof(struct settings, member), initial, 0, 0,       \
     words, 0, doc}

static const struct conf_key keys[] = {
    KEY(server, server, URL, "http://127.0.0.1:8080", 0, 0,
        "the server, with or without /api"),
    KEY(state, state, PATH, "$XDG_STATE_HOME/worksight", 0, 0,
        "folder of the queue, pictures and logs"),
    KEY(source, source, TEXT, "auto", 1, 4096,
        "what is captured: auto, x11, file:DIR or synth"),
    KEY(every, every_ms, DURATION, "10s", 10, HOUR,
        "between two observations"),
    WORD(tier, tier, "L2", tiers,
        "what may leave: L0 heartbeat, L1 kinds of program, L2 scores, L3 reduced "
        "pictures, L4 pictures"),
    KEY(purpose, purpose, TEXT, "", 0, 255,
        "stated purpose; L3 and L4 need one"),
    KEY(until, until, TEXT, "", 0, 10,
        "last day of L3 or L4, YYYY-MM-DD"),
    KEY(hours, hours, TEXT, "", 0, 200,
        "when it may capture, as mon-fri 08:00-18:00; empty: always"),
    KEY(acknowledge, acknowledge, TEXT, "", 0, 64,
        "hash of the notice that the person said yes to"),
    KEY(display, display, TEXT, "", 0, 255,
        "X display; empty: $DISPLAY"),
    WORD(ocr, ocr, "on", on_off,
        "read the words on the screen, on this machine"),
    KEY(ocr_deadline, ocr_deadline_ms, DURATION, "20s", 100, 5 * MINUTE,
        "for reading one frame"),
    KEY(rules, rules, PATH, "", 0, 4095,
        "file of your own category rules, as: development app=emacs"),
    KEY(input_counts, input_counts, BOOL, "on", 0, 0,
        "count keys and buttons, never which"),
    KEY(picture_every, picture_every_ms, DURATION, "60s", 5 * SECOND, 24 * HOUR,
        "least time between two stored pictures"),
    KEY(picture_quality, picture_quality, INT, "80", 1, 100,
        "JPEG quality of stored pictures"),
    KEY(queue_max, queue_max_bytes, SIZE, "512MiB", MIB, 1024 * GIB,
        "room for what is not delivered"),
    KEY(heartbeat_every, heartbeat_every_ms, DURATION, "10s", SECOND, HOUR,
        "between two heartbeats"),
    KEY(batch_items, batch_items, INT, "500", 1, 500,
        "items of one request at most"),
    KEY(batch_max, batch_bytes, SIZE, "1MiB", 16 * KIB, 4 * MIB,
        "bytes of one request at most"),
    KEY(request_deadline, request_deadline_ms, DURATION, "30s", 100,
        10 * MINUTE, "for one exchange with the server"),
    WORD(log_level, log_level, "info", levels,
        "least level that is written"),
    KEY(log_max, log_max_bytes, SIZE, "8MiB", 64 * KIB, GIB,
        "size at which the log file is rotated"),
    KEY(ca_file, ca_file, PATH, "", 0, 0,
        "PEM file of the CA; empty: the system's"),
};
/* clang-format on */

const struct conf_schema settings_schema = {
    .program = "agent",
    .env_prefix = "WORKSIGHT_AGENT_",
    .keys = keys,
    .count = sizeof keys / sizeof *keys,
};

enum settings_source settings_source(const struct settings *s)
{
    if (strcmp(s->source, "x11") == 0)
        return SOURCE_X11;
    if (strcmp(s->source, "synth") == 0)
        return SOURCE_SYNTH;
    if (strncmp(s->source, FILE_PREFIX, strlen(FILE_PREFIX)) == 0)
        return SOURCE_FILE;
    return SOURCE_AUTO;
}

const char *settings_source_dir(const struct settings *s)
{
    return settings_source(s) == SOURCE_FILE ? s->source + strlen(FILE_PREFIX)
                                             : "";
}

bool settings_needs_notice(const struct settings *s)
{
    enum settings_source source = settings_source(s);

    return source == SOURCE_AUTO || source == SOURCE_X11;
}

static enum err parse_date(const char *text, int64_t *wall_ns)
{
    char iso[32];

    if (strlen(text) != 10)
        return WS_INVALID;
    snprintf(iso, sizeof iso, "%sT00:00:00Z", text);
    return clock_parse_iso(iso, strlen(iso), wall_ns);
}

int64_t settings_tier_at(const struct settings *s, int64_t wall_ns)
{
    int64_t day_ns = 0;

    if (s->tier < TIER_WITH_END || parse_date(s->until, &day_ns) ||
        wall_ns < day_ns + 24 * HOUR * CLOCK_NS_PER_MS)
        return s->tier;
    return TIER_WITH_END - 1;
}

static bool check_source(const struct settings *s, FILE *messages)
{
    const char *dir = settings_source_dir(s);
    struct stat st;

    if (settings_source(s) == SOURCE_AUTO && strcmp(s->source, "auto") != 0) {
        fprintf(messages,
                "source is \"%.80s\": it must be auto, x11, file:DIR or "
                "synth\n",
                s->source);
        return false;
    }
    if (settings_source(s) == SOURCE_FILE &&
        (stat(dir, &st) < 0 || !S_ISDIR(st.st_mode))) {
        fprintf(messages,
                "source is \"%.80s\": \"%.80s\" is not a folder; give "
                "file:DIR with a folder of PNG or JPEG pictures\n",
                s->source, dir);
        return false;
    }
    return true;
}

static bool check_tier(const struct settings *s, FILE *messages)
{
    bool good = true;
    int64_t ignored_ns = 0;

    if (*s->until && parse_date(s->until, &ignored_ns)) {
        fprintf(messages,
                "until is \"%s\": it must be a day, written YYYY-MM-DD\n",
                s->until);
        return false;
    }
    if (s->tier < TIER_WITH_END)
        return true;
    if (!*s->purpose) {
        fprintf(messages,
                "tier is %s without a purpose: pictures need one; add "
                "--purpose \"why they are kept\", or choose --tier L2\n",
                tiers[s->tier]);
        good = false;
    }
    if (!*s->until) {
        fprintf(messages,
                "tier is %s without an end: add --until YYYY-MM-DD, or "
                "choose --tier L2\n",
                tiers[s->tier]);
        good = false;
    } else if (settings_tier_at(s, clock_wall_ns()) < s->tier) {
        fprintf(messages,
                "until is %s: that day is over, so tier %s has ended; give "
                "a later day, or choose --tier L2\n",
                s->until, tiers[s->tier]);
        good = false;
    }
    return good;
}

static bool check_hours(const struct settings *s, FILE *messages)
{
    struct hours ignored;

    if (hours_parse(s->hours, &ignored) == WS_OK)
        return true;
    fprintf(messages,
            "hours is \"%.80s\": it must be at most %d spans like "
            "mon-fri 08:00-18:00, sat 22:00-02:00; days are mon to sun, "
            "times 00:00 to 24:00\n",
            s->hours, HOURS_MAX_SPANS);
    return false;
}

static bool check_acknowledge(const struct settings *s, FILE *messages)
{
    size_t n = strlen(s->acknowledge), i;

    for (i = 0; i < n && isxdigit((unsigned char)s->acknowledge[i]); i++)
        ;
    if (n == 0 || (n == 64 && i == 64))
        return true;
    fprintf(messages,
            "acknowledge is \"%.80s\": it must be the 64 hex digits that "
            "`worksight-agent notice --hash` prints\n",
            s->acknowledge);
    return false;
}

static bool check_rules(const struct settings *s, FILE *messages)
{
    OWN(classify_close)
    struct classify *rules = NULL;

    return classify_open_file(&rules, s->rules, messages) == WS_OK;
}

/* "http://h:1", "http://h:1/", ".../api", ".../api/" -> "http://h:1/api" */
enum err settings_settle(struct settings *s)
{
    static const char api[] = "/api";
    size_t n = strlen(s->server);
    char *out;

    while (n > 0 && s->server[n - 1] == '/')
        n--;
    if (n >= strlen(api) &&
        strncmp(s->server + n - strlen(api), api, strlen(api)) == 0)
        n -= strlen(api);
    if (asprintf(&out, "%.*s%s", (int)n, s->server, api) < 0)
        return WS_NOMEM;
    free(s->server);
    s->server = out;
    return WS_OK;
}

static bool check_rooms(const struct settings *s, FILE *messages)
{
    char batch[32], queue[32];

    if (s->batch_bytes <= s->queue_max_bytes)
        return true;
    conf_parse_print(CONF_SIZE, s->batch_bytes, batch, sizeof batch);
    conf_parse_print(CONF_SIZE, s->queue_max_bytes, queue, sizeof queue);
    fprintf(messages,
            "batch_max is %s: it must be at most queue_max, which is %s; "
            "raise queue_max\n",
            batch, queue);
    return false;
}

enum err settings_check(const struct settings *s, FILE *messages)
{
    bool good = check_source(s, messages);

    good = check_tier(s, messages) && good;
    good = check_hours(s, messages) && good;
    good = check_acknowledge(s, messages) && good;
    good = check_rules(s, messages) && good;
    good = check_rooms(s, messages) && good;
    return good ? WS_OK : WS_INVALID;
}
