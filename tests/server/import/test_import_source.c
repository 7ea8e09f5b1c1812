/* A row of somebody else's database as JSON; SQLite gives the row here. */
#include "server/import/import_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct row {
    struct buf text;
    struct json *doc;
    char reason[IMPORT_REASON_BYTES];
};

static void row_fini(struct row *r)
{
    buf_fini(&r->text);
    json_free(r->doc);
}

/* The columns of a SELECT as members text, number and json. */
static enum err read_row(const char *sql, struct row *out)
{
    static const struct import_field fields[] = {{"text", IMPORT_TEXT},
                                                 {"number", IMPORT_NUMBER},
                                                 {"json", IMPORT_JSON}};
    OWN(db_close)
    struct db *db = NULL;
    struct db_stmt *q;
    enum err e;

    *out = (struct row){.text = BUF_EMPTY};
    assert_int_equal(db_open(&db, ":memory:", 0), WS_OK);
    assert_int_equal(db_stmt(db, sql, &q), WS_OK);
    assert_int_equal(db_step(q), WS_OK);
    e = import_source_json(q, 0, fields, 3, &out->text, &out->doc, out->reason);
    db_reset(q);
    return e;
}

static void test_import_source_row_is_json_without_what_is_null(void **state)
{
    struct row r;

    (void)state;
    assert_int_equal(
        read_row("SELECT 'a\"\xc3\xa9', 71.5, '{\"b\": [1, null]}'", &r),
        WS_OK);
    assert_string_equal(
        r.text.data,
        "{\"text\":\"a\\\"\xc3\xa9\",\"number\":71.5,\"json\":{\"b\": [1, "
        "null]}}");
    row_fini(&r);
    assert_int_equal(read_row("SELECT NULL, NULL, NULL", &r), WS_OK);
    assert_string_equal(r.text.data, "{}");
    row_fini(&r);
}

static void test_import_source_bad_column_is_refused_by_name(void **state)
{
    static const struct {
        const char *sql, *why;
    } bad[] = {
        {"SELECT 'a', 1, '{'", "json is not JSON"},
        {"SELECT 'a', 1, ''", "json is not JSON"},
        {"SELECT 'a', 1, '{}, \"number\": 2'", "json is not JSON"},
        {"SELECT 'a', 1, '{\"n\": 9007199254740993}'", "json is not JSON"},
        {"SELECT CAST(x'610062' AS TEXT), 1, '{}'", "text has a zero byte"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct row r;

        assert_int_equal(read_row(bad[i].sql, &r), WS_INVALID);
        assert_non_null(strstr(r.reason, bad[i].why));
        row_fini(&r);
    }
}

static void test_import_source_reasons_are_cut_at_their_room(void **state)
{
    struct wire_problems problems = {.count = 0};
    char reason[IMPORT_REASON_BYTES];

    (void)state;
    for (int i = 0; i < WIRE_MAX_PROBLEMS; i++)
        wire_problem(&problems, "/x", "%0100d", i);
    import_source_reason(&problems, reason);
    assert_int_equal(strlen(reason), IMPORT_REASON_BYTES - 1);
    problems.count = 0;
    import_source_reason(&problems, reason);
    assert_string_equal(reason, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_import_source_row_is_json_without_what_is_null),
        cmocka_unit_test(test_import_source_bad_column_is_refused_by_name),
        cmocka_unit_test(test_import_source_reasons_are_cut_at_their_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
