/* role_probe.h - try a role's walls from inside, and say what the kernel did.
 *
 * Flow:    worksight-agent --role-probe NAME -> [role_probe] -> one JSON object
 * Shapes:  {"role","tried":[{"what","allowed","errno"}...]}; exit 0
 * Source:  issue 2, "Must hold" 7: a test tries, and the kernel refuses
 */
#ifndef AGENT_ROLE_PROBE_H
#define AGENT_ROLE_PROBE_H

#include "agent/settings.h"

/* Enter the sandbox of this row of roles.c exactly as the role does, then try
 * what a role could want to do; the exit status. */
int role_probe(const char *name, const struct settings *s);

#endif
