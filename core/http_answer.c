#include "core/http_answer.h"

#include "core/clock.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define HTTP_ANSWER_MAX_LINE 512 /* none that we read is longer */

/* "Sun, 22 Nov 2026 12:00:00 GMT", the one form that is sent today. */
static int64_t read_date(const char *value)
{
    struct tm tm = {0};
    const char *rest = strptime(value, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    time_t when;

    if (!rest || *rest != '\0')
        return 0;
    when = timegm(&tm);
    return when > 0 && when < INT64_MAX / CLOCK_NS_PER_S
               ? (int64_t)when * CLOCK_NS_PER_S
               : 0;
}

static void read_retry_after(struct http_answer *a, const char *value)
{
    const char *p;
    int64_t seconds = 0;

    for (p = value; isdigit((unsigned char)*p); p++)
        if (seconds < INT64_MAX / 100)
            seconds = seconds * 10 + (*p - '0');
    if (p != value && *p == '\0')
        a->to->retry_after_s = seconds;
    else
        a->retry_wall_ns = read_date(value);
}

static void read_content_type(struct transport_answer *to, const char *value)
{
    size_t i;

    for (i = 0; i < sizeof(to->content_type) - 1; i++) {
        if (!value[i] || value[i] == ';' || isspace((unsigned char)value[i]))
            break;
        to->content_type[i] = (char)tolower((unsigned char)value[i]);
    }
    to->content_type[i] = '\0';
}

static void start_over(struct http_answer *a)
{
    a->begun = true;
    a->retry_wall_ns = 0;
    a->to->content_type[0] = '\0';
    a->to->retry_after_s = TRANSPORT_NO_RETRY_AFTER;
    a->to->server_wall_ns = 0;
}

void http_answer_line(struct http_answer *a, const char *data, size_t len)
{
    char line[HTTP_ANSWER_MAX_LINE], *value;

    while (len > 0 && isspace((unsigned char)data[len - 1]))
        len--;
    if (len >= sizeof(line))
        return;
    memcpy(line, data, len);
    line[len] = '\0';
    if (strncmp(line, "HTTP/", 5) == 0) {
        start_over(a);
        return;
    }
    value = strchr(line, ':');
    if (!value)
        return;
    *value++ = '\0';
    value += strspn(value, " \t");
    if (strcasecmp(line, "content-type") == 0)
        read_content_type(a->to, value);
    else if (strcasecmp(line, "retry-after") == 0)
        read_retry_after(a, value);
    else if (strcasecmp(line, "date") == 0)
        a->to->server_wall_ns = read_date(value);
}

void http_answer_end(struct http_answer *a, int64_t now_wall_ns)
{
    int64_t from_ns = a->to->server_wall_ns;

    if (a->retry_wall_ns == 0)
        return;
    if (from_ns == 0)
        from_ns = now_wall_ns;
    a->to->retry_after_s = a->retry_wall_ns > from_ns
                               ? (a->retry_wall_ns - from_ns) / CLOCK_NS_PER_S
                               : 0;
}
