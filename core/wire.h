/* wire.h - every message between agent and server as one table of fields.
 *
 * Flow:    agent builds and checks with it before it queues; the server checks
 *          with the same rows, so the two descriptions cannot drift
 * Shapes:  one struct wire_message for each row of wire.md
 * Errors:  WS_INVALID with a list of problems: JSON pointer + what and bounds
 * Source:  wire.md (layer 1 is frozen: nothing here may be stricter than it)
 */
#ifndef CORE_WIRE_H
#define CORE_WIRE_H

#include "core/err.h"
#include "core/json.h"

#include <stddef.h>
#include <stdint.h>

enum wire_kind {
    WIRE_TEXT,
    WIRE_TEXT_OR_NUMBER, /* feature_version: kept as text */
    WIRE_INT,            /* min..max */
    WIRE_NUMBER,         /* min..max */
    WIRE_BOOL,
    WIRE_TIME,   /* ISO 8601 as clock_parse_iso() reads it */
    WIRE_HEX,    /* exactly max_len lowercase hex digits */
    WIRE_OBJECT, /* any object */
    WIRE_ARRAY,  /* at most max elements */
    WIRE_ENUM,   /* one of choices */
};

enum {
    WIRE_REQUIRED = 1,
    WIRE_NULLABLE = 2,
    /* of layer 1 alone: */
    WIRE_NUMERIC_TEXT = 4, /* a number may come as a text that holds one */
    WIRE_LAYER2 = 8,       /* not of layer 1: any value, like unknown members */
};

struct wire_field {
    const char *name;
    enum wire_kind kind;
    unsigned flags;
    size_t max_len;             /* characters (Unicode) of a text */
    double min, max;            /* of a number; elements of an array */
    const char *const *choices; /* NULL-ended, of an enum */
};

struct wire_message {
    const char *name;
    const struct wire_field *fields;
    size_t count;
};

struct wire_problem {
    char pointer[96]; /* RFC 6901, "/features" */
    char detail[320]; /* name, value, and what it must be */
};

#define WIRE_MAX_PROBLEMS 16

struct wire_problems {
    struct wire_problem list[WIRE_MAX_PROBLEMS];
    size_t count;
};

extern const struct wire_message wire_session;    /* POST /api/sessions/ */
extern const struct wire_message wire_heartbeat;  /* optional body */
extern const struct wire_message wire_screenshot; /* form fields as text */
extern const struct wire_message wire_recording;
extern const struct wire_message wire_recording_status; /* layer-2 item */
extern const struct wire_message wire_metric;           /* ai-metrics body */
extern const struct wire_message wire_event;            /* layer-2 item */
extern const struct wire_message wire_notice_ack;       /* layer-2 item */
extern const struct wire_message wire_tombstone;        /* layer-2 item */
extern const struct wire_message wire_batch_item;       /* {seq,kind,payload} */

/* Item kinds of the batch, and the ones with an endpoint of their own. */
enum wire_item_kind {
    WIRE_ITEM_SESSION,
    WIRE_ITEM_METRIC,
    WIRE_ITEM_SCREENSHOT,
    WIRE_ITEM_RECORDING,
    WIRE_ITEM_RECORDING_STATUS,
    WIRE_ITEM_EVENT,
    WIRE_ITEM_NOTICE_ACK,
    WIRE_ITEM_TOMBSTONE,
    WIRE_ITEM_KINDS,
};

struct wire_item {
    const char *name;
    const struct wire_message *message;
};
extern const struct wire_item wire_items[WIRE_ITEM_KINDS];

/* The word on the wire for a kind, and back (WS_NOTFOUND). */
const char *wire_item_name(enum wire_item_kind kind);
enum err wire_item_kind(const char *name,
                        enum wire_item_kind *out) WS_MUST_CHECK;
const struct wire_message *wire_item_message(enum wire_item_kind kind);

/* Check a document against a table; unknown members are allowed and kept. */
enum err wire_check(const struct wire_message *m, const struct json *doc,
                    struct wire_problems *problems) WS_MUST_CHECK;

/* The same for a client that speaks layer 1 alone. */
enum err wire_check_layer1(const struct wire_message *m, const struct json *doc,
                           struct wire_problems *problems) WS_MUST_CHECK;

/* Check one value that came as text (a form field) against its row. */
void wire_check_text(const struct wire_field *f, const char *text,
                     struct wire_problems *problems);

/* Say that a field that must be there is not. */
void wire_missing(const struct wire_field *f, struct wire_problems *problems);

/* The number that a value is, or holds as a text; the fallback for others. */
double wire_number(const struct json *v, double fallback);

/* Add one problem; past WIRE_MAX_PROBLEMS they are dropped. */
void wire_problem(struct wire_problems *to, const char *pointer,
                  const char *fmt, ...) WS_PRINTF(3, 4);

/* The idempotency key of an item: hex SHA-256 of "session_uid/seq". */
void wire_item_key(const char *session_uid, uint64_t seq, char out[65]);

/* A key that a client chose: 1 to 255 visible ASCII bytes. */
enum err wire_check_key(const char *key) WS_MUST_CHECK;

#endif
