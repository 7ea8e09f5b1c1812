#include "agent/cli/doctor.h"

#include "agent/cli/ask_agent.h"
#include "agent/cli/commands.h"
#include "agent/instance.h"
#include "agent/run.h"

#include <stdio.h>
#include <string.h>

static const char *const words[] = {"ok", "warn", "fail"};
static const char *const signs[] = {"✓", "!", "✗"};

static void print_line(const char *name, const struct doctor_finding *f)
{
    printf("%s %-10s %s\n", signs[f->level], name, f->text);
    if (*f->fix)
        printf("             → fix: %s\n", f->fix);
}

static void write_json(struct jsonw *w, const char *name,
                       const struct doctor_finding *f)
{
    jsonw_object(w, NULL);
    jsonw_text(w, "name", name);
    jsonw_text(w, "level", words[f->level]);
    jsonw_text(w, "text", f->text);
    jsonw_text(w, "fix", *f->fix ? f->fix : NULL);
    jsonw_object_end(w);
}

/* A flag, --config too, asks about a run to come; without one it is about the
 * agent that runs, if one does, whatever it was started with. */
static enum err settings_of_running(struct cli_call *call, struct settings *s)
{
    const struct conf_schema *schema = &settings_schema;
    OWN_FD int fd = -1;

    if (cli_config_file(call))
        return WS_OK;
    for (size_t i = 0; i < schema->count; i++)
        if (strcmp(schema->keys[i].name, "state") != 0 &&
            conf_origin(cli_conf(call), schema->keys[i].name) == CONF_FLAG)
            return WS_OK;
    if (instance_connect(s->state, &fd))
        return WS_OK;
    return run_running_settings(s, cli_conf(call));
}

int doctor_run(struct cli_call *call)
{
    OWN_BUF struct buf text = BUF_EMPTY;
    enum doctor_level worst = DOCTOR_OK;
    bool json = cli_has(call, "json");
    struct settings *s;
    struct jsonw w;
    int status = ask_agent_settings(call, &s);

    if (status)
        return status;
    if (settings_of_running(call, s) == WS_NOMEM)
        return COMMANDS_USAGE;
    jsonw_init(&w, &text);
    jsonw_object(&w, NULL);
    jsonw_array(&w, "checks");
    for (size_t i = 0; i < doctor_checks_count; i++) {
        struct doctor_finding f = {.level = DOCTOR_OK};

        doctor_checks[i].look(s, &f);
        if (f.level > worst)
            worst = f.level;
        if (json)
            write_json(&w, doctor_checks[i].name, &f);
        else
            print_line(doctor_checks[i].name, &f);
    }
    jsonw_array_end(&w);
    jsonw_text(&w, "level", words[worst]);
    jsonw_object_end(&w);
    if (json)
        puts(buf_text(&text));
    return (int)worst; /* 0, 1, 2 */
}
