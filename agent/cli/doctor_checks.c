#include "agent/cli/doctor.h"

#include "agent/beside.h"
#include "agent/capture/display.h"
#include "agent/cli/control.h"
#include "agent/cli/words.h"
#include "agent/notice.h"
#include "core/clock.h"
#include "core/http_client.h"
#include "core/io.h"
#include "core/json.h"
#include "core/sandbox.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define LEAST_FREE_BYTES (INT64_C(1) << 30)
#define CLOCK_WARN_MS 2000
#define SERVER_DEADLINE_MS 5000

static void say(struct doctor_finding *f, enum doctor_level level,
                const char *fix, const char *fmt, ...) WS_PRINTF(4, 5);

static void say(struct doctor_finding *f, enum doctor_level level,
                const char *fix, const char *fmt, ...)
{
    va_list args;

    f->level = level;
    snprintf(f->fix, sizeof f->fix, "%s", fix);
    va_start(args, fmt);
    vsnprintf(f->text, sizeof f->text, fmt, args);
    va_end(args);
}

static void check_agent(const struct settings *s, struct doctor_finding *f)
{
    OWN(json_free)
    struct json *answer = NULL;
    enum err e = control_ask(s->state, "{\"verb\":\"status\"}", &answer);

    if (e == WS_NOTFOUND)
        say(f, DOCTOR_WARN, "worksight-agent run", "no agent runs");
    else if (e)
        say(f, DOCTOR_FAIL,
            "look into STATE/logs/agent.log, then start the "
            "agent again",
            "an agent runs and does not answer (%s)", err_name(e));
    else
        say(f, DOCTOR_OK, "", "an agent runs and answers");
}

/* `run` would refuse to start with them; the first reason is enough here. */
static void check_settings(const struct settings *s, struct doctor_finding *f)
{
    OWN_FREE char *said = NULL;
    size_t len = 0;
    FILE *messages = open_memstream(&said, &len);
    enum err e = messages ? settings_check(s, messages) : WS_NOMEM;

    if (messages)
        fclose(messages);
    if (e)
        say(f, DOCTOR_FAIL, "worksight-agent help settings shows the bounds",
            "%.*s", said ? (int)strcspn(said, "\n") : 0, said ? said : "");
    else
        say(f, DOCTOR_OK, "", "a run may begin with them");
}

static void check_state(const struct settings *s, struct doctor_finding *f)
{
    struct statvfs v;
    char bytes[WORDS_BYTES];
    int64_t free_bytes;

    if (access(s->state, F_OK) < 0) {
        say(f, DOCTOR_OK, "", "%.120s is not there yet: run makes it",
            s->state);
        return;
    }
    if (access(s->state, W_OK) < 0 || statvfs(s->state, &v) < 0) {
        say(f, DOCTOR_FAIL, "make it writable, or choose another: --state DIR",
            "the folder \"%.120s\" cannot be written", s->state);
        return;
    }
    free_bytes = (int64_t)v.f_bavail * (int64_t)v.f_frsize;
    words_bytes(free_bytes, bytes);
    if (free_bytes < LEAST_FREE_BYTES || free_bytes < s->queue_max_bytes)
        say(f, DOCTOR_WARN, "free room, or lower --queue-max",
            "%.120s has %s free, less than the queue may take", s->state,
            bytes);
    else
        say(f, DOCTOR_OK, "", "%.120s is writable, %s free", s->state, bytes);
}

static void check_notice(const struct settings *s, struct doctor_finding *f)
{
    if (!settings_needs_notice(s))
        say(f, DOCTOR_OK, "", "source %s shows nothing of a person", s->source);
    else if (notice_is_acknowledged(s))
        say(f, DOCTOR_OK, "", "the present notice is acknowledged");
    else
        say(f, DOCTOR_WARN, "worksight-agent run asks in a terminal",
            "the present notice is not acknowledged: nothing is captured");
}

/* An explicit x11 may still be a virtual display; Xwayland is refused when it
 * is opened. */
