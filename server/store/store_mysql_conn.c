/* store_mysql_conn.c - one connection: set up, checked, translated, replaced.
 *
 * Source:  dev.mysql.com/doc/mysql-errors; mariadb.com/kb/mariadb-error-codes;
 *          rigs.md "SQL that runs on both MySQL and MariaDB"
 *
 * A connection is lost when the library says so, and also when the server says
 * that it is the wrong one to write to (1290, 1792: a failover made it read
 * only; 1047: a node of a cluster without a majority). The next use connects
 * again, which lets a name or a balancer lead elsewhere.
 */
#include "server/store/store_mysql_conn.h"

#include "core/clock.h"
#include "core/log.h"

#include <errmsg.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_S 5
#define ANSWER_S 20 /* a server that says nothing for so long is lost */
#define WAIT_LEAST_NS (INT64_C(100) * 1000000)
#define WAIT_MOST_NS (INT64_C(5000) * 1000000)
#define PACKET_MOST_BYTES (64UL << 20)
#define SEND_AT_ONCE_BYTES (512UL << 10)

/* --- what a code means --- */

enum loss { KEEPS, LOSES };

static const struct meaning {
    unsigned code;
    enum err e;
    enum loss loss;
} meanings[] = {
    {1062, WS_EXISTS, KEEPS},  /* duplicate entry */
    {1586, WS_EXISTS, KEEPS},  /* the same, with the key's name */
    {1060, WS_EXISTS, KEEPS},  /* a column: another server made it just now */
    {1061, WS_EXISTS, KEEPS},  /* the same with an index */
    {1091, WS_EXISTS, KEEPS},  /* an index: another server dropped it */
    {1213, WS_AGAIN, KEEPS},   /* deadlock */
    {1205, WS_AGAIN, KEEPS},   /* lock wait timeout */
    {3101, WS_AGAIN, KEEPS},   /* group replication rolled it back */
    {1020, WS_AGAIN, KEEPS},   /* the row changed since it was read */
    {1047, WS_AGAIN, LOSES},   /* this node of a cluster is not ready */
    {1406, WS_INVALID, KEEPS}, /* too long for its column */
    {1264, WS_INVALID, KEEPS}, /* out of range */
    {1366, WS_INVALID, KEEPS}, /* not a value of that kind */
    {1048, WS_INVALID, KEEPS}, /* NULL where none may be */
    {1265, WS_INVALID, KEEPS}, /* would have been cut */
    {3140, WS_INVALID, KEEPS}, /* not JSON */
    {1153, WS_INVALID, LOSES}, /* over max_allowed_packet: halves may fit */
    {CR_NET_PACKET_TOO_LARGE, WS_INVALID, LOSES},
    {1114, WS_FULL, KEEPS}, /* the table is full */
    {1021, WS_FULL, KEEPS}, /* the disk is full */
    {1037, WS_NOMEM, KEEPS},
    {1041, WS_NOMEM, KEEPS},
    {1290, WS_IO, LOSES}, /* started read only */
    {1792, WS_IO, LOSES}, /* a transaction that may not write */
    {1836, WS_IO, LOSES}, /* read-only mode */
    {1053, WS_IO, LOSES}, /* shuts down */
    {1927, WS_IO, LOSES}, /* killed */
    {4031, WS_IO, LOSES}, /* idle for too long */
    {CR_SERVER_GONE_ERROR, WS_IO, LOSES},
    {CR_SERVER_LOST, WS_IO, LOSES},
    {CR_COMMANDS_OUT_OF_SYNC, WS_IO, LOSES},
    {CR_MALFORMED_PACKET, WS_IO, LOSES},
    {2055, WS_IO, LOSES},    /* lost, with the system's reason */
    {1040, WS_AGAIN, KEEPS}, /* too many connections */
    {1044, WS_DENIED, KEEPS},
    {1045, WS_DENIED, KEEPS},
    {1142, WS_DENIED, KEEPS},
    {1698, WS_DENIED, KEEPS},
};

