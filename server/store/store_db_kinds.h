/* store_db_kinds.h - the table of each kind of fact: its columns, the values of
 * a row, the row that holds a key, and what a new row changes beside it.
 *
 * Flow:    store_mysql_facts.c, store_sqlite_facts.c -> [store_db_kinds]
 * Source:  wire.md; server/store/sql/ENGINE/0001_facts.sql
 */
#ifndef SERVER_STORE_STORE_DB_KINDS_H
#define SERVER_STORE_STORE_DB_KINDS_H

#include "server/store/store_db.h"

struct store_db_kind {
    struct store_db_many insert; /* values by store_db_kinds_bind() */
    struct store_db_many taken;  /* (session, key) pairs -> those there */
    const char *insert_one;      /* the first, of one row */
    const char *find;            /* by session and key */
};
extern const struct store_db_kind store_db_kinds[WIRE_ITEM_KINDS];

/* Bind one fact as the values of one row. */
void store_db_kinds_bind(struct db_stmt *q, const struct fact *f);

/* What a new row of a recording, or of its status, changes beside it. */
enum err store_db_kinds_follow(struct store *s,
                               const struct fact *f) WS_MUST_CHECK;

/* A member of the facts' table: see store_facts_find(). */
enum err store_db_kinds_find(struct store *s, enum wire_item_kind kind,
                             int64_t session_id, const char *key,
                             struct fact_found *out) WS_MUST_CHECK;

#endif
