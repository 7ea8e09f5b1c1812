/* views.h - what the routes for people call, one function a row.
 *
 * Flow:    server/routes.c -> [views] -> pages, scripts, Prometheus
 * Shapes:  api/openapi.yaml, operation by operation
 * Process: on a reader thread, but views_healthz, which runs on the loop
 */
#ifndef SERVER_VIEWS_VIEWS_H
#define SERVER_VIEWS_VIEWS_H

#include "server/http/exchange.h"

/* login.c, setup.c: open to everybody, they judge CSRF themselves */
void views_login(struct exchange *x);
void views_setup(struct exchange *x);
/* me.c */
void views_logout(struct exchange *x);
void views_me(struct exchange *x);
void views_password(struct exchange *x);
void views_logins(struct exchange *x);
void views_end_login(struct exchange *x);
void views_end_logins(struct exchange *x);
/* overview.c, sessions.c, ledger.c */
void views_overview(struct exchange *x);
void views_sessions(struct exchange *x);
void views_session(struct exchange *x);
void views_health(struct exchange *x);
void views_ledger(struct exchange *x);
/* sessions_export.c */
void views_sessions_csv(struct exchange *x);
void views_sessions_json(struct exchange *x);
/* metrics.c, series.c, screenshots.c */
void views_metrics(struct exchange *x);
void views_metric(struct exchange *x);
void views_series(struct exchange *x);
void views_screenshots(struct exchange *x);
void views_image(struct exchange *x);
/* timeline.c */
void views_timeline(struct exchange *x);
/* audit.c */
void views_audit(struct exchange *x);
/* accounts.c */
void views_users(struct exchange *x);
void views_keys(struct exchange *x);
void views_codes(struct exchange *x);
/* probes.c, prometheus.c */
void views_healthz(struct exchange *x);
void views_readyz(struct exchange *x);
void views_prometheus(struct exchange *x);

#endif
