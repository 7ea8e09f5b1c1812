#include "server/import/import_private.h"

#include "core/jsonw.h"
#include "server/store/store_mysql_db.h"

#include <stdio.h>
#include <string.h>

const char *const import_table_names[IMPORT_TABLES] = {
    [IMPORT_SESSIONS] = "monitoring_agentsession",
    [IMPORT_TOKENS] = "monitoring_agenttoken",
    [IMPORT_HEARTBEATS] = "monitoring_agentheartbeat",
    [IMPORT_METRICS] = "monitoring_aimetric",
    [IMPORT_SCREENSHOTS] = "monitoring_screenshotlog",
    [IMPORT_RECORDINGS] = "monitoring_recording",
};

static const char *const lasts[IMPORT_TABLES] = {
    [IMPORT_SESSIONS] = "SELECT max(id) FROM monitoring_agentsession",
    [IMPORT_TOKENS] = "SELECT max(session_id) FROM monitoring_agenttoken",
    [IMPORT_HEARTBEATS] =
        "SELECT max(session_id) FROM monitoring_agentheartbeat",
    [IMPORT_METRICS] = "SELECT max(id) FROM monitoring_aimetric",
    [IMPORT_SCREENSHOTS] = "SELECT max(id) FROM monitoring_screenshotlog",
    [IMPORT_RECORDINGS] = "SELECT max(id) FROM monitoring_recording",
};

enum err import_source_open(struct import *im)
{
    return store_mysql_db_open(&im->source, im->o->from, DB_READONLY);
}

enum err import_source_last(struct import *im, enum import_table table,
                            int64_t *id)
{
    struct db_stmt *q;
    enum err e = db_stmt(im->source, lasts[table], &q);

    if (!e)
        e = db_step(q);
    if (e)
        return e;
    *id = db_int(q, 0);
    db_reset(q);
    return WS_OK;
}

/* --- a row as JSON --- */

/* A column of JSON is judged alone: what is spliced in is one value. */
static enum err add_json(struct jsonw *w, const char *name, const char *text,
                         size_t len, char reason[IMPORT_REASON_BYTES])
{
    OWN(json_free)
    struct json *value = NULL;
    struct json_error why;
    enum err e = json_parse(text, len, &value, &why);

    if (e == WS_INVALID)
        snprintf(reason, IMPORT_REASON_BYTES, "%s is not JSON: %s at byte %zu",
                 name, why.message, why.offset);
    if (!e)
        jsonw_raw(w, name, text, len);
    return e;
}

static enum err add_member(struct jsonw *w, struct db_stmt *q, int column,
                           const struct import_field *f,
                           char reason[IMPORT_REASON_BYTES])
{
    const char *text;
    size_t len;

    if (db_is_null(q, column))
        return WS_OK;
    if (f->form == IMPORT_NUMBER) {
        jsonw_number(w, f->name, db_number(q, column));
        return WS_OK;
    }
    text = db_blob(q, column, &len);
    if (memchr(text, '\0', len)) {
        snprintf(reason, IMPORT_REASON_BYTES, "%s has a zero byte", f->name);
        return WS_INVALID;
    }
    if (f->form == IMPORT_JSON)
        return add_json(w, f->name, text, len, reason);
    jsonw_text_len(w, f->name, text, len);
    return WS_OK;
}

enum err import_source_json(struct db_stmt *q, int first,
                            const struct import_field *fields, size_t count,
                            struct buf *text, struct json **doc,
                            char reason[IMPORT_REASON_BYTES])
{
    struct json_error why;
    struct jsonw w;
    enum err e;

    buf_clear(text);
    jsonw_init(&w, text);
    jsonw_object(&w, NULL);
    for (size_t i = 0; i < count; i++) {
        e = add_member(&w, q, first + (int)i, &fields[i], reason);
        if (e)
            return e;
    }
    jsonw_object_end(&w);
    e = buf_check(text);
    if (!e)
        e = json_parse(text->data, text->len, doc, &why);
    if (e == WS_INVALID)
        snprintf(reason, IMPORT_REASON_BYTES, "%s", why.message);
    return e;
}

void import_source_reason(const struct wire_problems *problems,
                          char reason[IMPORT_REASON_BYTES])
{
    size_t n = 0;

    reason[0] = '\0';
    for (size_t i = 0; i < problems->count && n < IMPORT_REASON_BYTES; i++)
        n += (size_t)snprintf(reason + n, IMPORT_REASON_BYTES - n, "%s%s",
                              i ? "; " : "", problems->list[i].detail);
}
