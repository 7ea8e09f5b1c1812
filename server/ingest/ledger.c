/* GET /api/sessions/{id}/ledger/ */
#include "server/http/readers.h"
#include "server/ingest/ingest.h"
#include "server/store/store_ledger_json.h"

void ledger_agent_get(struct exchange *x)
{
    OWN_BUF struct buf out = BUF_EMPTY;

    if (store_ledger_json_write(readers_context(),
                                exchange_principal(x)->session_id, &out))
        exchange_busy(x, 1);
    else
        exchange_json(x, 200, &out);
}
