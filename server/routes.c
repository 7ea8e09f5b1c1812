/* routes.c - everything the server answers, one row a method and path; a fixed
 * word stands above a {name} in the same place. */
#include "server/auth/roles.h"
#include "server/http/assets.h"
#include "server/http/route.h"
#include "server/http/static.h"
#include "server/ingest/ingest.h"

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
    {.method = "POST", .path = "/api/sessions/", .access = ROUTE_ENROLL, .body = ROUTE_MEMORY, .max_body_bytes = KIB(64), .place = ROUTE_ON_READER, .handle = sessions_post, .operation = "createSession"},
    {.method = "POST", .path = "/api/sessions/{id}/heartbeat/", .access = ROUTE_AGENT, .body = ROUTE_MEMORY, .max_body_bytes = KIB(64), .handle = heartbeat_post, .operation = "postHeartbeat", .quiet = true},
    {.method = "POST", .path = "/api/sessions/{id}/ai-metrics/", .access = ROUTE_AGENT, .body = ROUTE_MEMORY, .max_body_bytes = MIB(1), .handle = metrics_post, .operation = "postMetric", .quiet = true},
    {.method = "POST", .path = "/api/sessions/{id}/recordings/", .access = ROUTE_AGENT, .body = ROUTE_MEMORY, .max_body_bytes = KIB(256), .place = ROUTE_ON_READER, .handle = recordings_post, .operation = "postRecording", .quiet = true},
    {.method = "POST", .path = "/api/screenshots/", .access = ROUTE_AGENT, .body = ROUTE_MULTIPART, .max_body_bytes = MIB(18), .place = ROUTE_ON_READER, .handle = screenshots_post, .operation = "postScreenshot", .quiet = true},
    {.method = "POST", .path = "/api/sessions/{id}/batch/", .access = ROUTE_AGENT, .body = ROUTE_GZIP, .max_body_bytes = MIB(4), .place = ROUTE_ON_READER, .handle = batch_post, .operation = "postBatch", .quiet = true},
    {.method = "GET", .path = "/api/sessions/{id}/ledger/", .access = ROUTE_AGENT, .place = ROUTE_ON_READER, .handle = ledger_agent_get, .operation = "getAgentLedger", .quiet = true},
    {.method = "GET", .path = "/api/sessions/{id}/policy/", .access = ROUTE_AGENT, .handle = policy_get, .operation = "getPolicy", .quiet = true},

    /* --- people: api/openapi.yaml --- */
};
/* clang-format on */

const size_t routes_count = sizeof(routes) / sizeof(routes[0]);
