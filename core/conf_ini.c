#include "core/conf_ini.h"

#include <stddef.h>
#include <string.h>

#define BLANKS " \t\r\v\f"
#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

static char *trim(char *text)
{
    size_t n;

    text += strspn(text, BLANKS);
    n = strlen(text);
    while (n > 0 && strchr(BLANKS, text[n - 1]))
        text[--n] = '\0';
    return text;
}

static enum conf_ini_line read_entry(struct conf_ini *r, char *line)
{
    char *mark = line + strcspn(line, "=:");

    if (!*mark || mark == line)
        return CONF_INI_BAD;
    *mark = '\0';
    r->name = trim(line);
    r->value = trim(mark + 1);
    return CONF_INI_ENTRY;
}

enum conf_ini_line conf_ini_next(struct conf_ini *r)
{
    char *line;

    if (r->line == 0 &&
        strncmp(r->rest, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
        r->rest += strlen(BYTE_ORDER_MARK);
    while ((line = strsep(&r->rest, "\n"))) {
        r->line++;
        line = trim(line);
        if (!*line || *line == '#' || *line == ';')
            continue;
        if (*line != '[')
            return read_entry(r, line);
        if (line[strlen(line) - 1] != ']')
            return CONF_INI_BAD;
    }
    return CONF_INI_END;
}
