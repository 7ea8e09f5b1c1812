/* form.h - the parts of a form: fields in memory, files there too while there
 * is room, else without a name on the disk of the blobs.
 *
 * Flow:    body bytes -> [form] -> exchange_part()
 * Errors:  WS_INVALID, WS_FULL as multipart.h; also WS_FULL for fields over
 *          FORM_MAX_FIELD_BYTES or a disk that is full (see form_disk_full)
 *          WS_IO  the spool folder can't be written
 * Owns:    form_open() hands the caller a form; form_close() ends it, and
 *          every file that nobody took
 * Source:  server.md "How it answers", 6; open(2) O_TMPFILE
 */
#ifndef SERVER_HTTP_FORM_H
#define SERVER_HTTP_FORM_H

#include "core/err.h"
#include "core/own.h"
#include "server/http/exchange.h"
#include "server/http/rooms.h"

#define FORM_MAX_FIELD_BYTES (64 << 10) /* all fields together */

struct form;

enum err form_open(struct form **out, const char *content_type,
                   const char *spool_dir) WS_MUST_CHECK;
void form_close(struct form *f);
OWN_DEFINE(form_close, struct form *)

/* Files may be held in memory, if there is a room for the len bytes of body
 * that are to come. */
void form_hold(struct form *f, struct rooms *rooms, size_t len);
/* Memory that files take, from the first byte of the first one. */
size_t form_held(const struct form *f);

enum err form_feed(struct form *f, const char *data, size_t len) WS_MUST_CHECK;
enum err form_end(struct form *f) WS_MUST_CHECK;

/* The last part of that name, or NULL. */
struct exchange_part *form_part(struct form *f, const char *name);

/* True when WS_FULL or WS_IO came from the disk and not from the client. */
bool form_disk_failed(const struct form *f);

#endif
