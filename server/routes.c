/* routes.c - everything the server answers, one row a method and path; a fixed
 * word stands above a {name} in the same place. */
#include "server/auth/roles.h"
#include "server/http/assets.h"
#include "server/http/route.h"
#include "server/http/static.h"

#define KIB(n) ((size_t)(n) << 10)
#define MIB(n) ((size_t)(n) << 20)

/* clang-format off */
const struct route routes[] = {
    /* --- pages --- */
    {.method = "GET", .path = "/", .handle = static_root, .quiet = true},
    {.method = "GET", .path = "/login", .handle = static_page, .quiet = true},
    {.method = "GET", .path = "/setup", .handle = static_page, .quiet = true},
    {.method = "GET", .path = "/favicon.svg", .handle = static_asset, .quiet = true},
    {.method = "GET", .path = "/assets/*", .handle = static_asset, .quiet = true},
    {.method = "GET", .path = "/dashboard", .access = ROUTE_USER, .handle = static_page, .quiet = true},
    {.method = "GET", .path = "/dashboard/", .access = ROUTE_USER, .handle = static_page, .quiet = true},
    {.method = "GET", .path = "/dashboard/*", .access = ROUTE_USER, .handle = static_subpage, .quiet = true},
    {.method = "GET", .path = "/admin", .access = ROUTE_USER, .handle = static_page, .quiet = true},
    {.method = "GET", .path = "/admin/", .access = ROUTE_USER, .handle = static_page, .quiet = true},
    {.method = "GET", .path = "/admin/*", .access = ROUTE_USER, .handle = static_subpage, .quiet = true},
    {.method = "GET", .path = ASSETS_OPENAPI, .access = ROUTE_USER, .handle = static_asset, .quiet = true, .operation = "getOpenapi"},

    /* --- agents: wire.md --- */

    /* --- people: api/openapi.yaml --- */
};
/* clang-format on */

const size_t routes_count = sizeof(routes) / sizeof(routes[0]);
