/* ask_agent.h - one question to the agent, with its messages for people.
 *
 * Flow:    a command -> [ask_agent] -> control
 */
#ifndef AGENT_CLI_ASK_AGENT_H
#define AGENT_CLI_ASK_AGENT_H

#include "agent/settings.h"
#include "core/buf.h"
#include "core/cli.h"
#include "core/json.h"
#include "core/jsonw.h"

/* Begin a request of this verb in out; the caller may add members. */
void ask_agent_begin(struct jsonw *w, struct buf *out, const char *verb);

/* End the request and ask. COMMANDS_OK with a good answer; else a message was
 * printed and this is the exit status. */
int ask_agent(struct cli_call *call, struct jsonw *w, struct json **answer);

/* The same; while no agent runs, the queue itself answers. */
int ask_agent_or_queue(struct cli_call *call, struct jsonw *w, const char *verb,
                       struct json **answer);

/* The settings of a command, brought together as `run` does. */
int ask_agent_settings(struct cli_call *call, struct settings **out);

/* Print a JSON value and a newline. */
void ask_agent_print(const struct json *value);

#endif
