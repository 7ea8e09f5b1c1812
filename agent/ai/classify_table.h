/* classify_table.h - names of applications and of web sites, and their class.
 *
 * Flow:    [classify_table] -> classify
 * Shapes:  lower case words; a name is found when it stands in the text with no
 *          letter or digit on either side. The first row that matches wins. A
 *          trained model can take this table's place behind classify_window()
 */
#ifndef AGENT_AI_CLASSIFY_TABLE_H
#define AGENT_AI_CLASSIFY_TABLE_H

#include "agent/ai/classify.h"

#include <stddef.h>

struct classify_table_row {
    const char *word;
    enum category category;
};

extern const struct classify_table_row classify_table_apps[];
extern const size_t classify_table_apps_count;

/* Words of page titles; asked for web browsers only. */
extern const struct classify_table_row classify_table_sites[];
extern const size_t classify_table_sites_count;

#endif
