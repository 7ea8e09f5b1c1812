/* classify.h - what kind of application is in front.
 *
 * Flow:    window facts -> [classify] -> features
 * Shapes:  user rules first, the first that matches wins; then the table of
 *          known names. The rule that decided is named by its table entry or
 *          its line number, never by the window's own text
 * Units:   prior -1..1: how much a class speaks for focused work; confidence
 *          0..1 of the class
 * Errors:  WS_INVALID  a rule cannot be read: the message names line and fix
 * Owns:    classify_open() hands over the rules; classify_close() ends them
 * Process: pure after classify_open()
 * Source:  ai.md "Features": name, title and domain; screen text is weak
 *          evidence and is not asked
 */
#ifndef AGENT_AI_CLASSIFY_H
#define AGENT_AI_CLASSIFY_H

#include "core/err.h"
#include "core/own.h"

#include <stdio.h>

enum category {
    CATEGORY_UNKNOWN,
    CATEGORY_DEVELOPMENT,
    CATEGORY_OFFICE,
    CATEGORY_COMMUNICATION,
    CATEGORY_DESIGN,
    CATEGORY_REFERENCE,
    CATEGORY_SYSTEM,
    CATEGORY_WEB,
    CATEGORY_MEDIA,
    CATEGORY_SOCIAL,
    CATEGORY_GAMES,
    CATEGORY_COUNT,
};

struct classify_category {
    const char *name; /* on the wire */
    double prior;     /* a multiple of 1/4, so that sums are exact */
    const char *doc;
};

extern const struct classify_category classify_categories[CATEGORY_COUNT];

#define CLASSIFY_RULE_BYTES 64

struct classify_result {
    enum category category;
    double confidence;
    char rule[CLASSIFY_RULE_BYTES]; /* "name:firefox", "title:youtube",
                                       "user:3", "none" */
};

struct classify;

/* Read user rules, one a line: `CATEGORY app=REGEX` or `CATEGORY title=REGEX`
 * (POSIX extended, any case; both may stand in one line). # is a comment. */
enum err classify_open(struct classify **out, const char *rules,
                       FILE *messages) WS_MUST_CHECK;

/* The same from a file; an empty path means no rules of the person's own. */
enum err classify_open_file(struct classify **out, const char *path,
                            FILE *messages) WS_MUST_CHECK;
void classify_close(struct classify *c);
OWN_DEFINE(classify_close, struct classify *)

/* Class a window by its application's name and its title. */
void classify_window(const struct classify *c, const char *app,
                     const char *title, struct classify_result *out);

#endif
