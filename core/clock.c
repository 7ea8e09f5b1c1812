#include "core/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/own.h"

static int64_t now_ns(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return t.tv_sec * CLOCK_NS_PER_S + t.tv_nsec;
}

int64_t clock_wall_ns(void)
{
    return now_ns(CLOCK_REALTIME);
}

int64_t clock_mono_ns(void)
{
    return now_ns(CLOCK_MONOTONIC);
}

int64_t clock_boot_ns(void)
{
    return now_ns(CLOCK_BOOTTIME);
}

enum err clock_boot_id(char out[CLOCK_BOOT_ID_BYTES])
{
    OWN_FD int fd =
        open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    char text[CLOCK_BOOT_ID_BYTES];
    ssize_t n;

    if (fd < 0)
        return err_sys("clock: open boot_id");
    n = read(fd, text, sizeof text - 1);
    if (n != (ssize_t)sizeof text - 1)
        return err_sys("clock: read boot_id");
    text[n] = '\0';
    memcpy(out, text, sizeof text);
    return WS_OK;
}

/* Days from 1970-01-01 of a date in the proleptic Gregorian calendar
 * (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
static int64_t days_from_civil(int64_t y, int64_t m, int64_t d)
{
    int64_t era, yoe, doy, doe;

    y -= m <= 2;
    era = (y >= 0 ? y : y - 399) / 400;
    yoe = y - era * 400;
    doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

struct reader {
    const char *at, *end;
    bool bad;
};

static int64_t digits(struct reader *r, int count)
{
    int64_t v = 0;

    for (int i = 0; i < count; i++) {
        if (r->at == r->end || *r->at < '0' || *r->at > '9') {
            r->bad = true;
            return 0;
        }
        v = v * 10 + (*r->at++ - '0');
    }
    return v;
}

static bool accept(struct reader *r, const char *any)
{
    if (r->at == r->end || !strchr(any, *r->at) || !*r->at)
        return false;
    r->at++;
    return true;
}

static void expect(struct reader *r, const char *any)
{
    if (!accept(r, any))
        r->bad = true;
}

/* .5 is half a second; digits past the ninth are read and dropped. */
static int64_t fraction_ns(struct reader *r)
{
    int64_t ns = 0, unit = CLOCK_NS_PER_S / 10;
    bool any = false;

    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        ns += (*r->at++ - '0') * unit;
        unit /= 10;
        any = true;
    }
    if (!any)
        r->bad = true;
    return ns;
}

/* Z, +hh:mm, +hhmm, +hh or nothing (UTC); seconds east of UTC. */
static int64_t offset_s(struct reader *r)
{
    int64_t h, m = 0, sign;

    if (r->at == r->end || accept(r, "Zz"))
        return 0;
    sign = *r->at == '-' ? -1 : 1;
    expect(r, "+-");
    h = digits(r, 2);
    if (accept(r, ":") || r->at < r->end)
        m = digits(r, 2);
    if (h > 23 || m > 59)
        r->bad = true;
    return sign * (h * 3600 + m * 60);
}

static bool date_exists(int64_t y, int64_t m, int64_t d)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30,
                                  31, 31, 30, 31, 30, 31};
    bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);

    if (m < 1 || m > 12 || d < 1)
        return false;
    return d <= lengths[m - 1] + (m == 2 && leap);
}

enum err clock_parse_iso(const char *text, size_t len, int64_t *wall_ns)
{
    struct reader r = {.at = text, .end = text + len};
    int64_t y, mo, d, h, mi, s = 0, ns = 0, east;

    y = digits(&r, 4);
    expect(&r, "-");
    mo = digits(&r, 2);
    expect(&r, "-");
    d = digits(&r, 2);
    expect(&r, "Tt ");
    h = digits(&r, 2);
    expect(&r, ":");
    mi = digits(&r, 2);
    if (accept(&r, ":")) {
        s = digits(&r, 2);
        if (accept(&r, ".,"))
            ns = fraction_ns(&r);
    }
    east = offset_s(&r);
    /* int64 nanoseconds reach from 1677 to 2262: the wire takes years 1700
     * to 2261, whole. 60 is a leap second. */
    if (r.bad || r.at != r.end || !date_exists(y, mo, d) || y < 1700 ||
        y > 2261 || h > 23 || mi > 59 || s > 60)
        return WS_INVALID;
    *wall_ns =
        (days_from_civil(y, mo, d) * 86400 + h * 3600 + mi * 60 + s - east) *
            CLOCK_NS_PER_S +
        ns;
    return WS_OK;
}

void clock_format_iso(int64_t wall_ns, char out[CLOCK_ISO_BYTES])
{
    time_t s = wall_ns / CLOCK_NS_PER_S;
    int64_t ns = wall_ns % CLOCK_NS_PER_S;
    struct tm t;
    size_t n;

    if (ns < 0) {
        ns += CLOCK_NS_PER_S;
        s--;
    }
    gmtime_r(&s, &t);
    n = strftime(out, CLOCK_ISO_BYTES, "%Y-%m-%dT%H:%M:%S", &t);
    snprintf(out + n, CLOCK_ISO_BYTES - n, ".%06dZ", (int)(ns / 1000));
}
