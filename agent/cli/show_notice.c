#include "agent/cli/ask_agent.h"
#include "agent/cli/commands.h"
#include "agent/notice.h"

#include <stdio.h>

int show_notice_run(struct cli_call *call)
{
    OWN_BUF struct buf text = BUF_EMPTY;
    char hash[SHA256_HEX_BYTES];
    struct settings *s;
    int status = ask_agent_settings(call, &s);

    if (status)
        return status;
    if (settings_check(s, stderr))
        return COMMANDS_USAGE;
    notice_text(s, &text);
    if (buf_check(&text) || notice_hash(s, hash))
        return cli_fail(call, NULL, "no memory");
    if (!cli_has(call, "hash"))
        printf("%s\n", buf_text(&text));
    puts(hash);
    return COMMANDS_OK;
}
