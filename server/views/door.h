/* door.h - what the ways in have in common: a JSON body read strictly, a new
 * login with its cookie, rows of the access log, and `Me`.
 *
 * Flow:    login.c, setup.c, me.c -> [door] -> committer, store_accounts
 * Errors:  what is wrong was answered; the handler returns
 * Process: on a reader thread
 * Source:  ui.md S18; api/openapi.yaml
 */
#ifndef SERVER_VIEWS_DOOR_H
#define SERVER_VIEWS_DOOR_H

#include "core/json.h"
#include "core/jsonw.h"
#include "server/http/exchange.h"
#include "server/store/store_accounts.h"

#include <stdbool.h>
#include <stdint.h>

/* Requests that make a login come from our own page or from no page: false,
 * and answered, otherwise. */
bool door_is_open(struct exchange *x);

/* May a password or a link be tried under this name from here, now? False:
 * answered 429 with the time to wait. */
bool door_may_try(struct exchange *x, const char *name, int64_t now_ns);

/* One member that a body may have. */
struct door_member {
    const char *name;
    enum json_kind kind; /* JSON_TEXT or JSON_BOOL */
    bool required;
    size_t max_chars;
};
/* The body as an object with no other members; NULL: answered 400. */
struct json *door_body(struct exchange *x, const struct door_member *members,
                       size_t count);

/* Answer 400 about one member. */
void door_refuse(struct exchange *x, const char *pointer, const char *fmt, ...)
    WS_PRINTF(3, 4);

/* A login to be stored, and the cookie's secret. */
struct door_login {
    struct store_login row;
    char secret[72];
};
void door_make_login(struct exchange *x, int64_t account_id,
                     struct door_login *out);

/* Append a row of the access log, in the writer's transaction. */
struct door_audit {
    struct exchange *x;
    const char *actor, *action, *object, *detail;
    int64_t account_id;
};
enum err door_write_audit(struct store *writer,
                          const struct door_audit *a) WS_MUST_CHECK;

/* Answer 200 with Me and the cookie of a login that was just stored. */
void door_welcome(struct exchange *x, const struct store_account *account,
                  const struct door_login *login, const char *wrap);

/* Write `Me`; login_id 0 and csrf "" are those of a key. */
void door_write_me(struct exchange *x, struct jsonw *w, const char *key,
                   const char *name, unsigned roles, const char *csrf,
                   int64_t login_id);

/* Take the cookie away. */
void door_clear_cookie(struct exchange *x);

#endif
