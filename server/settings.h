/* settings.h - every setting of the server, as one table (core/conf.h).
 *
 * Shapes:  rows fill struct settings of server/server.h
 */
#ifndef SERVER_SETTINGS_H
#define SERVER_SETTINGS_H

#include "core/conf.h"
#include "server/server.h"

#include <stdio.h>

extern const struct conf_schema settings_schema;

/* What no single row can check; WS_INVALID after saying what and the fix. */
enum err settings_check(const struct settings *s, FILE *messages) WS_MUST_CHECK;

#endif
