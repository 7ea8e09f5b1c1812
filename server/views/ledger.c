/* The ledger of a session: where every recorded item is. */
#include "server/http/readers.h"
#include "server/store/store_ledger_json.h"
#include "server/views/page.h"
#include "server/views/views.h"

void views_ledger(struct exchange *x)
{
    static const char *const known[] = {NULL};
    struct store *s = readers_context();
    struct store_scope scope = page_scope(x);
    struct buf b = BUF_EMPTY;
    struct page page;
    enum err e;

    page_begin(&page, x, known);
    if (page_refused(&page))
        return;
    e = store_views_may_see(s, &scope, exchange_path_id(x));
    if (!e)
        e = store_ledger_json_write(s, exchange_path_id(x), &b);
    if (e) {
        buf_fini(&b);
        page_fail(x, e);
        return;
    }
    page_reply(x, &b);
}