static bool is_wayland(const struct settings *s)
{
    const char *display = getenv("WAYLAND_DISPLAY");

    return settings_source(s) == SOURCE_AUTO && display && *display;
}

static void check_display(const struct settings *s, struct doctor_finding *f)
{
    OWN(display_close)
    struct display *d = NULL;
    char why[DISPLAY_WHY_BYTES] = "";

    if (!settings_needs_notice(s)) {
        say(f, DOCTOR_OK, "", "source %s needs no display", s->source);
        return;
    }
    if (is_wayland(s))
        say(f, DOCTOR_WARN, "log in to an X11 session to capture this desktop",
            "this is a Wayland session: capturing it comes later");
    else if (display_open(&d, s->display, why))
        say(f, DOCTOR_FAIL, "set DISPLAY or --display to a running X server",
            "%.180s", why);
    else
        say(f, DOCTOR_OK, "", "the display answers, %d x %d px",
            d->screen->width_in_pixels, d->screen->height_in_pixels);
}

static void check_badge(const struct settings *s, struct doctor_finding *f)
{
    OWN(display_close)
    struct display *d = NULL;
    char why[DISPLAY_WHY_BYTES] = "";

    if (!settings_needs_notice(s))
        say(f, DOCTOR_OK, "", "source %s needs no badge", s->source);
    else if (is_wayland(s) || display_open(&d, s->display, why))
        say(f, DOCTOR_FAIL, "the display's line says what to do",
            "no badge can be shown, so nothing is captured");
    else
        say(f, DOCTOR_OK, "", "a badge can be shown");
}

/* Where Debian keeps the language data, unless TESSDATA_PREFIX says else. */
static bool find_language(char *path, size_t bytes)
{
    static const char *const folders[] = {
        "/usr/share/tesseract-ocr/5/tessdata",
        "/usr/share/tesseract-ocr/4.00/tessdata", "/usr/share/tessdata"};
    const char *set = getenv("TESSDATA_PREFIX");

    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, bytes, "%s/eng.traineddata", set ? set : folders[i]);
        if (access(path, R_OK) == 0)
            return true;
    }
    return false;
}

static void check_ocr(const struct settings *s, struct doctor_finding *f)
{
    OWN_FREE char *program = beside_path("worksight-ocr");
    char data[PATH_MAX];

    if (s->ocr == OCR_OFF)
        say(f, DOCTOR_OK, "", "OCR is off: scores abstain");
    else if (!program || access(program, X_OK) < 0)
        say(f, DOCTOR_WARN, "put it beside worksight-agent, or --ocr off",
            "there is no %.160s: scores abstain, no picture is kept",
            program ? program : "worksight-ocr");
    else if (!find_language(data, sizeof data))
        say(f, DOCTOR_WARN, "apt install tesseract-ocr-eng",
            "tesseract has no language data (eng): scores abstain");
    else
        say(f, DOCTOR_OK, "", "worksight-ocr and %.160s are there", data);
}

/* Ask for /healthz at the server's root; any answer says that it is there. */
static enum err ask_server(const struct settings *s,
                           struct transport_answer *answer)
{
    OWN(http_client_close)
    struct http_client *client = NULL;
    OWN_FREE char *url = NULL;
    struct transport_request request = {.method = "GET",
                                        .deadline_ms = SERVER_DEADLINE_MS};
    enum err e = http_client_open(&client);

    if (!e && *s->ca_file)
        e = http_client_trust(client, s->ca_file);
    if (e)
        return e;
    if (asprintf(&url, "%.*s/healthz",
                 (int)(strlen(s->server) - strlen("/api")), s->server) < 0)
        return WS_NOMEM;
    request.url = url;
    return http_client_exchange(client, &request, answer);
}

