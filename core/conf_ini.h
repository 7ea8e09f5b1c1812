/* conf_ini.h - the lines of a settings file, one entry after the other.
 *
 * Flow:    text of a file -> [conf_ini] -> conf
 * Shapes:  name = value, or name: value; [section] and lines that begin with
 *          # or ; say nothing. The value is the rest of the line, also what
 *          follows a ; in it: a password may hold one
 * Owns:    the texts lie in the caller's, which is cut up
 * Source:  own, for inih cuts lines after 200 bytes and values at " ;"
 */
#ifndef CORE_CONF_INI_H
#define CORE_CONF_INI_H

struct conf_ini {
    char *rest; /* the text that is still to be read */
    int line;   /* of the entry, from 1 */
    char *name, *value;
};

enum conf_ini_line { CONF_INI_END, CONF_INI_ENTRY, CONF_INI_BAD };

/* The next entry, or a line that is none; begin with rest and nothing else. */
enum conf_ini_line conf_ini_next(struct conf_ini *r);

#endif
