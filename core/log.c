#include "core/log.h"

#include "core/buf.h"
#include "core/clock.h"
#include "core/jsonw.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static const char *const words[] = {"debug", "info", "warn", "error"};

static char role_name[32] = "main";
static enum log_level least_level = LOG_LEVEL_INFO;
static bool for_people = true; /* until log_init(): of a command at a prompt */
static atomic_uint lost_lines;

void log_init(const char *role, enum log_level least)
{
    snprintf(role_name, sizeof role_name, "%s", role);
    least_level = least;
    for_people = false;
}

static void begin(struct jsonw *w, struct buf *line, enum log_level level,
                  const char *event)
{
    jsonw_init(w, line);
    jsonw_object(w, NULL);
    jsonw_time(w, "ts", clock_wall_ns());
    jsonw_text(w, "level", words[level]);
    jsonw_text(w, "role", role_name);
    jsonw_int(w, "pid", getpid());
    jsonw_text(w, "event", event);
}

/* One write(2) a line: lines of several threads and processes on one pipe
 * do not mix as long as they are short (PIPE_BUF). False: it is lost. */
static bool write_line(const struct buf *line)
{
    ssize_t n;

    if (buf_check(line))
        return false;
    do
        n = write(STDERR_FILENO, line->data, line->len);
    while (n < 0 && errno == EINTR);
    return n >= 0;
}

static void end(struct jsonw *w, struct buf *line)
{
    unsigned lost = atomic_exchange(&lost_lines, 0);

    if (lost > 0)
        jsonw_int(w, "lost_lines", lost);
    jsonw_object_end(w);
    buf_append_byte(line, '\n');
    if (!write_line(line))
        atomic_fetch_add(&lost_lines, lost + 1);
}

static void sentence(enum log_level level, const char *event, const char *fmt,
                     va_list args)
{
    OWN_BUF struct buf line = BUF_EMPTY;
    int number = errno; /* logging never changes what the caller looks at */
    struct jsonw w;
    char msg[1024];

    vsnprintf(msg, sizeof msg, fmt, args);
    if (for_people) {
        buf_printf(&line, "%s\n", msg);
        write_line(&line);
    } else {
        begin(&w, &line, level, event);
        jsonw_text(&w, "msg", msg);
        end(&w, &line);
    }
    errno = number;
}

#define LEVEL(level)                                                           \
    do {                                                                       \
        va_list args;                                                          \
        if ((level) < least_level)                                             \
            return;                                                            \
        va_start(args, fmt);                                                   \
        sentence((level), event, fmt, args);                                   \
        va_end(args);                                                          \
    } while (0)

void log_debug(const char *event, const char *fmt, ...)
{
    LEVEL(LOG_LEVEL_DEBUG);
}

void log_info(const char *event, const char *fmt, ...)
{
    LEVEL(LOG_LEVEL_INFO);
}

void log_warn(const char *event, const char *fmt, ...)
{
    LEVEL(LOG_LEVEL_WARN);
}

void log_error(const char *event, const char *fmt, ...)
{
    LEVEL(LOG_LEVEL_ERROR);
}

void log_fields(enum log_level level, const char *event,
                const struct log_field *fields, size_t count)
{
    OWN_BUF struct buf line = BUF_EMPTY;
    struct jsonw w;

    if (level < least_level)
        return;
    begin(&w, &line, level, event);
    for (size_t i = 0; i < count; i++) {
        if (fields[i].text)
            jsonw_text(&w, fields[i].key, fields[i].text);
        else
            jsonw_int(&w, fields[i].key, fields[i].number);
    }
    end(&w, &line);
}
