/* csv.h - rows of comma separated values.
 *
 * Flow:    a view -> [csv] -> a file that people open in a spreadsheet
 * Shapes:  RFC 4180: UTF-8 without a mark, CRLF, a header row; every text in
 *          quotation marks, quotation marks doubled, numbers and times bare
 * Errors:  the buffer's own, checked at the end
 * Source:  RFC 4180; OWASP "CSV Injection": a text that a spreadsheet would
 *          take for a formula gets an apostrophe before it
 */
#ifndef SERVER_VIEWS_CSV_H
#define SERVER_VIEWS_CSV_H

#include "core/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct csv {
    struct buf *out;
    bool begun; /* the row has a cell */
};

/* Write into a buffer, from a new row on. */
void csv_init(struct csv *c, struct buf *out);

/* One cell each; NULL, and a time of 0, is an empty one. */
void csv_text(struct csv *c, const char *text);
void csv_int(struct csv *c, int64_t v);
void csv_time(struct csv *c, int64_t ns);

/* End the row. */
void csv_end_row(struct csv *c);

#endif
