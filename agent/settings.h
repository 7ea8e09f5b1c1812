/* settings.h - every option of the agent, one row each in settings.c.
 *
 * Flow:    default < file < WORKSIGHT_AGENT_* < flag -> [settings] -> roles
 * Units:   _ms milliseconds, _bytes bytes, tier 0..4 (privacy.md)
 */
#ifndef AGENT_SETTINGS_H
#define AGENT_SETTINGS_H

#include "core/conf.h"

#include <stdbool.h>
#include <stdint.h>

enum settings_source { SOURCE_AUTO, SOURCE_X11, SOURCE_FILE, SOURCE_SYNTH };
enum settings_ocr { OCR_ON, OCR_OFF };

struct settings {
    char *server;      /* http://host:port, with or without /api and slash;
                          settings_settle() brings it to "http://h:p/api" */
    char *state;       /* folder of the queue, pictures, logs, control.sock */
    char *source;      /* auto | x11 | file:DIR | synth */
    int64_t every_ms;  /* between two observations */
    int64_t tier;      /* 0..4; default 2 */
    char *purpose;     /* stated purpose; needed for tiers 3 and 4 */
    char *until;       /* end date YYYY-MM-DD; needed for tiers 3 and 4 */
    char *acknowledge; /* hash of the notice that the person said yes to */
    char *display;     /* X display; empty: $DISPLAY */
    int64_t ocr;       /* enum settings_ocr */
    int64_t ocr_deadline_ms;
    char *rules;              /* file of category rules; empty: none */
    char *hours;              /* of a week, hours.h; empty: always */
    bool input_counts;        /* count key and button events (never which) */
    int64_t picture_every_ms; /* least time between two stored pictures */
    int64_t picture_quality;  /* JPEG 1..100 */
    int64_t queue_max_bytes;
    int64_t heartbeat_every_ms;
    int64_t batch_items, batch_bytes;
    int64_t request_deadline_ms;
    int64_t log_level; /* enum log_level */
    int64_t log_max_bytes;
    char *ca_file; /* PEM of the CA; empty: the system's */
};

extern const struct conf_schema settings_schema;

/* What `source` names; SOURCE_AUTO until capture has looked. */
enum settings_source settings_source(const struct settings *s);

/* The folder of file:DIR; "" for another source. */
const char *settings_source_dir(const struct settings *s);

/* True when a person's own display may be captured: notice and badge count. */
bool settings_needs_notice(const struct settings *s);

/* The tier in force at this time: 2 once the day of `until` (the last one of
 * tiers 3 and 4, in UTC) is over. */
int64_t settings_tier_at(const struct settings *s, int64_t wall_ns);

/* Bring what is written in several ways into one: the server's address. */
enum err settings_settle(struct settings *s) WS_MUST_CHECK;

/* May a run begin with them? Checks across several settings and of what they
 * name (tier needs purpose and end date; source and rules must be there);
 * messages name the setting, value and fix. A run that goes on past them, and
 * the commands beside it, do not ask: the last day of a tier comes, folders go.
 */
enum err settings_check(const struct settings *s, FILE *messages) WS_MUST_CHECK;

#endif
