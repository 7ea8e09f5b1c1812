/* session_filter.h - which sessions a list or an export is asked for.
 *
 * Flow:    ?q=&status=&attention= -> [session_filter] -> sessions, export
 * Shapes:  as the parameters of GET /api/v1/sessions
 * Errors:  what is wrong is a problem of the page
 * Source:  ui.md S2; api/openapi.yaml
 */
#ifndef SERVER_VIEWS_SESSION_FILTER_H
#define SERVER_VIEWS_SESSION_FILTER_H

#include "server/views/page.h"
#include "server/views/session_view.h"

#include <stdbool.h>
#include <stddef.h>

#define SESSION_FILTER_MAX_WORDS 8
#define SESSION_FILTER_MAX_CHARS 200

struct session_filter {
    const char *status; /* NULL: any; a text of the exchange */
    bool attention;     /* only those with something to look at */
    char words_text[SESSION_FILTER_MAX_CHARS * 4 + 1];
    const char *words[SESSION_FILTER_MAX_WORDS]; /* all must occur */
    size_t word_count;
};

/* Read the filter of a request; it must stay where it is. */
void session_filter_read(struct session_filter *f, struct page *p);

/* The session is one of those asked for. */
bool session_filter_passes(const struct session_filter *f,
                           const struct session_view *v);

#endif
