/* part_header.h - the header lines of one part of a form.
 *
 * Errors:  WS_INVALID  a line without a colon, a part that is not form-data,
 *          a name that is empty or too long, an encoding that is not plain
 * Source:  RFC 7578 section 4; RFC 9110 section 5.6.6 (parameters)
 */
#ifndef SERVER_HTTP_PART_HEADER_H
#define SERVER_HTTP_PART_HEADER_H

#include "core/err.h"
#include "server/http/multipart.h"

/* Take in one line, without its CRLF; unknown headers are passed over. */
enum err part_header_read(const char *line,
                          struct multipart_part *part) WS_MUST_CHECK;

/* Find a parameter in "; a=b; c=\"d e\""; false: absent, or longer than out
 * takes. */
bool part_header_value(const char *parameters, const char *name, char *out,
                       size_t out_bytes);

#endif
