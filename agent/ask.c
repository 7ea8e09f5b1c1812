#include "agent/ask.h"

#include "agent/notice.h"
#include "core/own.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum ask_answer ask_notice(const struct settings *s)
{
    OWN_BUF struct buf text = BUF_EMPTY;
    char answer[16];

    notice_text(s, &text);
    if (buf_check(&text))
        return ASK_NOBODY;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return ASK_NOBODY;
    fputs(buf_text(&text), stdout);
    for (;;) {
        fputs("\nMay it begin? [y/n] ", stdout);
        fflush(stdout);
        if (!fgets(answer, sizeof answer, stdin))
            return ASK_NO;
        answer[strcspn(answer, "\r\n")] = '\0';
        if (strcasecmp(answer, "n") == 0 || strcasecmp(answer, "no") == 0)
            return ASK_NO;
        if (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0)
            return ASK_YES;
    }
}
