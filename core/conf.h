/* conf.h - the option registry: one table makes parser, help, sample, errors.
 *
 * Flow:    default < file (INI) < environment < flag -> [conf] -> a struct
 * Shapes:  values live in the caller's struct at `offset`: text, path, url,
 *          listen, cidrs: char *; int, duration (ms), size (bytes), enum
 *          (index): int64_t; number (1.5): double; bool: bool
 * Units:   names carry none, values do: 10s 500ms 8h, 64KiB 512MiB
 * Errors:  WS_INVALID; every mistake of a file and of the environment is
 *          collected with place, name, value, bounds and fix, then printed
 * Owns:    the texts in the struct belong to struct conf, and end with it
 * Source:  ui.md section 4 "Config"
 */
#ifndef CORE_CONF_H
#define CORE_CONF_H

#include "core/err.h"
#include "core/own.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum conf_kind {
    CONF_TEXT,
    CONF_PATH,
    CONF_URL,
    CONF_LISTEN, /* host:port */
    CONF_CIDRS,  /* comma-separated networks */
    CONF_INT,
    CONF_NUMBER,
    CONF_BOOL, /* on/off, yes/no, true/false, 1/0 */
    CONF_DURATION,
    CONF_SIZE,
    CONF_ENUM,
};

enum { CONF_SECRET = 1 /* never printed */ };

#define CONF_TEXT_BYTES 4095 /* of any text, as of a path */

struct conf_key {
    const char *name; /* INI key; flag --name with - for _; ENV upper case */
    enum conf_kind kind;
    size_t offset;       /* of the value in the caller's struct */
    const char *initial; /* default, written as in a file; NULL: empty text */
    int64_t min, max;    /* bounds in ms, bytes or units; characters of text */
    const char *const *choices; /* NULL-ended, of an enum */
    unsigned flags;
    const char *doc; /* one line for people */
};

enum conf_origin { CONF_DEFAULT, CONF_FILE, CONF_ENV, CONF_FLAG };

struct conf_schema {
    const char *program;    /* "agent": names section, files and help */
    const char *env_prefix; /* "WORKSIGHT_AGENT_" */
    const struct conf_key *keys;
    size_t count;
};

struct conf; /* the values' origins and texts, and the mistakes found */

/* Fill `values` with the defaults. They outlive the conf: a local that holds
 * them is declared before it. */
enum err conf_open(struct conf **out, const struct conf_schema *schema,
                   void *values) WS_MUST_CHECK;
void conf_close(struct conf *c);
OWN_DEFINE(conf_close, struct conf *)

/* Read an INI file (sections are allowed and ignored). A missing file is
 * WS_NOTFOUND; WS_INVALID: mistakes were collected, also unknown keys (with
 * the nearest known one), a key set twice, and a file that can't be read. */
enum err conf_load_file(struct conf *c, const char *path) WS_MUST_CHECK;

/* Read PREFIX_NAME, and PREFIX_NAME_FILE for secrets; an unknown name with
 * the prefix is a mistake. */
enum err conf_load_env(struct conf *c, char **environment) WS_MUST_CHECK;

/* Set one value; `where` names the place in messages ("--every"). */
enum err conf_set(struct conf *c, const char *name, const char *value,
                  enum conf_origin origin, const char *where) WS_MUST_CHECK;

/* WS_OK, or WS_INVALID after printing every mistake found so far. */
enum err conf_check(struct conf *c, FILE *messages) WS_MUST_CHECK;

const struct conf_key *conf_find(const struct conf_schema *s, const char *name);
enum conf_origin conf_origin(const struct conf *c, const char *name);

/* The value as it would be written in a file; secrets as "(secret)". */
void conf_value(const struct conf *c, const struct conf_key *key, char *out,
                size_t out_bytes);

void conf_print_help(const struct conf_schema *s, FILE *to);   /* flags */
void conf_print_sample(const struct conf_schema *s, FILE *to); /* an INI file */

/* The single-value parsers, for request fields and command arguments too. */
enum err conf_parse_duration(const char *text, int64_t *ms) WS_MUST_CHECK;
enum err conf_parse_size(const char *text, int64_t *bytes) WS_MUST_CHECK;
enum err conf_parse_int(const char *text, int64_t *out) WS_MUST_CHECK;

#endif
