#include "server/auth/csrf.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

/* True for methods that must not change anything. */
static bool is_safe(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* "https://host:port" names the Host that the request went to. The scheme is
 * not compared: behind a proxy that ends TLS it differs. */
static bool same_authority(const char *origin, const char *host)
{
    const char *at = strstr(origin, "://");

    return at && host && strcasecmp(at + 3, host) == 0;
}

static bool same_token(const char *a, const char *b)
{
    size_t len = strlen(b);

    return strlen(a) == len && len > 0 && sodium_memcmp(a, b, len) == 0;
}

enum err csrf_check(const struct csrf_request *r, const char **why)
{
    if (is_safe(r->method))
        return WS_OK;
    if (r->fetch_site) {
        if (strcmp(r->fetch_site, "same-origin") != 0 &&
            strcmp(r->fetch_site, "none") != 0) {
            *why = "the request comes from another site (Sec-Fetch-Site)";
            return WS_DENIED;
        }
    } else if (r->origin && !same_authority(r->origin, r->host)) {
        *why = "the request comes from another site (Origin)";
        return WS_DENIED;
    }
    if (r->expected && (!r->token || !same_token(r->token, r->expected))) {
        *why = "the header X-CSRF-Token is missing or not this login's; "
               "GET /api/v1/me tells it";
        return WS_DENIED;
    }
    return WS_OK;
}
