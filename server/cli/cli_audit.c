#include "server/cli/ask.h"
#include "server/cli/commands.h"

#include <stdio.h>
#include <string.h>

static const struct cli_option options[] = {
    {"json", NULL, "the answer as JSON"},
};

static int verify(struct cli_call *call)
{
    OWN(json_free)
    struct json *answer = NULL;
    struct ask a;
    int status;

    ask_begin(&a, "audit.verify");
    status = ask_end(call, &a, &answer);
    if (status || cli_has(call, "json"))
        return status;
    printf("%lld rows, every one fits the one before it\n",
           (long long)json_int(json_get(answer, "rows"), 0));
    return CLI_OK;
}

static const struct cli_word words[] = {
    {"verify", 0, verify},
};

const struct cli_command cli_audit = {
    .name = "audit",
    .args = "verify",
    .summary = "check the access log's chain of hashes",
    .help = "Example:\n"
            "  worksight-server audit verify\n\n"
            "Exit status: 0 whole, 1 a row was changed or is missing, 2 used "
            "wrongly.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .min_args = 1,
    .max_args = 1,
    .words = words,
    .word_count = sizeof(words) / sizeof(words[0]),
};
