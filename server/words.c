#include "server/words.h"

#include "core/cli.h"
#include "core/log.h"

#include <stdio.h>
#include <string.h>

static bool to_log;

void words_init(const struct settings *s)
{
    to_log = s->log_all;
}

int words_fail(const char *what, const char *fix)
{
    if (to_log)
        log_error("not_started", "%s: %s", what, fix);
    else
        fprintf(stderr, "worksight-server: %s\n→ %s\n", what, fix);
    return CLI_DEGRADED;
}

static void say(bool warning, const char *text, const char *fix)
{
    if (!to_log)
        printf("%s%s%s%s\n", warning ? "warning: " : "", text,
               fix ? "\n→ " : "", fix ? fix : "");
    else if (warning)
        log_warn("plain_http", "%s: %s", text, fix);
    else
        log_info("serving", "%s", text);
}

void words_serving(const struct settings *s, const struct socket_bound *bound)
{
    char text[512];

    snprintf(text, sizeof(text),
             "WorkSight %s: %s%s/dashboard/ (data in %.300s)", WS_VERSION,
             *s->tls_cert ? "https" : "http", strstr(bound->url, "://"),
             s->data);
    say(false, text, NULL);
    if (!bound->loopback && !*s->tls_cert)
        say(true, "others can reach this address, and it speaks plain HTTP",
            s->plain_http
                ? "every page says so; put a proxy with TLS in front, or "
                  "give --tls-cert and --tls-key"
                : "see that only the proxy of behind_proxy reaches it");
    fflush(stdout);
}
