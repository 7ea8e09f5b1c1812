#include "agent/hours.h"

#include "core/clock.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define DAYS 7
#define MINUTES_A_DAY (24 * 60)

static const char *const names[DAYS] = {"sun", "mon", "tue", "wed",
                                        "thu", "fri", "sat"};

static bool take_day(const char **at, int *day)
{
    for (int i = 0; i < DAYS; i++)
        if (strncasecmp(*at, names[i], 3) == 0) {
            *at += 3;
            *day = i;
            return true;
        }
    return false;
}

/* "mon" or "mon-fri", also "sat-mon" */
static bool take_days(const char **at, unsigned *days)
{
    int first, last;

    if (!take_day(at, &first))
        return false;
    last = first;
    if (**at == '-') {
        ++*at;
        if (!take_day(at, &last))
            return false;
    }
    *days = 0;
    for (int day = first;; day = (day + 1) % DAYS) {
        *days |= 1U << day;
        if (day == last)
            return true;
    }
}

/* "08:00" to "24:00" */
static bool take_time(const char **at, int *minutes)
{
    const char *t = *at;

    if (!isdigit((unsigned char)t[0]) || !isdigit((unsigned char)t[1]) ||
        t[2] != ':' || !isdigit((unsigned char)t[3]) ||
        !isdigit((unsigned char)t[4]) || t[3] > '5')
        return false;
    *minutes =
        ((t[0] - '0') * 10 + t[1] - '0') * 60 + (t[3] - '0') * 10 + t[4] - '0';
    *at += 5;
    return *minutes <= MINUTES_A_DAY;
}

static bool take_span(const char **at, struct hours_span *out)
{
    *at += strspn(*at, " ");
    if (!take_days(at, &out->days) || **at != ' ')
        return false;
    *at += strspn(*at, " ");
    if (!take_time(at, &out->from_min) || **at != '-')
        return false;
    ++*at;
    if (!take_time(at, &out->to_min) || out->from_min == out->to_min)
        return false;
    *at += strspn(*at, " ");
    return true;
}

enum err hours_parse(const char *text, struct hours *out)
{
    struct hours h = {.count = 0};
    const char *at = text;
    bool more = *at != '\0';

    while (more) {
        if (h.count == HOURS_MAX_SPANS || !take_span(&at, &h.spans[h.count]))
            return WS_INVALID;
        h.count++;
        more = *at == ',';
        at += more;
    }
    if (*at)
        return WS_INVALID;
    *out = h;
    return WS_OK;
}

static bool span_holds(const struct hours_span *s, int day, int minute)
{
    unsigned today = 1U << day, before = 1U << (day + DAYS - 1) % DAYS;

    if (s->from_min < s->to_min)
        return (s->days & today) && minute >= s->from_min && minute < s->to_min;
    return ((s->days & today) && minute >= s->from_min) ||
           ((s->days & before) && minute < s->to_min);
}

bool hours_hold(const struct hours *h, int64_t wall_ns)
{
    time_t t = (time_t)(wall_ns / CLOCK_NS_PER_S);
    struct tm tm;

    if (h->count == 0)
        return true;
    tzset(); /* whoever travels sets another zone while the agent runs */
    if (!localtime_r(&t, &tm))
        return false;
    for (size_t i = 0; i < h->count; i++)
        if (span_holds(&h->spans[i], tm.tm_wday, tm.tm_hour * 60 + tm.tm_min))
            return true;
    return false;
}
