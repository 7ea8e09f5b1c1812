/* page.h - what a list or a range is asked for, and how its answer ends.
 *
 * Flow:    a view's handler -> [page] -> the store's keys -> next_cursor
 * Shapes:  ?limit=1..500&cursor=TEXT&from=TIME&to=TIME and the list's own
 * Errors:  every parameter that is unknown or out of bounds is named, with its
 *          bounds, in one 400
 * Process: on a reader thread
 * Source:  ui.md section 4 "Paging"; api/openapi.yaml
 */
#ifndef SERVER_VIEWS_PAGE_H
#define SERVER_VIEWS_PAGE_H

#include "core/jsonw.h"
#include "server/http/exchange.h"
#include "server/store/store_views.h"
#include "server/views/cursor.h"

#include <stdbool.h>
#include <stdint.h>

#define PAGE_LIMIT_DEFAULT 50
#define PAGE_LIMIT_MAX 500

enum page_list { /* inside every cursor: never change a number */
                 PAGE_SESSIONS = 1,
                 PAGE_METRICS = 2,
                 PAGE_SCREENSHOTS = 3,
                 PAGE_LOGINS = 4,
                 PAGE_USERS = 5,
                 PAGE_KEYS = 6,
                 PAGE_CODES = 7,
                 PAGE_AUDIT = 8,
};

struct page {
    struct exchange *x;
    struct wire_problems problems;
    size_t limit, written;
    struct cursor cursor; /* its keys count when goes_on */
    bool goes_on;
    bool more;                 /* a row after the last written one is there */
    int64_t last[CURSOR_KEYS]; /* of the last row written */
    int64_t from_ns, to_ns;    /* INT64_MIN and INT64_MAX when not asked */
};

/* Begin: names that are not in `known` (NULL-ended) are problems. */
void page_begin(struct page *p, struct exchange *x, const char *const *known);
/* Read limit and cursor of a list; after the filters were checked. */
void page_read_list(struct page *p, enum page_list list);
/* Read from and to. */
void page_read_range(struct page *p);
/* Read an integer within bounds, or its fallback. */
int64_t page_read_int(struct page *p, const char *name, int64_t min,
                      int64_t max, int64_t fallback);
/* Note what is wrong with one parameter. */
void page_problem(struct page *p, const char *name, const char *fmt, ...)
    WS_PRINTF(3, 4);
/* True when there were problems: then 400 was answered. */
bool page_refused(struct page *p);

/* The part of a session that was asked for, from the cursor on. */
struct store_range page_range(const struct page *p, int64_t session_id);

/* Room for another row: false ends the walk, and says that there is more. */
bool page_takes(struct page *p);
/* A row was written; its keys, from which the next page goes on. */
void page_wrote(struct page *p, int64_t key0, int64_t key1);
/* Begin {"items":[ in b. */
void page_begin_items(struct jsonw *w, struct buf *b);
/* End it, with "next_cursor", and answer; or answer the failure e. b is the
 * answer's, or freed. */
void page_end_items(struct page *p, enum err e, struct jsonw *w, struct buf *b);

/* Whose sessions the asker may see. */
struct store_scope page_scope(struct exchange *x);

/* Answer a store's failure: 404, or 503. */
void page_fail(struct exchange *x, enum err e);

/* Answer 200 with the JSON in b, or 503 without memory. */
void page_reply(struct exchange *x, struct buf *b);

#endif
