/* words.h - times and sizes as people read them.
 *
 * Shapes:  every function writes into the caller's room and returns it
 */
#ifndef AGENT_CLI_WORDS_H
#define AGENT_CLI_WORDS_H

#include <stddef.h>
#include <stdint.h>

#define WORDS_BYTES 48

/* "12 s", "4 min", "3 h", "2 d" */
const char *words_span(int64_t ms, char out[WORDS_BYTES]);

/* "12 s ago"; "never" for 0 */
const char *words_ago(int64_t wall_ms, int64_t now_ms, char out[WORDS_BYTES]);

/* "2026-11-22 14:05:09" in the local time zone; "-" for 0 */
const char *words_time(int64_t wall_ms, char out[WORDS_BYTES]);

/* "1.1 MB" */
const char *words_bytes(int64_t bytes, char out[WORDS_BYTES]);

#define WORDS_LINE_BYTES 512

/* The start of a text that somebody else wrote, on one line and without what a
 * terminal would obey. */
const char *words_line(const char *text, char out[WORDS_LINE_BYTES]);

#endif
