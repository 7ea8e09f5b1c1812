#include "agent/cli/ask_agent.h"
#include "agent/cli/commands.h"
#include "agent/cli/control.h"
#include "agent/cli/verdict.h"
#include "agent/cli/words.h"
#include "agent/run.h"
#include "core/clock.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WATCH_S 2

struct view { /* one answer, and what it is seen with */
    const struct json *answer, *board, *queue;
    const struct settings *settings;
    int64_t now_ms;
};

static int64_t number(const struct json *o, const char *name)
{
    return json_int(json_get(o, name), 0);
}

static void print_head(const char *word)
{
    const struct passwd *user = getpwuid(getuid());
    char host[64] = "?", head[160];

    if (gethostname(host, sizeof host - 1) < 0)
        host[0] = '\0';
    snprintf(head, sizeof head, "WorkSight agent %s on %s (%s)", WS_VERSION,
             host, user ? user->pw_name : "?");
    printf("%-60s%s\n", head, word);
}

static void print_server(const struct view *v)
{
    static const char *const lanes[] = {"nothing to send", "delivering",
                                        "waiting to try again", "refused",
                                        "not a WorkSight server"};
    int64_t lane = number(v->board, "upload_lane");
    int64_t session = number(v->answer, "session_id");
    char ago[WORDS_BYTES], id[24];

    printf(
        "Server     %s   heard %s, clock %+lld ms, %s\n", v->settings->server,
        words_ago(number(v->board, "last_heartbeat_wall_ms"), v->now_ms, ago),
        (long long)number(v->board, "clock_offset_ms"),
        lane >= 0 && lane < 5 ? lanes[lane] : "?");
    snprintf(id, sizeof id, "%lld", (long long)session);
    printf("Enrolled   %s, agent %.8s, session %.8s (%s at the server)\n",
           json_bool(json_get(v->answer, "enrolled"), false) ? "yes"
                                                             : "not yet",
           json_text(json_get(v->answer, "agent_id"), "-"),
           json_text(json_get(v->answer, "session_uid"), "-"),
           session ? id : "not known yet");
}

static void print_captures(const struct view *v)
{
    const struct settings *s = v->settings;
    int64_t tier = number(v->board, "tier");
    char of[48] = "";

    if (tier < s->tier)
        snprintf(of, sizeof of, " of L%lld (%s)", (long long)s->tier,
                 number(v->board, "off_hours") ? "outside of the hours"
                 : tier == number(v->board, "tier_max")
                     ? "the server allows no more"
                     : "its last day is over");
    printf("Captures   every %lld.%03lld s, tier L%lld%s, source %s, input %s, "
           "badge %s; no keystrokes, no audio, no camera\n",
           (long long)(s->every_ms / 1000), (long long)(s->every_ms % 1000),
           (long long)tier, of, s->source,
           s->input_counts ? "counted" : "not counted",
           json_bool(json_get(v->board, "badge_up"), false) ? "up"
                                                            : "not shown");
}

static void print_last(const struct view *v)
{
    const struct json *m = json_get(v->answer, "last_metric");
    char a[WORDS_BYTES], b[WORDS_BYTES], c[WORDS_BYTES], d[WORDS_BYTES];

    printf(
        "Last       frame %s · observation %s · upload %s · heartbeat %s",
        words_ago(number(v->board, "last_frame_wall_ms"), v->now_ms, a),
        words_ago(number(v->board, "last_observation_wall_ms"), v->now_ms, b),
        words_ago(number(v->board, "last_upload_wall_ms"), v->now_ms, c),
        words_ago(number(v->board, "last_heartbeat_wall_ms"), v->now_ms, d));
    if (json_bool(json_get(m, "scored"), false))
        printf(" · score %.1f (why: worksight-agent explain)",
               json_number(json_get(m, "productivity_score"), 0));
    else if (m && json_kind(m) == JSON_OBJECT)
        printf(" · not scored (why: worksight-agent explain)");
    putchar('\n');
}

static void print_queue(const struct view *v)
{
    int64_t oldest_ms = number(v->queue, "oldest_wall_ms");
    char age[WORDS_BYTES], used[WORDS_BYTES], room[WORDS_BYTES];

    printf("Queue      %lld pending", (long long)number(v->queue, "pending"));
    if (oldest_ms)
        printf(" (oldest %s)", words_span(v->now_ms - oldest_ms, age));
    printf(" · %lld parked · %lld dead · %s of %s\n",
           (long long)number(v->queue, "parked"),
           (long long)number(v->queue, "dead"),
           words_bytes(number(v->queue, "bytes"), used),
           words_bytes(v->settings->queue_max_bytes, room));
}

static void print_ai(const struct view *v)
{
    static const char *const ocr[] = {"off", "ok", "does not answer",
                                      "is missing"};
    int64_t state = number(v->board, "ocr_state");

    printf("AI         OCR %s · %lld pictures withheld\n",
           state >= 0 && state < 4 ? ocr[state] : "?",
           (long long)number(v->board, "pictures_withheld"));
}

