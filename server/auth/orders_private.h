/* orders_private.h - what the files of the orders share.
 *
 * Flow:    orders.c (the table) -> orders_accounts.c, orders_codes.c
 */
#ifndef SERVER_AUTH_ORDERS_PRIVATE_H
#define SERVER_AUTH_ORDERS_PRIVATE_H

#include "core/jsonw.h"
#include "server/auth/orders.h"
#include "server/store/store_accounts.h"

/* Say no: the answer holds what is wrong and what to do; WS_INVALID. */
enum err orders_refuse(struct orders *o, const char *fix, const char *fmt, ...)
    WS_PRINTF(3, 4);
/* The same about a value that was given: the command ends with 2. */
enum err orders_refuse_value(struct orders *o, const char *fix, const char *fmt,
                             ...) WS_PRINTF(3, 4);
enum err orders_refuse_name(struct orders *o, const char *name);

/* Open and close an answer that says yes. */
struct jsonw orders_begin(struct orders *o);
enum err orders_end(struct orders *o, struct jsonw *w) WS_MUST_CHECK;

/* One kind of thing that is listed. */
struct orders_list {
    enum err (*read)(struct store *s, int64_t after_id, void *rows, size_t max,
                     size_t *count);
    void (*write)(const void *row, struct jsonw *w); /* its members */
    size_t row_bytes, id_at;                         /* of an int64_t */
};

/* Answer {"items":[...],"more"}: all there are, or as many as an answer holds.
 */
enum err orders_write_list(struct store *s, struct orders *o,
                           const struct orders_list *list) WS_MUST_CHECK;

/* A text of the request, "" without it. */
const char *orders_text(const struct orders *o, const char *key);

/* A row of the access log for this order. */
enum err orders_audit(struct store *s, const struct orders *o,
                      const char *action, const char *object,
                      const char *detail) WS_MUST_CHECK;

/* The account of a name, or refused. */
enum err orders_account(struct store *s, struct orders *o, const char *name,
                        struct store_account *out) WS_MUST_CHECK;

enum err orders_accounts_user_add(struct store *s, struct orders *o);
enum err orders_accounts_user_password(struct store *s, struct orders *o);
enum err orders_accounts_user_list(struct store *s, struct orders *o);
enum err orders_accounts_key_create(struct store *s, struct orders *o);
enum err orders_accounts_key_list(struct store *s, struct orders *o);
enum err orders_accounts_key_revoke(struct store *s, struct orders *o);
enum err orders_codes_code_create(struct store *s, struct orders *o);
enum err orders_codes_code_list(struct store *s, struct orders *o);
enum err orders_codes_code_revoke(struct store *s, struct orders *o);
enum err orders_codes_setup_link(struct store *s, struct orders *o);
enum err orders_codes_token_revoke(struct store *s, struct orders *o);

#endif
