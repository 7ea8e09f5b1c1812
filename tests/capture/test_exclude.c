/* test_exclude.c - shipped exclusions (privacy.md M4), and what they spare. */
#include "agent/capture/exclude.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_exclude_each_rule_matches_itself(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < exclude_rule_count; i++) {
        const struct exclude_rule *r = &exclude_rules[i];

        assert_true((r->app != NULL) != (r->title != NULL));
        assert_int_not_equal(exclude_match(r->app, NULL, r->title),
                             EXCLUDE_NOTHING);
    }
}

static void test_exclude_each_kind_has_rules_and_a_word(void **state)
{
    size_t seen[EXCLUDE_KINDS] = {0}, i;

    (void)state;
    for (i = 0; i < exclude_rule_count; i++)
        seen[exclude_rules[i].kind]++;
    for (i = EXCLUDE_NOTHING + 1; i < EXCLUDE_KINDS; i++) {
        assert_true(seen[i] > 0);
        assert_non_null(exclude_word((enum exclude_kind)i));
    }
}

static void test_exclude_real_windows_are_left_out(void **state)
{
    static const struct {
        const char *app, *instance, *title;
        enum exclude_kind kind;
    } corpus[] = {
        {"KeePassXC", "keepassxc", "Passwords.kdbx - KeePassXC",
         EXCLUDE_PASSWORDS},
        {"keepassxc", NULL, NULL, EXCLUDE_PASSWORDS},
        {"firefox", "Navigator", "News - Mozilla Firefox Private Browsing",
         EXCLUDE_PRIVATE_BROWSING},
        {"Chromium", "chromium", "New Incognito Tab - Chromium",
         EXCLUDE_PRIVATE_BROWSING},
        {"firefox", "Navigator", "Navigation priv\303\251e de Mozilla Firefox",
         EXCLUDE_PRIVATE_BROWSING},
        {"firefox", "Navigator", "My Bank - Accounts \342\200\224 Firefox",
         EXCLUDE_BANKING},
        {"Chromium", NULL, "Online Banking: sign in", EXCLUDE_BANKING},
        {"Chromium", NULL, "Inbox (3) - me@example.org - Gmail",
         EXCLUDE_WEBMAIL},
        {"i3lock", "i3lock", "i3lock", EXCLUDE_LOCK},
        {"Pinentry-gtk-2", "pinentry-gtk-2", "Passphrase", EXCLUDE_CONSENT},
        {"firefox", NULL, "Betriebsrat: Sitzung am Montag",
         EXCLUDE_WORKS_COUNCIL},
        {"firefox", NULL, "MyChart - Lab results", EXCLUDE_HEALTH},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof corpus / sizeof corpus[0]; i++)
        assert_int_equal(
            exclude_match(corpus[i].app, corpus[i].instance, corpus[i].title),
            corpus[i].kind);
}

static void test_exclude_ordinary_work_is_not_left_out(void **state)
{
    static const char *const titles[] = {
        "databank.c - Emacs",
        "embankment.txt",
        "Report 2026 - LibreOffice",
        "main.c - Visual Studio Code",
        "private_key.h - vim",
        "WorkSight - Dashboard",
        "",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof titles / sizeof titles[0]; i++)
        assert_int_equal(exclude_match("XTerm", "xterm", titles[i]),
                         EXCLUDE_NOTHING);
    assert_int_equal(exclude_match(NULL, NULL, NULL), EXCLUDE_NOTHING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exclude_each_rule_matches_itself),
        cmocka_unit_test(test_exclude_each_kind_has_rules_and_a_word),
        cmocka_unit_test(test_exclude_real_windows_are_left_out),
        cmocka_unit_test(test_exclude_ordinary_work_is_not_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
