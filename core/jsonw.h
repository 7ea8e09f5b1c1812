/* jsonw.h - writing JSON, member by member, into a buffer.
 *
 * Shapes:  key is NULL inside an array and for the root
 * Errors:  the buffer's sticky failure; check it once with buf_check()
 * Source:  RFC 8259; numbers in the shortest form that reads back equal;
 *          NaN and infinity become null; bytes that are not UTF-8 become
 *          U+FFFD
 */
#ifndef CORE_JSONW_H
#define CORE_JSONW_H

#include "core/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct jsonw {
    struct buf *out;
    bool comma; /* something stands before in this container */
};

void jsonw_init(struct jsonw *w, struct buf *out);
void jsonw_object(struct jsonw *w, const char *key); /* open { */
void jsonw_object_end(struct jsonw *w);
void jsonw_array(struct jsonw *w, const char *key); /* open [ */
void jsonw_array_end(struct jsonw *w);
void jsonw_text(struct jsonw *w, const char *key,
                const char *v); /* NULL: null */
void jsonw_text_len(struct jsonw *w, const char *key, const char *v,
                    size_t len);
void jsonw_int(struct jsonw *w, const char *key, int64_t v);
void jsonw_number(struct jsonw *w, const char *key, double v);
void jsonw_bool(struct jsonw *w, const char *key, bool v);
void jsonw_null(struct jsonw *w, const char *key);
void jsonw_time(struct jsonw *w, const char *key,
                int64_t wall_ns); /* ISO, 0: null */
void jsonw_raw(struct jsonw *w, const char *key, const char *json, size_t len);

#endif