enum err store_mysql_conn_fail(struct store_mysql_conn *c, unsigned code,
                               const char *words, const char *doing)
{
    struct meaning m = {code, WS_IO, KEEPS};

    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (meanings[i].code == code)
            m = meanings[i];
    if (code == 1030 && strstr(words, " 28 ")) /* the engine met ENOSPC */
        m.e = WS_FULL;
    if (code == 1792 && c->guarded) /* the transaction was ended unasked */
        m = (struct meaning){code, WS_AGAIN, KEEPS};
    if (m.loss == LOSES)
        c->lost = true;
    if (m.e == WS_AGAIN && m.loss == KEEPS && c->in_transaction)
        log_info("db_again",
                 "%s: %s (MySQL code %u), to be replayed, at: %.200s",
                 c->url->shown, words, code, doing);
    else if (m.e != WS_EXISTS)
        log_error("db_error", "%s: %s (MySQL code %u) at: %.200s",
                  c->url->shown, words, code, doing);
    return m.e;
}

static enum err fail(struct store_mysql_conn *c, const char *doing)
{
    return store_mysql_conn_fail(c, mysql_errno(c->raw), mysql_error(c->raw),
                                 doing);
}

/* --- one text --- */

enum err store_mysql_conn_query(struct store_mysql_conn *c, const char *sql)
{
    MYSQL_RES *rows;

    if (mysql_real_query(c->raw, sql, strlen(sql)))
        return fail(c, sql);
    rows = mysql_store_result(c->raw);
    if (!rows && mysql_field_count(c->raw))
        return fail(c, sql);
    mysql_free_result(rows);
    return WS_OK;
}

/* --- set up --- */

static const char *const session[] = {
    "SET SESSION sql_mode='" STORE_MYSQL_MODES "'",
    "SET NAMES utf8mb4 COLLATE utf8mb4_bin",
    "SET SESSION time_zone='+00:00'",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION innodb_lock_wait_timeout=5",
};

static enum err check_session(struct store_mysql_conn *c)
{
    static const char sql[] = "SELECT @@sql_mode, @@max_allowed_packet";
    MYSQL_RES *rows;
    MYSQL_ROW row;
    enum err e = WS_OK;

    if (mysql_real_query(c->raw, sql, sizeof(sql) - 1))
        return fail(c, sql);
    rows = mysql_store_result(c->raw);
    if (!rows)
        return fail(c, sql);
    row = mysql_fetch_row(rows);
    if (!row || !row[0] || !row[1]) {
        e = WS_IO;
    } else if (strcmp(row[0], STORE_MYSQL_MODES) != 0) {
        log_error("db_mode", "%s: sql_mode is %s and not what was set",
                  c->url->shown, row[0]);
        e = WS_INVALID;
    } else {
        c->packet_bytes = strtoul(row[1], NULL, 10);
    }
    mysql_free_result(rows);
    return e;
}

static enum err ask_cluster(struct store_mysql_conn *c)
{
    static const char sql[] = "SHOW VARIABLES WHERE variable_name = 'wsrep_on'"
                              " AND value = 'ON'";
    MYSQL_RES *rows;

    if (mysql_real_query(c->raw, sql, sizeof(sql) - 1))
        return fail(c, sql);
    rows = mysql_store_result(c->raw);
    if (!rows)
        return fail(c, sql);
    c->in_cluster = mysql_num_rows(rows) > 0;
    mysql_free_result(rows);
    return WS_OK;
}

static bool can_take_arrays(MYSQL *raw)
{
    unsigned can = 0; /* the upper half of 64 flags */

    return mariadb_get_infov(raw,
                             MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES,
                             &can) == 0 &&
           (can & (unsigned)(MARIADB_CLIENT_STMT_BULK_OPERATIONS >> 32));
}

/* On a node of a Galera cluster (MariaDB's, Percona's) a transaction and a
 * SELECT of its own begin when the node has applied all that was committed
 * anywhere before: what one server answered for is seen by the next. Arrays of
 * rows are not for a cluster: in a race of 1,500 keys on MariaDB 10.11 with
 * Galera 4 the fleet's figures were added up twice, guarded as they were. */
static enum err learn_server(struct store_mysql_conn *c)
{
    enum err e = ask_cluster(c);

    if (e)
        return e;
    c->takes_arrays = !c->in_cluster && can_take_arrays(c->raw);
    return c->in_cluster
               ? store_mysql_conn_query(c, "SET SESSION wsrep_sync_wait=1")
               : WS_OK;
}

