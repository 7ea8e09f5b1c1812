#include "server/http/peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct sockaddr_storage address(const char *text)
{
    struct sockaddr_storage a = {0};
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&a;
    struct sockaddr_in *v4 = (struct sockaddr_in *)&a;

    if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        a.ss_family = AF_INET6;
    } else {
        assert_int_equal(inet_pton(AF_INET, text, &v4->sin_addr), 1);
        a.ss_family = AF_INET;
    }
    return a;
}

static struct peer *add(struct peers *p, const char *text)
{
    struct sockaddr_storage a = address(text);

    return peers_add(p, (const struct sockaddr *)&a);
}

static void test_peers_a_64_counts_as_one_and_v4_in_v6_as_v4(void **state)
{
    OWN(peers_close)
    struct peers *p = NULL;

    (void)state;
    assert_int_equal(peers_open(&p, NULL, 0, 12345), WS_OK);
    assert_ptr_equal(add(p, "2001:db8:1:2::1"), add(p, "2001:db8:1:2:9::7"));
    assert_ptr_not_equal(add(p, "2001:db8:1:3::1"), add(p, "2001:db8:1:2::1"));
    assert_ptr_equal(add(p, "192.0.2.1"), add(p, "::ffff:192.0.2.1"));
    assert_ptr_not_equal(add(p, "192.0.2.1"), add(p, "192.0.2.2"));
    assert_int_equal(peers_connections(add(p, "::1")), 1);
    assert_true(peers_key_of_text("192.0.2.1") ==
                peers_key_of_text("::ffff:192.0.2.1"));
}

static void test_peers_two_seats_count_together_and_one_is_cleared(void **state)
{
    struct peers_table *table = calloc(1, sizeof(*table));
    OWN(peers_close)
    struct peers *a = NULL;
    OWN(peers_close)
    struct peers *b = NULL;
    struct peer *mine, *theirs;

    (void)state;
    assert_non_null(table);
    assert_int_equal(peers_open(&a, table, 0, 0), WS_OK);
    assert_int_equal(peers_open(&b, table, 1, 0), WS_OK);
    mine = add(a, "192.0.2.1");
    theirs = add(b, "192.0.2.1");
    assert_ptr_equal(mine, theirs);
    add(b, "192.0.2.1");
    assert_int_equal(peers_connections(mine), 3);
    peers_clear_seat(table, 1); /* its worker was killed */
    assert_int_equal(peers_connections(mine), 1);
    peers_drop(a, mine);
    assert_int_equal(peers_connections(mine), 0);
    free(table);
}

static void test_peers_more_addresses_than_places_come_and_go(void **state)
{
    OWN(peers_close)
    struct peers *p = NULL;
    char text[32];
    int i;

    (void)state;
    assert_int_equal(peers_open(&p, NULL, 0, 99), WS_OK);
    for (i = 0; i < 3 * PEERS_KEPT; i++) {
        struct peer *peer;

        snprintf(text, sizeof(text), "10.%d.%d.1", i >> 8 & 255, i & 255);
        peer = add(p, text);
        assert_non_null(peer);
        assert_int_equal(peers_connections(peer), 1);
        peers_drop(p, peer);
    }
    peers_drop(p, NULL);
    assert_int_equal(peers_connections(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peers_a_64_counts_as_one_and_v4_in_v6_as_v4),
        cmocka_unit_test(
            test_peers_two_seats_count_together_and_one_is_cleared),
        cmocka_unit_test(test_peers_more_addresses_than_places_come_and_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
