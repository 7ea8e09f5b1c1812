#include "server/store/store_mysql_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_store_mysql_url_whole_form_gives_every_part(void **state)
{
    OWN(store_mysql_url_close)
    struct store_mysql_url *u = NULL;

    (void)state;
    assert_int_equal(
        store_mysql_url_open(&u, "//ana:p%40ss%2f@db.example:3307/work%20s"
                                 "?ca=/etc/ca.pem"),
        WS_OK);
    assert_string_equal(u->user, "ana");
    assert_string_equal(u->password, "p@ss/");
    assert_string_equal(u->host, "db.example");
    assert_int_equal(u->port, 3307);
    assert_string_equal(u->database, "work s");
    assert_string_equal(u->ca, "/etc/ca.pem");
    assert_null(u->socket);
    assert_true(u->tls);
    assert_null(strstr(u->shown, "p@ss"));
}

static void test_store_mysql_url_loopback_and_socket_need_no_tls(void **state)
{
    static const struct {
        const char *where;
        bool tls;
    } cases[] = {
        {"//a@localhost/w", false},
        {"//a@127.0.0.1/w", false},
        {"//a@127.1.2.3:1/w", false},
        {"//a@[::1]:3306/w", false},
        {"//a@localhost/w?socket=/run/mysqld/mysqld.sock", false},
        {"//a@db/w?socket=/run/mysqld/mysqld.sock", false},
        {"//a@127.0.0.1/w?tls=on", true},
        {"//a@127.evil.example/w", true},
        {"//a@10.0.0.7/w", true},
        {"//a@[2001:db8::1]/w", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OWN(store_mysql_url_close)
        struct store_mysql_url *u = NULL;

        assert_int_equal(store_mysql_url_open(&u, cases[i].where), WS_OK);
        assert_int_equal(u->tls, cases[i].tls);
    }
}

static void test_store_mysql_url_broken_form_is_invalid(void **state)
{
    static const char *const cases[] = {
        "",
        "a@b/c",
        "//host/database",
        "//@host/database",
        "//a@host",
        "//a@host/",
        "//a@/database",
        "//a@host:0/d",
        "//a@host:65536/d",
        "//a@host:x/d",
        "//a%4@host/d",
        "//a%00b@host/d",
        "//a@host/d?speed=9",
        "//a@host/d?socket",
        "//a@host/d?tls=off",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct store_mysql_url *u = NULL;

        assert_int_equal(store_mysql_url_open(&u, cases[i]), WS_INVALID);
        assert_null(u);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_store_mysql_url_whole_form_gives_every_part),
        cmocka_unit_test(test_store_mysql_url_loopback_and_socket_need_no_tls),
        cmocka_unit_test(test_store_mysql_url_broken_form_is_invalid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
