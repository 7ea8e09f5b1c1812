/* ask.h - show the notice in the terminal and wait for a yes.
 *
 * Flow:    run.c -> [ask] -> the person
 * Source:  issue 2 part B: nothing is captured before `y`
 */
#ifndef AGENT_ASK_H
#define AGENT_ASK_H

#include "agent/settings.h"

enum ask_answer { ASK_YES, ASK_NO, ASK_NOBODY /* no terminal to ask in */ };

/* Print the notice and its question; a yes is remembered. */
enum ask_answer ask_notice(const struct settings *s);

#endif
