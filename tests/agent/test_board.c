#include "agent/board.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/json.h"

static void test_board_attach_in_other_process_shares_numbers(void **state)
{
    OWN(board_close)
    struct board *b = NULL;
    OWN_FD int fd = -1;
    int status = -1;
    pid_t pid;

    (void)state;
    assert_int_equal(board_create(&b, &fd), WS_OK);
    pid = fork();
    if (pid == 0) {
        struct board *mine = NULL;

        if (board_attach(&mine, fd))
            _exit(1);
        board_alive(mine, BOARD_CAPTURE, 5);
        board_alive(mine, BOARD_CAPTURE, 7);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(b->role[BOARD_CAPTURE].busy_ns, 12);
    assert_true(b->role[BOARD_CAPTURE].alive_boot_ns > 0);
    assert_int_equal(b->role[BOARD_AI].alive_boot_ns, 0);
}

static void test_board_attach_other_size_is_invalid(void **state)
{
    struct board *b = NULL;
    OWN_FD int fd = memfd_create("test", MFD_CLOEXEC);

    (void)state;
    assert_int_equal(ftruncate(fd, 64), 0);
    assert_int_equal(board_attach(&b, fd), WS_INVALID);
    assert_null(b);
}

static void test_board_badge_older_than_a_second_is_down(void **state)
{
    OWN(board_close)
    struct board *b = NULL;
    OWN_FD int fd = -1;

    (void)state;
    assert_int_equal(board_create(&b, &fd), WS_OK);
    assert_false(board_badge_up(b));
    b->badge_shown_boot_ns = clock_boot_ns();
    assert_true(board_badge_up(b));
    b->badge_shown_boot_ns = clock_boot_ns() - 2 * CLOCK_NS_PER_S;
    assert_false(board_badge_up(b));
}

static void test_board_json_names_every_role_and_number(void **state)
{
    OWN(board_close)
    struct board *b = NULL;
    OWN(json_free)
    struct json *doc = NULL;
    OWN_BUF struct buf text = BUF_EMPTY;
    OWN_FD int fd = -1;
    const struct json *roles;
    struct jsonw w;

    (void)state;
    assert_int_equal(board_create(&b, &fd), WS_OK);
    b->queue_dead = 3;
    b->capture_state = BOARD_PAUSED;
    jsonw_init(&w, &text);
    jsonw_object(&w, NULL);
    board_json(b, &w);
    jsonw_object_end(&w);
    assert_int_equal(json_parse(text.data, text.len, &doc, NULL), WS_OK);
    roles = json_get(doc, "roles");
    assert_int_equal(json_count(roles), BOARD_ROLES);
    assert_string_equal(json_text(json_get(json_first(roles), "name"), ""),
                        "supervisor");
    assert_int_equal(json_int(json_get(doc, "queue_dead"), 0), 3);
    assert_int_equal(json_int(json_get(doc, "server_features"), 0), -1);
    assert_string_equal(json_text(json_get(doc, "capture_state"), ""),
                        "paused");
    /* A number that was added to the page must get a row too: the page is
     * the roles, one text, then int64 members only; 3 words and the list come
     * on top. */
    assert_int_equal(json_count(doc),
                     4 +
                         (sizeof(struct board) -
                          sizeof(((struct board *)0)->role) -
                          sizeof(((struct board *)0)->upload_trouble)) /
                             sizeof(int64_t) -
                         2);
}

static void test_board_trouble_longer_than_its_room_is_cut(void **state)
{
    OWN(board_close)
    struct board *b = NULL;
    OWN_FD int fd = -1;
    OWN_BUF struct buf text = BUF_EMPTY;
    OWN(json_free)
    struct json *doc = NULL;
    char words[2 * BOARD_TEXT_BYTES];
    struct jsonw w;

    (void)state;
    assert_int_equal(board_create(&b, &fd), WS_OK);
    memset(words, 'w', sizeof words);
    words[sizeof words - 1] = '\0';
    board_trouble(b, words);
    board_trouble(b, "no answer");
    jsonw_init(&w, &text);
    jsonw_object(&w, NULL);
    board_json(b, &w);
    jsonw_object_end(&w);
    assert_int_equal(json_parse(text.data, text.len, &doc, NULL), WS_OK);
    assert_string_equal(json_text(json_get(doc, "upload_trouble"), ""),
                        "no answer");
    board_trouble(b, words);
    assert_int_equal(b->upload_trouble[BOARD_TEXT_BYTES - 2], 'w');
    assert_int_equal(b->upload_trouble[BOARD_TEXT_BYTES - 1], '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_board_attach_in_other_process_shares_numbers),
        cmocka_unit_test(test_board_attach_other_size_is_invalid),
        cmocka_unit_test(test_board_badge_older_than_a_second_is_down),
        cmocka_unit_test(test_board_json_names_every_role_and_number),
        cmocka_unit_test(test_board_trouble_longer_than_its_room_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
