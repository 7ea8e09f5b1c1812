#include "agent/roles.h"

#include "core/sandbox.h"

#include <string.h>

/* clang-format off */
const struct roles_row roles_table[] = {
    {"outbox", NULL, BOARD_OUTBOX, outbox_role_run, 15000,
     SANDBOX_FILES | SANDBOX_ACCEPT, ROLES_STATE, 5,
     {ROLE_FD_BOARD, ROLE_FD_AI_PEER, ROLE_FD_UPLOAD_PEER,
      ROLE_FD_HEARTBEAT_PEER, ROLE_FD_CONTROL}},
    {"indicator", NULL, BOARD_INDICATOR, indicator_run, 15000,
     0, 0, 1, {ROLE_FD_BOARD}},
    {"ocr", "worksight-ocr", BOARD_OCR, NULL, ROLES_OCR_DEADLINE,
     0, 0, 2, {ROLE_FD_OCR_PEER, ROLE_FD_RING_VIEW}},
    {"ai", NULL, BOARD_AI, ai_run, 60000,
     0, 0, 4, {ROLE_FD_BOARD, ROLE_FD_RING, ROLE_FD_OUTBOX, ROLE_FD_OCR}},
    {"capture", NULL, BOARD_CAPTURE, capture_run, 15000,
     SANDBOX_FILES, ROLES_SOURCE, 2, {ROLE_FD_BOARD, ROLE_FD_RING}},
    {"upload", NULL, BOARD_UPLOAD, upload_run, 15000,
     SANDBOX_INET | SANDBOX_FILES | SANDBOX_THREADS, ROLES_NETWORK, 2,
     {ROLE_FD_BOARD, ROLE_FD_OUTBOX}},
    {"heartbeat", NULL, BOARD_HEARTBEAT, heartbeat_run, 15000,
     SANDBOX_INET | SANDBOX_FILES | SANDBOX_THREADS, ROLES_NETWORK, 2,
     {ROLE_FD_BOARD, ROLE_FD_OUTBOX}},
};
/* clang-format on */

const size_t roles_count = sizeof roles_table / sizeof *roles_table;

const struct roles_row *roles_find(const char *name)
{
    for (size_t i = 0; i < roles_count; i++)
        if (strcmp(roles_table[i].name, name) == 0)
            return &roles_table[i];
    return NULL;
}
