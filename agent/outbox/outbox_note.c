/* outbox_note.c - small values of the queue file that outlive a run. */
#include "agent/outbox/outbox.h"

#include "agent/outbox/outbox_priv.h"

#include <stdio.h>

static const char select_note[] = "SELECT v FROM note WHERE key = ?";
static const char upsert_note[] =
    "INSERT INTO note(key, v) VALUES(?, ?)"
    " ON CONFLICT(key) DO UPDATE SET v = excluded.v";

enum err outbox_note_int(struct outbox *o, const char *key, int64_t *out)
{
    struct db_stmt *s;
    enum err e = db_stmt(o->db, select_note, &s);

    if (e)
        return e;
    db_bind_text(s, key);
    e = db_step(s);
    *out = e ? 0 : db_int(s, 0);
    if (!e)
        db_reset(s);
    return e == WS_NOTFOUND ? WS_OK : e;
}

enum err outbox_note_text(struct outbox *o, const char *key, char *out,
                          size_t out_bytes)
{
    struct db_stmt *s;
    const char *text = NULL;
    enum err e = db_stmt(o->db, select_note, &s);

    if (e)
        return e;
    db_bind_text(s, key);
    e = db_step(s);
    if (!e)
        text = db_text(s, 0);
    snprintf(out, out_bytes, "%s", text ? text : "");
    if (!e)
        db_reset(s);
    return e == WS_NOTFOUND ? WS_OK : e;
}

enum err outbox_set_int(struct outbox *o, const char *key, int64_t v)
{
    struct db_stmt *s;
    enum err e = db_stmt(o->db, upsert_note, &s);

    if (e)
        return e;
    db_bind_text(s, key);
    db_bind_int(s, v);
    return db_run(s);
}

enum err outbox_set_text(struct outbox *o, const char *key, const char *v)
{
    struct db_stmt *s;
    enum err e = db_stmt(o->db, upsert_note, &s);

    if (e)
        return e;
    db_bind_text(s, key);
    db_bind_text(s, v);
    return db_run(s);
}
