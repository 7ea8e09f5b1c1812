/* routes.c - everything the server answers, one row a method and path; a fixed
 * word stands above {id} in the same place. */
#include "server/auth/roles.h"
#include "server/http/assets.h"
#include "server/http/route.h"
#include "server/http/static.h"
#include "server/ingest/ingest.h"
#include "server/views/live.h"
#include "server/views/views.h"

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
    {.method = "POST", .path = "/api/sessions/{id}/heartbeat/", .access = ROUTE_AGENT, .body = ROUTE_MEMORY, .max_body_bytes = KIB(64), .handle = heartbeat_post, .operation = "postHeartbeat", .lane = true, .quiet = true},
    {.method = "POST", .path = "/api/sessions/{id}/ai-metrics/", .access = ROUTE_AGENT, .body = ROUTE_MEMORY, .max_body_bytes = MIB(1), .handle = metrics_post, .operation = "postMetric", .quiet = true},
    {.method = "POST", .path = "/api/sessions/{id}/recordings/", .access = ROUTE_AGENT, .body = ROUTE_MEMORY, .max_body_bytes = KIB(256), .place = ROUTE_ON_READER, .handle = recordings_post, .operation = "postRecording", .quiet = true},
    {.method = "POST", .path = "/api/screenshots/", .access = ROUTE_AGENT, .body = ROUTE_MULTIPART, .max_body_bytes = MIB(18), .place = ROUTE_ON_READER, .handle = screenshots_post, .operation = "postScreenshot", .quiet = true},
    {.method = "POST", .path = "/api/sessions/{id}/batch/", .access = ROUTE_AGENT, .body = ROUTE_GZIP, .max_body_bytes = MIB(4), .place = ROUTE_ON_READER, .handle = batch_post, .operation = "postBatch", .quiet = true},
    {.method = "GET", .path = "/api/sessions/{id}/ledger/", .access = ROUTE_AGENT, .place = ROUTE_ON_READER, .handle = ledger_agent_get, .operation = "getAgentLedger", .quiet = true},
    {.method = "GET", .path = "/api/sessions/{id}/policy/", .access = ROUTE_AGENT, .handle = policy_get, .operation = "getPolicy", .quiet = true},

    /* --- people: api/openapi.yaml --- */
    {.method = "POST", .path = "/api/v1/setup", .body = ROUTE_MEMORY, .max_body_bytes = KIB(8), .place = ROUTE_ON_READER, .handle = views_setup, .operation = "useSetupLink"},
    {.method = "POST", .path = "/api/v1/login", .body = ROUTE_MEMORY, .max_body_bytes = KIB(8), .place = ROUTE_ON_READER, .handle = views_login, .operation = "login"},
    {.method = "POST", .path = "/api/v1/logout", .access = ROUTE_USER, .body = ROUTE_MEMORY, .max_body_bytes = KIB(8), .place = ROUTE_ON_READER, .handle = views_logout, .operation = "logout"},
    {.method = "GET", .path = "/api/v1/me", .access = ROUTE_USER, .place = ROUTE_ON_READER, .handle = views_me, .operation = "getMe"},
    {.method = "POST", .path = "/api/v1/me/password", .access = ROUTE_USER, .body = ROUTE_MEMORY, .max_body_bytes = KIB(8), .place = ROUTE_ON_READER, .handle = views_password, .operation = "changePassword"},
    {.method = "GET", .path = "/api/v1/me/logins", .access = ROUTE_USER, .place = ROUTE_ON_READER, .handle = views_logins, .operation = "listLogins"},
    {.method = "DELETE", .path = "/api/v1/me/logins", .access = ROUTE_USER, .place = ROUTE_ON_READER, .handle = views_end_logins, .operation = "endOtherLogins"},
    {.method = "DELETE", .path = "/api/v1/me/logins/{id}", .access = ROUTE_USER, .place = ROUTE_ON_READER, .handle = views_end_login, .operation = "endLogin"},
    {.method = "GET", .path = "/api/v1/overview", .access = ROUTE_USER, .permissions = PERM_SESSIONS, .place = ROUTE_ON_READER, .handle = views_overview, .operation = "getOverview"},
    {.method = "GET", .path = "/api/v1/sessions", .access = ROUTE_USER, .permissions = PERM_SESSIONS, .place = ROUTE_ON_READER, .handle = views_sessions, .operation = "listSessions"},
    {.method = "GET", .path = "/api/v1/sessions.csv", .access = ROUTE_USER, .permissions = PERM_SESSIONS | PERM_EXPORTS, .place = ROUTE_ON_READER, .handle = views_sessions_csv, .operation = "exportSessionsCsv"},
    {.method = "GET", .path = "/api/v1/sessions.json", .access = ROUTE_USER, .permissions = PERM_SESSIONS | PERM_EXPORTS, .place = ROUTE_ON_READER, .handle = views_sessions_json, .operation = "exportSessionsJson"},
    {.method = "GET", .path = "/api/v1/sessions/{id}", .access = ROUTE_USER, .permissions = PERM_SESSIONS, .place = ROUTE_ON_READER, .handle = views_session, .operation = "getSession"},
    {.method = "GET", .path = "/api/v1/sessions/{id}/metrics", .access = ROUTE_USER, .permissions = PERM_METRICS, .place = ROUTE_ON_READER, .handle = views_metrics, .operation = "listMetrics"},
    {.method = "GET", .path = "/api/v1/sessions/{id}/series", .access = ROUTE_USER, .permissions = PERM_METRICS, .place = ROUTE_ON_READER, .handle = views_series, .operation = "getSeries"},
    {.method = "GET", .path = "/api/v1/sessions/{id}/timeline", .access = ROUTE_USER, .permissions = PERM_METRICS, .place = ROUTE_ON_READER, .handle = views_timeline, .operation = "getTimeline"},
    {.method = "GET", .path = "/api/v1/sessions/{id}/screenshots", .access = ROUTE_USER, .permissions = PERM_SCREENSHOTS, .place = ROUTE_ON_READER, .handle = views_screenshots, .operation = "listScreenshots"},
    {.method = "GET", .path = "/api/v1/sessions/{id}/ledger", .access = ROUTE_USER, .permissions = PERM_SESSIONS, .place = ROUTE_ON_READER, .handle = views_ledger, .operation = "getLedger"},
    {.method = "GET", .path = "/api/v1/sessions/{id}/health", .access = ROUTE_USER, .permissions = PERM_SESSIONS, .place = ROUTE_ON_READER, .handle = views_health, .operation = "getHealth"},
    {.method = "GET", .path = "/api/v1/metrics/{id}", .access = ROUTE_USER, .permissions = PERM_METRICS, .place = ROUTE_ON_READER, .handle = views_metric, .operation = "getMetric"},
    {.method = "GET", .path = "/api/v1/screenshots/{id}/image", .access = ROUTE_USER, .permissions = PERM_SCREENSHOTS, .place = ROUTE_ON_READER, .handle = views_image, .operation = "getScreenshotImage"},
    {.method = "GET", .path = "/api/v1/events", .access = ROUTE_USER, .permissions = PERM_SESSIONS, .handle = live_stream, .operation = "streamEvents", .quiet = true},
    {.method = "GET", .path = "/api/v1/users", .access = ROUTE_USER, .permissions = PERM_ACCOUNTS, .place = ROUTE_ON_READER, .handle = views_users, .operation = "listUsers"},
    {.method = "GET", .path = "/api/v1/api-keys", .access = ROUTE_USER, .permissions = PERM_ACCOUNTS, .place = ROUTE_ON_READER, .handle = views_keys, .operation = "listApiKeys"},
    {.method = "GET", .path = "/api/v1/enrollment-codes", .access = ROUTE_USER, .permissions = PERM_ACCOUNTS, .place = ROUTE_ON_READER, .handle = views_codes, .operation = "listEnrollmentCodes"},
    {.method = "GET", .path = "/api/v1/audit", .access = ROUTE_USER, .permissions = PERM_AUDIT, .place = ROUTE_ON_READER, .handle = views_audit, .operation = "listAudit"},

    /* --- operations --- */
    {.method = "GET", .path = "/healthz", .handle = views_healthz, .operation = "healthz", .quiet = true},
    {.method = "GET", .path = "/readyz", .place = ROUTE_ON_READER, .handle = views_readyz, .operation = "readyz", .quiet = true},
    {.method = "GET", .path = "/metrics", .access = ROUTE_USER, .permissions = PERM_OPERATIONS, .place = ROUTE_ON_READER, .handle = views_prometheus, .operation = "metricsText", .quiet = true},
};
/* clang-format on */

const size_t routes_count = sizeof(routes) / sizeof(routes[0]);
