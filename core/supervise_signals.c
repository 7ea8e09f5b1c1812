#include "core/supervise_signals.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/signalfd.h>

static bool is_ignored(int signal_number)
{
    struct sigaction action;

    return sigaction(signal_number, NULL, &action) == 0 &&
           action.sa_handler == SIG_IGN;
}

/* A signal that whoever started us ignores (nohup) stays ignored: a signalfd
 * would see it all the same. */
enum err supervise_signals_take(int *fd, sigset_t *old_mask)
{
    static const int wanted[] = {SIGTERM, SIGINT, SIGHUP};
    sigset_t mask;

    sigemptyset(&mask);
    signal(SIGCHLD, SIG_DFL);
    sigaddset(&mask, SIGCHLD);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!is_ignored(wanted[i]))
            sigaddset(&mask, wanted[i]);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &mask, old_mask) < 0)
        return err_sys("supervise: block signals");
    *fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    if (*fd < 0)
        return err_sys("supervise: signalfd");
    return WS_OK;
}
