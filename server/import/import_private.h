/* import_private.h - what the files of the import share.
 *
 * Flow:    import.c runs import_sessions.c, import_heartbeats.c, then
 *          import_facts.c over each row of import_kinds.c; all read by
 *          import_source.c
 */
#ifndef SERVER_IMPORT_IMPORT_PRIVATE_H
#define SERVER_IMPORT_IMPORT_PRIVATE_H

#include "core/buf.h"
#include "core/db.h"
#include "core/json.h"
#include "server/blob/blob.h"
#include "server/import/import.h"
#include "server/ingest/facts.h"
#include "server/store/store.h"

#include <stdbool.h>
#include <stddef.h>

#define IMPORT_PAGE 100
#define IMPORT_PAGE_SQL " LIMIT 100" /* IMPORT_PAGE */
#define IMPORT_CACHE 1024            /* sessions */
#define IMPORT_REASON_BYTES 400

struct import {
    const struct import_options *o;
    struct import_count *counts;
    struct db *source;
    int media_fd;
    /* Ids of Django below these are nobody else's here. */
    int64_t own_sessions, own_facts;
    struct {
        int64_t theirs, ours; /* ours 0: refused */
    } cache[IMPORT_CACHE];
};

/* --- import_source.c --- */

/* A time column as wire.md writes it. */
#define IMPORT_TIME(column)                                                    \
    "date_format(" column ", if(microsecond(" column ") = 0,"                  \
    " '%Y-%m-%dT%H:%i:%s+00:00', '%Y-%m-%dT%H:%i:%s.%f+00:00'))"

enum err import_source_open(struct import *im) WS_MUST_CHECK;
/* The highest value of the column that a table is walked by; 0: no rows. */
enum err import_source_last(struct import *im, enum import_table table,
                            int64_t *id) WS_MUST_CHECK;

/* How a column becomes a member of a row's JSON; NULL: no member. */
enum import_form { IMPORT_TEXT, IMPORT_NUMBER, IMPORT_JSON };
struct import_field {
    const char *name;
    enum import_form form;
};
/* The columns from `first` on as a JSON object, and its tree; WS_INVALID with
 * the reason. */
enum err import_source_json(struct db_stmt *q, int first,
                            const struct import_field *fields, size_t count,
                            struct buf *text, struct json **doc,
                            char reason[IMPORT_REASON_BYTES]) WS_MUST_CHECK;
/* What is wrong with a row, of everything that was found. */
void import_source_reason(const struct wire_problems *problems,
                          char reason[IMPORT_REASON_BYTES]);

/* --- import.c --- */

void import_refuse(struct import *im, enum import_table table, int64_t id,
                   const char *reason);
/* A row's part of the sum of its table. */
uint64_t import_hash(const struct buf *row);
/* Run fn in a transaction of the store, again while others are in its way. */
enum err import_write(struct import *im,
                      enum err (*fn)(struct import *im, void *arg),
                      void *arg) WS_MUST_CHECK;

/* --- import_sessions.c --- */

enum err import_sessions(struct import *im) WS_MUST_CHECK;
/* The id here of a session of Django's; WS_INVALID: it was refused. */
enum err import_sessions_find(struct import *im, int64_t theirs,
                              int64_t *ours) WS_MUST_CHECK;

/* --- import_heartbeats.c --- */

enum err import_heartbeats(struct import *im) WS_MUST_CHECK;

/* --- import_facts.c --- */

struct import_item {
    int64_t id, session_id; /* Django's */
    struct fact fact;
    struct facts_room room;
    struct json *doc;
    struct buf payload;
    char key[256];
    char blob[BLOB_NAME_BYTES];
    uint64_t hash;
    bool open;   /* still to be written or looked for */
    bool new_id; /* Django's may be another's: from the counter */
};

/* One of Django's tables of items: how it is read, and what a row becomes. */
struct import_facts_kind {
    enum import_table table;
    enum wire_item_kind kind;
    const char *name; /* in the keys of rows that have none */
    const char *sql;  /* id, session_id, key or NULL, created_at, bytes of
                         what is long, then fields */
    const struct import_field *fields;
    size_t field_count;
    /* From the document to the fact; WS_INVALID, or WS_NOTFOUND of a file,
     * with the reason. */
    enum err (*fill)(struct import *im, struct import_item *it,
                     char reason[IMPORT_REASON_BYTES]);
};
extern const struct import_facts_kind import_kinds[];
extern const size_t import_kinds_count;

enum err import_facts(struct import *im,
                      const struct import_facts_kind *kind) WS_MUST_CHECK;

/* --- import_pictures.c --- */

/* Open a file below the media folder; links are not followed. WS_NOTFOUND and
 * WS_INVALID with the reason. */
enum err import_pictures_open(int media_fd, const char *path, int *fd,
                              char reason[IMPORT_REASON_BYTES]) WS_MUST_CHECK;
/* The picture of a row into the blobs, the row's fact from its bytes. */
enum err import_pictures_fill(struct import *im, struct import_item *it,
                              char reason[IMPORT_REASON_BYTES]) WS_MUST_CHECK;

#endif
