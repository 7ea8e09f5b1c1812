#include "core/err.h"

#include "core/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
    [WS_OK] = "WS_OK",         [WS_AGAIN] = "WS_AGAIN",
    [WS_FULL] = "WS_FULL",     [WS_NOTFOUND] = "WS_NOTFOUND",
    [WS_EXISTS] = "WS_EXISTS", [WS_INVALID] = "WS_INVALID",
    [WS_DENIED] = "WS_DENIED", [WS_CORRUPT] = "WS_CORRUPT",
    [WS_IO] = "WS_IO",         [WS_NOMEM] = "WS_NOMEM",
};

const char *err_name(enum err e)
{
    return (size_t)e < sizeof names / sizeof *names ? names[e] : "WS_UNKNOWN";
}

bool err_retryable(enum err e)
{
    return e == WS_AGAIN || e == WS_FULL || e == WS_IO || e == WS_NOMEM;
}

static enum err from_errno(int number)
{
    switch (number) {
    case EAGAIN:
    case EINTR:
        return WS_AGAIN;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
        return WS_FULL;
    case ENOENT:
    case ENOTDIR:
        return WS_NOTFOUND;
    case EEXIST:
    case EADDRINUSE:
        return WS_EXISTS;
    case EINVAL:
    case ENAMETOOLONG:
        return WS_INVALID;
    case EACCES:
    case EPERM:
    case EROFS:
        return WS_DENIED;
    case ENOMEM:
        return WS_NOMEM;
    default:
        return WS_IO;
    }
}

enum err err_sys(const char *fmt, ...)
{
    int number = errno;
    char what[256];
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    log_error("system_error", "%s: %s", what, strerror(number));
    return from_errno(number);
}
