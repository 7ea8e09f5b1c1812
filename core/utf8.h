/* utf8.h - is it UTF-8, and how many characters.
 *
 * Source:  RFC 3629: no overlong forms, no surrogates, at most U+10FFFF
 */
#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the sequence that starts at text; 0 if it is not valid. */
size_t utf8_sequence(const char *text, size_t left);

bool utf8_valid(const char *text, size_t len);

/* Characters of valid UTF-8. */
size_t utf8_count(const char *text);

#endif
