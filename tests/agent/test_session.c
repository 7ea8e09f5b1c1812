/* test_session.c - who the agent is, across restarts and machines. */
#include "tests/agent/queue_rig.h"

#include "agent/outbox/session.h"
#include "core/json.h"

static void identify(const char *machine, char out[CLIENT_UID_BYTES])
{
    struct session_machine m = {.hostname = "h"};

    snprintf(m.machine_id, sizeof(m.machine_id), "%s", machine);
    assert_int_equal(session_identify(rig.outbox, &env_system, &m), WS_OK);
    assert_int_equal(
        outbox_note_text(rig.outbox, "agent_id", out, CLIENT_UID_BYTES), WS_OK);
    assert_int_equal(strlen(out), 32);
}

static void test_session_agent_id_stays_on_its_machine(void **state)
{
    char first[CLIENT_UID_BYTES], again[CLIENT_UID_BYTES];

    (void)state;
    identify("machine-a", first);
    rig_close();
    rig_open();
    identify("machine-a", again);
    assert_string_equal(first, again);
}

static void test_session_agent_id_is_remade_on_another_machine(void **state)
{
    char first[CLIENT_UID_BYTES], other[CLIENT_UID_BYTES];

    (void)state;
    identify("machine-a", first);
    identify("machine-b", other);
    assert_string_not_equal(first, other);
    identify("machine-b", first);
    assert_string_equal(first, other);
}

static void test_session_facts_are_as_the_wire_has_them(void **state)
{
    struct settings settings = {.tier = 2};
    struct session_machine m;
    OWN(json_free)
    struct json *doc = NULL;
    OWN_BUF struct buf facts = BUF_EMPTY;
    struct wire_problems problems;

    (void)state;
    session_ask_machine(&m);
    assert_true(strlen(m.hostname) > 0);
    assert_true(strlen(m.username) > 0);
    assert_int_equal(session_facts(&m, &settings, &facts), WS_OK);
    assert_int_equal(json_parse(facts.data, facts.len, &doc, NULL), WS_OK);
    assert_int_equal(wire_check(&wire_session, doc, &problems), WS_OK);
    assert_int_equal(json_int(json_get(doc, "tier"), -1), 2);
    /* The machine id itself never leaves, nor lies in the queue. */
    assert_null(strstr(facts.data, "machine"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_CASE(test_session_agent_id_stays_on_its_machine),
        RIG_CASE(test_session_agent_id_is_remade_on_another_machine),
        RIG_CASE(test_session_facts_are_as_the_wire_has_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
