/* explain.h - a metric's payload read for people: what it counted, and why the
 * scores are what they are.
 *
 * Flow:    the payload as the agent froze it -> [explain] -> Metric,
 *          MetricExplained of api/openapi.yaml
 * Shapes:  members that an agent did not send are null; what it sent beside
 *          them is left alone
 * Owns:    explain_read() fills, explain_fini() ends
 * Source:  design.md promise 5; ui.md S4
 */
#ifndef SERVER_VIEWS_EXPLAIN_H
#define SERVER_VIEWS_EXPLAIN_H

#include "core/json.h"
#include "core/jsonw.h"
#include "server/store/store_views.h"

struct explain {
    struct json *payload;
    const struct json *features, *productivity, *anomaly, *model;
};

enum err explain_read(const struct store_metric_view *row,
                      struct explain *out) WS_MUST_CHECK;
void explain_fini(struct explain *x);

/* Write the members that Metric and MetricExplained share. */
void explain_write_common(const struct explain *x,
                          const struct store_metric_view *row, struct jsonw *w);

/* Write "judged", "learning", "score", "label" and "reason" of the anomaly:
 * score and label are null when it was not judged. */
void explain_write_anomaly(const struct explain *x,
                           const struct store_metric_view *row,
                           struct jsonw *w);

/* Write the rest of MetricExplained. */
void explain_write_why(const struct explain *x,
                       const struct store_metric_view *row, struct jsonw *w);

#endif
