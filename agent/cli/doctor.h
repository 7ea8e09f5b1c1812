/* doctor.h - the checks of `worksight-agent doctor`, one function each.
 *
 * Flow:    doctor.c (lines, JSON, exit) -> [doctor_checks] -> findings
 * Shapes:  a finding is a sentence; with a fix when something is to be done
 * Source:  ui.md section 4, "doctor line format"
 */
#ifndef AGENT_CLI_DOCTOR_H
#define AGENT_CLI_DOCTOR_H

#include "agent/settings.h"

#define DOCTOR_TEXT_BYTES 256

enum doctor_level { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

struct doctor_finding {
    enum doctor_level level;
    char text[DOCTOR_TEXT_BYTES];
    char fix[DOCTOR_TEXT_BYTES]; /* "": nothing is to be done */
};

struct doctor_check {
    const char *name;
    void (*look)(const struct settings *s, struct doctor_finding *out);
};

extern const struct doctor_check doctor_checks[];
extern const size_t doctor_checks_count;

#endif
