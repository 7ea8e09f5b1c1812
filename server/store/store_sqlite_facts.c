#include "server/store/store_sqlite_parts.h"

#include <stdio.h>
#include <string.h>

static enum err put(struct store *s, const struct fact *const *facts,
                    size_t count, enum err *results)
{
    struct db *db = store_db_conn(s);

    for (size_t i = 0; i < count; i++) {
        results[i] = store_sqlite_insert(db, facts[i]);
        if (results[i] && results[i] != WS_EXISTS)
            return results[i];
    }
    return WS_OK;
}

/* --- the row that holds a key --- */

#define FIND(table, blob)                                                      \
    "SELECT id, ifnull(seq, 0), payload_sha256, payload, " blob " FROM " table \
    " WHERE session_id = ? AND key = ?"

static const char *const finds[WIRE_ITEM_KINDS] = {
    [WIRE_ITEM_METRIC] = FIND("metric", "''"),
    [WIRE_ITEM_SCREENSHOT] = FIND("screenshot", "blob"),
    [WIRE_ITEM_RECORDING] = FIND("recording", "''"),
    [WIRE_ITEM_RECORDING_STATUS] = FIND("recording_status", "''"),
    [WIRE_ITEM_EVENT] = FIND("event", "''"),
    [WIRE_ITEM_NOTICE_ACK] = FIND("notice_ack", "''"),
    [WIRE_ITEM_TOMBSTONE] = FIND("tombstone", "''"),
};

static enum err read_found(struct db_stmt *q, struct fact_found *out)
{
    const void *hash, *payload;
    size_t hash_len, len;

    out->id = db_int(q, 0);
    out->seq = db_int(q, 1);
    hash = db_blob(q, 2, &hash_len);
    if (hash_len != sizeof out->payload_sha256)
        return WS_CORRUPT;
    memcpy(out->payload_sha256, hash, hash_len);
    payload = db_blob(q, 3, &len);
    buf_clear(&out->payload);
    buf_append(&out->payload, payload, len);
    snprintf(out->blob, sizeof out->blob, "%s", db_text(q, 4));
    return buf_check(&out->payload);
}

static enum err find(struct store *s, enum wire_item_kind kind,
                     int64_t session_id, const char *key,
                     struct fact_found *out)
{
    struct db_stmt *q;
    enum err e;

    if (!finds[kind])
        return WS_NOTFOUND;
    e = db_stmt(store_db_conn(s), finds[kind], &q);
    if (e)
        return e;
    db_bind_int(q, session_id);
    db_bind_text(q, key);
    e = db_step(q);
    if (e)
        return e;
    out->kind = kind;
    e = read_found(q, out);
    db_reset(q);
    return e;
}

const struct store_facts_ops store_sqlite_facts = {
    .put = put,
    .find = find,
    .add_rollups = store_sqlite_rollups_add,
    .add_fleet = store_sqlite_rollups_add_fleet,
    .add_stats = store_sqlite_rollups_add_stats,
};
