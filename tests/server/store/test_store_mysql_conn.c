/* What the codes of the server mean; no server is asked. */
#include "server/store/store_mysql_conn.h"
#include "tests/server/made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void check_level(unsigned code, bool in_transaction, const char *level)
{
    char shown[] = "host:3306/name", log[1024];
    struct store_mysql_url url = {.shown = shown};
    struct store_mysql_conn c = {.url = &url, .in_transaction = in_transaction};
    struct made_log l;
    enum err e;

    made_log_begin(&l, LOG_LEVEL_INFO);
    e = store_mysql_conn_fail(&c, code, "words", "COMMIT");
    made_log_end(&l, log, sizeof log);
    assert_int_equal(e, WS_AGAIN);
    assert_non_null(strstr(log, level));
}

static void test_store_mysql_conn_victim_that_is_replayed_is_no_error(void **s)
{
    (void)s;
    check_level(1213, true, "\"info\"");
    check_level(1205, true, "\"info\"");
    check_level(1213, false, "\"error\""); /* nobody replays it */
    check_level(1040, false, "\"error\""); /* too many connections */
    check_level(1047, true, "\"error\"");  /* lost: not ready */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_store_mysql_conn_victim_that_is_replayed_is_no_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
