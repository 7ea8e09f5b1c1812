#include "agent/cli/words.h"

#include <stdio.h>
#include <time.h>

const char *words_span(int64_t ms, char out[WORDS_BYTES])
{
    static const struct {
        int64_t unit_s, upto_s;
        const char *name;
    } units[] = {{1, 120, "s"},
                 {60, 2 * 3600, "min"},
                 {3600, 48 * 3600, "h"},
                 {86400, INT64_MAX, "d"}};
    int64_t s = (ms < 0 ? 0 : ms) / 1000;
    size_t i = 0;

    while (s >= units[i].upto_s)
        i++;
    snprintf(out, WORDS_BYTES, "%lld %s", (long long)(s / units[i].unit_s),
             units[i].name);
    return out;
}

const char *words_ago(int64_t wall_ms, int64_t now_ms, char out[WORDS_BYTES])
{
    char span[WORDS_BYTES];

    if (wall_ms == 0)
        snprintf(out, WORDS_BYTES, "never");
    else
        snprintf(out, WORDS_BYTES, "%.30s ago",
                 words_span(now_ms - wall_ms, span));
    return out;
}

const char *words_time(int64_t wall_ms, char out[WORDS_BYTES])
{
    time_t t = (time_t)(wall_ms / 1000);
    struct tm local;

    if (wall_ms == 0 || !localtime_r(&t, &local) ||
        strftime(out, WORDS_BYTES, "%Y-%m-%d %H:%M:%S", &local) == 0)
        snprintf(out, WORDS_BYTES, "-");
    return out;
}

const char *words_bytes(int64_t bytes, char out[WORDS_BYTES])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    double v = (double)bytes;
    size_t i = 0;

    while (v >= 1000.0 && i < 4) {
        v /= 1000.0;
        i++;
    }
    snprintf(out, WORDS_BYTES, i == 0 ? "%.0f %s" : "%.1f %s", v, units[i]);
    return out;
}

const char *words_line(const char *text, char out[WORDS_LINE_BYTES])
{
    snprintf(out, WORDS_LINE_BYTES, "%s", text);
    for (char *c = out; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    return out;
}
