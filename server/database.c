#include "server/database.h"

#include "core/io.h"
#include "core/log.h"
#include "core/own.h"
#include "server/store/store.h"
#include "server/store/store_mysql_url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define DATABASE_PASSWORD_BYTES 4096

bool database_is_embedded(const struct settings *s)
{
    return !s->db || !*s->db;
}

/* The first line of the file, as %XX bytes. */
static enum err read_password(const char *path, struct buf *out)
{
    OWN_BUF struct buf text = BUF_EMPTY;
    enum err e = io_read_file(path, DATABASE_PASSWORD_BYTES, &text);
    const char *c;

    if (e) {
        log_error("db_password", "db_password_file = \"%s\" can't be read: %s",
                  path, err_name(e));
        return e;
    }
    for (c = buf_text(&text); *c && *c != '\n' && *c != '\r'; c++) {
        if (isalnum((unsigned char)*c))
            buf_append(out, c, 1);
        else
            buf_printf(out, "%%%02X", (unsigned char)*c);
    }
    explicit_bzero(text.data, text.len);
    return buf_check(out);
}

enum err database_address(const struct settings *s, char **out)
{
    OWN_BUF struct buf address = BUF_EMPTY, password = BUF_EMPTY;
    const char *at, *user;
    enum err e;

    if (database_is_embedded(s)) {
        *out = store_address(s->data);
        return *out ? WS_OK : WS_NOMEM;
    }
    if (!*s->db_password_file) {
        *out = strdup(s->db);
        return *out ? WS_OK : WS_NOMEM;
    }
    user = strstr(s->db, "//");
    at = user ? memrchr(user, '@', strcspn(user, "?")) : NULL;
    if (!at || memchr(user, ':', (size_t)(at - user))) {
        log_error("db_address", at ? "db has a password already: leave it out "
                                     "or leave db_password_file out"
                                   : "db names no user: write it as "
                                     "mysql://USER@HOST/DATABASE");
        return WS_INVALID;
    }
    e = read_password(s->db_password_file, &password);
    buf_printf(&address, "%.*s:%s%s", (int)(at - s->db), s->db,
               buf_text(&password), at);
    if (!e)
        e = buf_check(&address);
    if (!e)
        *out = TAKE(address.data);
    return e;
}

enum err database_needs(const struct settings *s, struct database_needs *out)
{
    OWN(store_mysql_url_close)
    struct store_mysql_url *u = NULL;
    enum err e;

    *out = (struct database_needs){.network = false};
    if (database_is_embedded(s) || strncmp(s->db, "mysql:", 6) != 0)
        return WS_OK; /* store_open() says what is wrong with another one */
    e = store_mysql_url_open(&u, s->db + 6);
    if (e)
        return e;
    out->unix_socket = u->socket != NULL;
    out->network = !u->socket;
    if (u->tls && strrchr(u->ca, '/')) {
        out->folder = TAKE(u->ca);
        *strrchr(out->folder, '/') = '\0';
    }
    return WS_OK;
}
