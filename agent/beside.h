/* beside.h - the programs that lie beside this one.
 *
 * Source:  proc(5), /proc/self/exe
 */
#ifndef AGENT_BESIDE_H
#define AGENT_BESIDE_H

/* The path of NAME in this program's own folder; free() it. NULL: no memory,
 * or no /proc. */
char *beside_path(const char *name);

#endif
