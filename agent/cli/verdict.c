#include "agent/cli/verdict.h"

#include "agent/board.h"
#include "agent/cli/commands.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LEAST_FRESH_MS 3000 /* for very short intervals */
#define CLOCK_WARN_MS 2000

static void warn(struct verdict *v, const char *fmt, ...) WS_PRINTF(2, 3);

static void warn(struct verdict *v, const char *fmt, ...)
{
    va_list args;

    if (v->warning_count == VERDICT_MAX_WARNINGS)
        return;
    va_start(args, fmt);
    vsnprintf(v->warnings[v->warning_count++], VERDICT_WARNING_BYTES, fmt,
              args);
    va_end(args);
}

static int64_t number(const struct json *board, const char *name)
{
    return json_int(json_get(board, name), 0);
}

static void judge_capture(const struct json *board, struct verdict *v)
{
    static const struct {
        const char *state, *text;
    } reasons[] = {
        {"no_notice", "nothing is captured: the notice is not acknowledged"},
        {"no_badge", "nothing is captured: the badge cannot be shown"},
        {"no_display", "nothing is captured: the display is lost; it is "
                       "tried again"},
    };
    const char *state = json_text(json_get(board, "capture_state"), "");

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (strcmp(state, reasons[i].state) == 0)
            warn(v, "%s", reasons[i].text);
}

static void judge_lane(const struct json *board, const char *lane,
                       const char *name, struct verdict *v)
{
    const char *trouble = json_text(json_get(board, "upload_trouble"), "");

    switch (number(board, lane)) {
    case BOARD_LANE_BACKING_OFF:
        warn(v,
             "%s: the server does not answer; everything is kept and tried "
             "again",
             name);
        if (trouble[0])
            warn(v, "%s: %s", name, trouble);
        break;
    case BOARD_LANE_UNAUTHORIZED:
        warn(v,
             "%s: the server refuses this agent (401 or 403): enroll it "
             "again",
             name);
        break;
    case BOARD_LANE_WRONG_SERVER:
        warn(v, "%s: this is not a WorkSight server (404, 405 or 426)", name);
        break;
    default:
        break;
    }
}

static void judge_queue(const struct json *answer, struct verdict *v)
{
    const struct json *q = json_get(answer, "queue");

    if (number(q, "dead") > 0)
        warn(v, "%lld dead letters: worksight-agent queue list",
             (long long)number(q, "dead"));
    if (number(q, "parked") > 0)
        warn(v, "%lld parked items: the server fails on them",
             (long long)number(q, "parked"));
}

static void judge_roles(const struct json *board, const struct settings *s,
                        struct verdict *v)
{
    const struct json *r = json_first(json_get(board, "roles"));

    for (; r; r = json_next(r)) {
        const char *name = json_text(json_get(r, "name"), "?");

        if (strcmp(name, "ocr") == 0 && s->ocr == OCR_OFF)
            continue;
        if (json_int(json_get(r, "pid"), 0) == 0)
            warn(v, "the role %s does not run", name);
    }
    if (number(board, "ocr_state") == 2)
        warn(v, "OCR does not answer: metrics abstain, no picture is kept");
    else if (number(board, "ocr_state") == 3)
        warn(v, "OCR is missing: metrics abstain, no picture is kept");
}

static bool is_recording(const struct json *board, const struct settings *s,
                         int64_t now_ms)
{
    int64_t fresh_ms = 2 * s->every_ms;
    int64_t last_ms = number(board, "last_observation_wall_ms");

    if (fresh_ms < LEAST_FRESH_MS)
        fresh_ms = LEAST_FRESH_MS;
    /* One of the future is from before the clock was set back. */
    return last_ms > 0 && now_ms - last_ms <= fresh_ms &&
           last_ms - now_ms <= fresh_ms;
}

void verdict_judge(const struct json *answer, const struct settings *s,
                   int64_t now_wall_ms, struct verdict *v)
{
    const struct json *board = json_get(answer, "board");
    const char *state = json_text(json_get(board, "capture_state"), "");
    bool enrolled = json_bool(json_get(answer, "enrolled"), false);
    int64_t offset_ms = number(board, "clock_offset_ms");

    *v = (struct verdict){.word = "RECORDING", .exit = COMMANDS_OK};
    judge_capture(board, v);
    judge_lane(board, "upload_lane", "upload", v);
    judge_queue(answer, v);
    judge_roles(board, s, v);
    if (offset_ms > CLOCK_WARN_MS || offset_ms < -CLOCK_WARN_MS)
        warn(v, "the clock differs by %lld ms from the server's",
             (long long)offset_ms);
    if (number(board, "server_features") == 0 && enrolled)
        warn(v, "an older server: metrics arrive exactly once, pictures at "
                "least once");
    if (number(board, "paused_until_wall_ms") > now_wall_ms) {
        v->word = "PAUSED";
        v->exit = COMMANDS_PAUSED;
    } else if (!enrolled &&
               number(board, "upload_lane") == BOARD_LANE_UNAUTHORIZED) {
        v->word = "NOT ENROLLED";
        v->exit = COMMANDS_NOT_ENROLLED;
    } else if (strcmp(state, "locked") == 0) {
        v->word = "LOCKED";
    } else if (strcmp(state, "tier_0") == 0) {
        v->word = number(board, "off_hours") ? "OFF HOURS" : "HEARTBEAT ONLY";
    } else if (!is_recording(board, s, now_wall_ms)) {
        v->word = strcmp(state, "starting") == 0 ? "STARTING" : "NOT RECORDING";
        v->exit = COMMANDS_DEGRADED;
    }
    if (v->exit == COMMANDS_OK && v->warning_count > 0)
        v->exit = COMMANDS_DEGRADED;
}
