/* answer.h - the head of an answer, as bytes.
 *
 * Source:  RFC 9110, 9112; the security headers of ui.md section 3
 */
#ifndef SERVER_HTTP_ANSWER_H
#define SERVER_HTTP_ANSWER_H

#include "core/buf.h"
#include "server/http/exchange_private.h"

/* Append status line and header lines for the exchange's answer. */
void answer_head(const struct exchange *x, bool last, const char *date,
                 struct buf *out);

/* False for HEAD, 204 and 304: nothing follows the head. */
bool answer_has_body(const struct exchange *x);

#endif