static void print_counts(const struct view *v)
{
    printf("Session    %lld recorded = %lld delivered + %lld dead + %lld "
           "dropped + %lld erased + %lld kept here + %lld queued; %lld frames, "
           "%lld unchanged\n",
           (long long)number(v->queue, "recorded"),
           (long long)number(v->queue, "delivered"),
           (long long)number(v->queue, "dead"),
           (long long)number(v->queue, "dropped"),
           (long long)number(v->queue, "erased"),
           (long long)number(v->queue, "kept"),
           /* the leased and the parked ones too */
           (long long)number(v->queue, "pending"),
           (long long)number(v->board, "frames_captured"),
           (long long)number(v->board, "frames_unchanged"));
}

static void print_today(const struct view *v)
{
    const struct json *today = json_get(v->answer, "today");
    char bytes[WORDS_BYTES];

    printf("Today      %lld captured, %lld sent (%s), %lld dropped, %lld "
           "failed\n",
           (long long)number(today, "captured"),
           (long long)number(today, "sent"),
           words_bytes(number(today, "sent_bytes"), bytes),
           (long long)number(today, "dropped"),
           (long long)number(today, "failed"));
}

static void print_roles(const struct view *v)
{
    const struct json *r = json_first(json_get(v->board, "roles"));

    printf("Roles     ");
    for (; r; r = json_next(r)) {
        int64_t restarts = number(r, "restarts");
        const char *name = json_text(json_get(r, "name"), "?");
        bool off = v->settings->ocr == OCR_OFF && strcmp(name, "ocr") == 0;

        printf(" %s %s", name, off ? "off" : number(r, "pid") ? "✓" : "✗");
        if (restarts)
            printf(" (%lld restarts)", (long long)restarts);
    }
    putchar('\n');
}

static void print_status(const struct view *v, const struct verdict *verdict)
{
    const struct json *pause = json_get(v->answer, "pause");
    char until[WORDS_BYTES], reason[WORDS_LINE_BYTES];

    print_head(verdict->word);
    if (verdict->exit == COMMANDS_PAUSED)
        printf("Paused     until %s  %s%s\n",
               words_time(number(v->board, "paused_until_wall_ms"), until),
               words_line(json_text(json_get(pause, "reason"), ""), reason),
               json_bool(json_get(pause, "written"), true)
                   ? ""
                   : " (not on disk yet: a restart would end it)");
    print_server(v);
    print_captures(v);
    print_last(v);
    print_queue(v);
    print_ai(v);
    print_counts(v);
    print_today(v);
    print_roles(v);
    printf("Warnings   %s\n",
           verdict->warning_count ? verdict->warnings[0] : "none");
    for (size_t i = 1; i < verdict->warning_count; i++)
        printf("           %s\n", verdict->warnings[i]);
    puts("Next: worksight-agent show-sent | pause 15m --reason … | doctor");
}

static void print_json(const struct json *answer, const struct verdict *v)
{
    OWN_BUF struct buf out = BUF_EMPTY;
    struct jsonw w;

    jsonw_init(&w, &out);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "state", v->word);
    jsonw_int(&w, "exit", v->exit);
    jsonw_text(&w, "version", WS_VERSION);
    jsonw_array(&w, "warnings");
    for (size_t i = 0; i < v->warning_count; i++)
        jsonw_text(&w, NULL, v->warnings[i]);
    jsonw_array_end(&w);
    for (const struct json *m = json_first(answer); m; m = json_next(m)) {
        OWN_BUF struct buf member = BUF_EMPTY;

        json_print(m, &member);
        jsonw_raw(&w, json_key(m), buf_text(&member), member.len);
    }
    jsonw_object_end(&w);
    puts(buf_text(&out));
}

static int stopped(struct cli_call *call, const struct settings *s)
{
    static const struct verdict none = {.word = "STOPPED",
                                        .exit = COMMANDS_STOPPED};

    if (cli_has(call, "json")) {
        print_json(NULL, &none);
    } else {
        print_head(none.word);
        printf("State      %s\n"
               "Next: worksight-agent run | doctor\n",
               s->state);
    }
    return none.exit;
}

static int show_once(struct cli_call *call, const struct settings *s)
{
    OWN(json_free)
    struct json *answer = NULL;
    enum err e = control_ask(s->state, "{\"verb\":\"status\"}", &answer);
    struct verdict verdict;
    struct view v = {.settings = s,
                     .now_ms = clock_wall_ns() / CLOCK_NS_PER_MS};

    if (e == WS_NOTFOUND)
        return stopped(call, s);
    if (e || !json_bool(json_get(answer, "ok"), false)) {
        cli_fail(call, "worksight-agent doctor finds the cause",
                 "the agent runs and does not answer (%s)",
                 json_text(json_get(answer, "detail"), err_name(e)));
        return COMMANDS_DEGRADED;
    }
    v.answer = answer;
    v.board = json_get(answer, "board");
    v.queue = json_get(answer, "queue");
    verdict_judge(answer, s, v.now_ms, &verdict);
    if (cli_has(call, "json"))
        print_json(answer, &verdict);
    else
        print_status(&v, &verdict);
    return verdict.exit;
}

int status_run(struct cli_call *call)
{
    struct settings *s;
    int status = ask_agent_settings(call, &s);

    if (status)
        return status;
    if (run_running_settings(s, cli_conf(call)) == WS_NOMEM)
        return COMMANDS_DEGRADED;
    for (;;) {
        status = show_once(call, s);
        fflush(stdout);
        if (!cli_has(call, "watch"))
            return status;
        putchar('\n');
        sleep(WATCH_S);
    }
}
