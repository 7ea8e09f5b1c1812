/* session_view.h - one session as the API shows it, with what needs a look.
 *
 * Flow:    store_views -> [session_view] -> overview, sessions, health
 * Shapes:  `Session` and `Health` of api/openapi.yaml; words are neutral and
 *          about work and machines, never a verdict on a person
 * Source:  ui.md S1, S2; privacy.md F2, F4
 */
#ifndef SERVER_VIEWS_SESSION_VIEW_H
#define SERVER_VIEWS_SESSION_VIEW_H

#include "core/json.h"
#include "core/jsonw.h"
#include "server/server.h"
#include "server/store/store_views.h"

#include <stdbool.h>
#include <stdint.h>

enum session_status { SESSION_ONLINE, SESSION_LATE, SESSION_OFFLINE };

#define SESSION_MAX_ATTENTION 8

/* Why a session needs a look. */
struct session_attention {
    const char *kind; /* as in the contract */
    char text[160];
    int64_t at_ns;
};

struct session_view {
    const struct store_session_view *row;
    enum session_status status;
    struct json *health;               /* the last heartbeat's body */
    int64_t queue_pending, queue_dead; /* -1: not known */
    struct session_attention attention[SESSION_MAX_ATTENTION];
    size_t attention_count;
};

/* "online", "late", "offline". */
const char *session_view_status_word(enum session_status status);

/* The quarter since when a row's figures are those of 24 hours. */
int64_t session_view_since(int64_t now_ns);

/* Fill a view of a row with such figures; session_view_fini() ends it. */
enum err session_view_read(const struct settings *settings, int64_t now_ns,
                           const struct store_session_view *row,
                           struct session_view *out) WS_MUST_CHECK;
void session_view_fini(struct session_view *v);

/* Write `Session`, and `Attention` of one reason. */
void session_view_write(const struct session_view *v, struct jsonw *w,
                        const char *key);
void session_view_write_attention(const struct session_attention *a,
                                  int64_t session_id, struct jsonw *w);

/* Write `Health` as the root object. */
void session_view_write_health(const struct session_view *v, int64_t now_ns,
                               struct jsonw *w);

#endif