static void check_server(const struct settings *s, struct doctor_finding *f)
{
    struct transport_answer answer = {.status = 0};
    int64_t began_ns = clock_mono_ns();

    if (ask_server(s, &answer))
        say(f, DOCTOR_FAIL, "the line above says why", "%.120s cannot be asked",
            s->server);
    else if (answer.status == 0)
        say(f, DOCTOR_WARN,
            "start it, or give its address: --server URL; "
            "until then everything is kept",
            "%.120s does not answer: %.100s", s->server, answer.error);
    else if (answer.status >= 500)
        say(f, DOCTOR_WARN, "worksight-server doctor, on that machine",
            "%.120s answers %d", s->server, answer.status);
    else
        say(f, DOCTOR_OK, "", "%.120s answers, %lld ms", s->server,
            (long long)((clock_mono_ns() - began_ns) / CLOCK_NS_PER_MS));
    buf_fini(&answer.body);
}

static void check_clock(const struct settings *s, struct doctor_finding *f)
{
    struct transport_answer answer = {.status = 0};
    int64_t offset_ms;

    if (ask_server(s, &answer) || answer.server_wall_ns == 0) {
        say(f, DOCTOR_OK, "", "no server gave its time to compare with");
    } else {
        offset_ms = (clock_wall_ns() - answer.server_wall_ns) / CLOCK_NS_PER_MS;
        if (offset_ms > CLOCK_WARN_MS || offset_ms < -CLOCK_WARN_MS)
            say(f, DOCTOR_WARN, "set the clock by NTP: timedatectl set-ntp 1",
                "the clock differs by %lld ms from the server's",
                (long long)offset_ms);
        else
            say(f, DOCTOR_OK, "", "within 2 s of the server's");
    }
    buf_fini(&answer.body);
}

/* A device is safe when it is compressed memory, or encrypted below. */
static bool is_safe_swap(const char *device)
{
    const char *name = strrchr(device, '/');
    char path[128], uuid[16] = "";
    FILE *file;

    name = name ? name + 1 : device;
    if (strncmp(name, "zram", 4) == 0)
        return true;
    snprintf(path, sizeof path, "/sys/class/block/%.40s/dm/uuid", name);
    file = fopen(path, "re");
    if (!file)
        return false;
    if (!fgets(uuid, sizeof uuid, file))
        uuid[0] = '\0';
    fclose(file);
    return strncmp(uuid, "CRYPT-", 6) == 0;
}

static void check_swap(const struct settings *s, struct doctor_finding *f)
{
    FILE *file = fopen("/proc/swaps", "re");
    char line[512], device[256];

    (void)s;
    say(f, DOCTOR_OK, "", "no swap, or swap that is encrypted");
    if (!file)
        return;
    if (fgets(line, sizeof line, file)) /* its heading */
        while (fgets(line, sizeof line, file))
            if (sscanf(line, "%255s", device) == 1 && !is_safe_swap(device))
                say(f, DOCTOR_WARN,
                    "encrypt it (crypttab: swap), use zram, or swapoff",
                    "the swap %.100s is not encrypted: pictures in memory "
                    "may reach the disk",
                    device);
    fclose(file);
}

static void check_walls(const struct settings *s, struct doctor_finding *f)
{
    struct sandbox_probe p = sandbox_probe();

    (void)s;
    if (!p.seccomp)
        say(f, DOCTOR_FAIL, "use a kernel with CONFIG_SECCOMP_FILTER",
            "the kernel filters no system calls: the roles do not start");
    else if (p.landlock_abi == 0)
        say(f, DOCTOR_WARN, "boot with lsm=landlock,... for folders too",
            "system calls are filtered; the kernel has no Landlock");
    else
        say(f, DOCTOR_OK, "", "seccomp, Landlock ABI %d", p.landlock_abi);
}

const struct doctor_check doctor_checks[] = {
    {"agent", check_agent},     {"settings", check_settings},
    {"state", check_state},     {"notice", check_notice},
    {"display", check_display}, {"badge", check_badge},
    {"ocr", check_ocr},         {"server", check_server},
    {"clock", check_clock},     {"swap", check_swap},
    {"walls", check_walls},
};

const size_t doctor_checks_count = sizeof doctor_checks / sizeof *doctor_checks;