enum err store_mysql_conn_guard(struct store_mysql_conn *c, bool on)
{
    enum err e;

    if (!c->in_cluster || c->read_only || c->guarded == on)
        return WS_OK;
    e = store_mysql_conn_query(c, on ? "SET SESSION TRANSACTION READ ONLY"
                                     : "SET SESSION TRANSACTION READ WRITE");
    if (!e)
        c->guarded = on;
    return e;
}

bool store_mysql_conn_is_open(const struct store_mysql_conn *c)
{
    unsigned status = 0;

    return mariadb_get_infov(c->raw, MARIADB_CONNECTION_SERVER_STATUS,
                             &status) == 0 &&
           (status & SERVER_STATUS_IN_TRANS);
}

static void set_options(struct store_mysql_conn *c)
{
    const unsigned connect_s = CONNECT_S, answer_s = ANSWER_S;
    const unsigned tcp = MYSQL_PROTOCOL_TCP, local = MYSQL_PROTOCOL_SOCKET;
    const unsigned long packet = PACKET_MOST_BYTES;
    const unsigned long at_once = SEND_AT_ONCE_BYTES;
    const unsigned infile = 0;
    const my_bool yes = 1;

    mysql_options(c->raw, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
    mysql_options(c->raw, MYSQL_OPT_READ_TIMEOUT, &answer_s);
    mysql_options(c->raw, MYSQL_OPT_WRITE_TIMEOUT, &answer_s);
    mysql_options(c->raw, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
    mysql_options(c->raw, MYSQL_OPT_NET_BUFFER_LENGTH, &at_once);
    mysql_options(c->raw, MYSQL_OPT_LOCAL_INFILE, &infile);
    mysql_options(c->raw, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(c->raw, MYSQL_OPT_PROTOCOL, c->url->socket ? &local : &tcp);
    if (!c->url->tls)
        return;
    mysql_ssl_set(c->raw, NULL, NULL, c->url->ca, NULL, NULL);
    mysql_options(c->raw, MYSQL_OPT_SSL_ENFORCE, &yes);
    mysql_options(c->raw, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
}

static enum err connect_now(struct store_mysql_conn *c)
{
    const struct store_mysql_url *u = c->url;
    enum err e;

    c->raw = mysql_init(NULL);
    if (!c->raw)
        return WS_NOMEM;
    set_options(c);
    /* found rows, not changed ones: an update that changes nothing hit */
    if (!mysql_real_connect(c->raw, u->socket ? NULL : u->host, u->user,
                            u->password, u->database, u->port, u->socket,
                            CLIENT_FOUND_ROWS))
        return fail(c, "connect");
    for (size_t i = 0; i < sizeof(session) / sizeof(session[0]); i++) {
        e = store_mysql_conn_query(c, session[i]);
        if (e)
            return e;
    }
    e = check_session(c);
    if (!e)
        e = learn_server(c);
    if (!e && c->read_only)
        e = store_mysql_conn_query(c, "SET SESSION TRANSACTION READ ONLY");
    return e;
}

void store_mysql_conn_drop(struct store_mysql_conn *c)
{
    if (c->raw)
        mysql_close(c->raw);
    c->raw = NULL;
    c->lost = false;
    c->in_transaction = false;
    c->guarded = false;
}

enum err store_mysql_conn_ready(struct store_mysql_conn *c)
{
    int64_t now = clock_mono_ns();
    enum err e;

    if (c->raw && !c->lost)
        return WS_OK;
    if (c->in_transaction || now < c->retry_at_ns)
        return WS_IO;
    store_mysql_conn_drop(c);
    e = connect_now(c);
    if (!e) {
        if (c->generation)
            log_info("db_connected", "%s: connected again", c->url->shown);
        c->generation++;
        c->wait_ns = 0;
        return WS_OK;
    }
    store_mysql_conn_drop(c);
    c->wait_ns = c->wait_ns ? c->wait_ns * 2 : WAIT_LEAST_NS;
    if (c->wait_ns > WAIT_MOST_NS)
        c->wait_ns = WAIT_MOST_NS;
    c->retry_at_ns = clock_mono_ns() + c->wait_ns;
    return e == WS_AGAIN ? WS_IO : e;
}
