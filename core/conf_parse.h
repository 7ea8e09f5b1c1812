/* conf_parse.h - one value of the option registry, from text and back.
 *
 * Flow:    conf -> [conf_parse]
 * Errors:  WS_INVALID with the reason, the bounds and an example in why
 */
#ifndef CORE_CONF_PARSE_H
#define CORE_CONF_PARSE_H

#include "core/buf.h"
#include "core/conf.h"

/* Whichever member the key's kind names. */
union conf_parsed {
    int64_t integer; /* int, duration, size, enum index */
    double number;
    bool boolean;
    char *text; /* malloc'ed: text, path, url, listen, cidrs */
};

enum err conf_parse_value(const struct conf_key *key, const char *text,
                          union conf_parsed *out,
                          struct buf *why) WS_MUST_CHECK;

/* The bounds in words: "from 10ms to 1h"; "" when there are none. */
void conf_parse_bounds(const struct conf_key *key, char *out, size_t out_bytes);

/* 90000 -> "90s", 1048576 -> "1MiB": the largest unit that divides. */
void conf_parse_print(enum conf_kind kind, int64_t v, char *out,
                      size_t out_bytes);

/* ~, $XDG_STATE_HOME and $XDG_CONFIG_HOME at the start of a path; NULL
 * without memory. */
char *conf_parse_path(const char *path);

#endif
