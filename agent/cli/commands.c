#include "agent/cli/commands.h"

#include "agent/run.h"

#include <stdio.h>

static int run_run(struct cli_call *call)
{
    struct settings *s = (struct settings *)cli_program(call)->values;

    return run_agent(s, cli_conf(call));
}

static int version_run(struct cli_call *call)
{
    printf("worksight-agent %s\n", cli_program(call)->version);
    return COMMANDS_OK;
}

static const struct cli_option json_only[] = {
    {"json", NULL, "print one JSON object"}};
static const struct cli_option status_options[] = {
    {"json", NULL, "print one JSON object"},
    {"watch", NULL, "print it again every 2 s, until Ctrl-C"}};
static const struct cli_option pause_options[] = {
    {"reason", "TEXT", "why; it is recorded"}};
static const struct cli_option notice_options[] = {
    {"hash", NULL, "print the hash alone"}};
static const struct cli_option enroll_options[] = {
    {"code", "CODE", "the code that the server's administrator gave"}};

#define EXIT_OF_RUNNING                                                        \
    "\nExit: 0 done, 1 failed, 2 used wrongly, 3 no agent runs.\n"
#define EXIT_OF_QUEUE                                                          \
    "\nExit: 0 done, 1 failed, 2 used wrongly, 3 nothing was recorded "        \
    "there.\n"

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* clang-format off */
const struct cli_command commands_table[] = {
    {.name = "run", .summary = "capture, read, score and deliver, until Ctrl-C",
     .help = "Examples:\n"
             "  worksight-agent run\n"
             "  worksight-agent run --server https://worksight.example.com\n"
             "  worksight-agent run --source synth --state /tmp/try\n"
             "\n"
             "On a person's own display it shows the notice first and captures "
             "nothing before\n"
             "the answer y (or --acknowledge HASH).\n"
             "\n"
             "Exit: 0 stopped, 1 failed, 2 wrong settings or nobody to ask, "
             "5 the notice was\n"
             "declined, 6 another agent holds the state folder.\n",
     .run = run_run},
    {.name = "status", .summary = "what the agent does now",
     .help = "Examples:\n"
             "  worksight-agent status\n"
             "  worksight-agent status --json\n"
             "\n"
             "Exit: 0 ok, 1 degraded, 3 stopped, 4 not enrolled, 5 paused.\n",
     .options = status_options, .option_count = COUNT(status_options),
     .run = status_run},
    {.name = "queue", .args = "list | retry [ID] | purge [ID]",
     .summary = "what is not delivered yet, and why",
     .help = "Examples:\n"
             "  worksight-agent queue list\n"
             "  worksight-agent queue retry 1f00ba12/17\n"
             "  worksight-agent queue retry       all dead and parked items\n"
             "  worksight-agent queue purge       forget dead letters; what can "
             "still be\n"
             "                                    delivered is never purged\n"
             EXIT_OF_QUEUE,
     .options = json_only, .option_count = 1,
     .min_args = 1, .max_args = 2,
     .words = queue_words, .word_count = QUEUE_WORDS},
    {.name = "show-sent", .summary = "what left this computer, newest first",
     .help = "Examples:\n"
             "  worksight-agent show-sent\n"
             "  worksight-agent show-sent --json\n" EXIT_OF_QUEUE,
     .options = json_only, .option_count = 1, .run = show_sent_run},
    {.name = "explain", .args = "[ID]",
     .summary = "why the last (or this) score is what it is",
     .help = "Examples:\n"
             "  worksight-agent explain\n"
             "  worksight-agent explain 1f00ba12/17\n" EXIT_OF_QUEUE,
     .options = json_only, .option_count = 1, .max_args = 1,
     .run = explain_run},
    {.name = "pause", .args = "DURATION", .summary = "capture nothing for a while",
     .help = "Examples:\n"
             "  worksight-agent pause 15m\n"
             "  worksight-agent pause 1h --reason \"doctor's call\"\n"
             EXIT_OF_RUNNING,
     .options = pause_options, .option_count = 1, .min_args = 1, .max_args = 1,
     .run = pause_run},
    {.name = "resume", .summary = "end a pause",
     .help = "Example:\n  worksight-agent resume\n" EXIT_OF_RUNNING,
     .run = pause_resume},
    {.name = "notice", .summary = "what these settings collect, for whom",
     .help = "Examples:\n"
             "  worksight-agent notice\n"
             "  worksight-agent notice --hash --tier L1\n"
             "\n"
             "The last line is the hash that `run --acknowledge` takes; it is "
             "of the notice\nthat is printed, so give the settings that run "
             "will have.\n",
     .options = notice_options, .option_count = 1, .run = show_notice_run},
    {.name = "doctor", .summary = "find what keeps the agent from working",
     .help = "Examples:\n"
             "  worksight-agent doctor\n"
             "  worksight-agent doctor --json --server "
             "https://worksight.example.com\n"
             "\n"
             "While an agent runs, its own settings are looked at; with "
             "settings as flags,\nthose of a run to come.\n"
             "\n"
             "Exit: 0 all is well, 1 warnings, 2 something does not work.\n",
     .options = json_only, .option_count = 1, .run = doctor_run},
    {.name = "enroll", .args = NULL,
     .summary = "take a server's enrollment code",
     .help = "Example:\n"
             "  worksight-agent enroll --server https://worksight.example.com "
             "--code CODE\n"
             "\n"
             "The server is remembered in the state folder; later runs go "
             "there when no\nother is given.\n",
     .options = enroll_options, .option_count = 1, .run = enroll_run},
    {.name = "version", .summary = "print the version",
     .help = "Example:\n  worksight-agent version\n",
     .run = version_run},
};
/* clang-format on */

const size_t commands_count = COUNT(commands_table);
