/* trace_sqlite.c - preloaded into a program: what its SQLite statements cost.
 *
 * Each statement that ends adds a line to the file WS_TRACE_SQLITE names:
 * steps of the virtual machine, the text with its parameters unbound.
 *
 * Source:  sqlite.org/c3ref/trace_v2.html, c3ref/c_stmtstatus_counter.html
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int on_event(unsigned event, void *ctx, void *p, void *x)
{
    sqlite3_stmt *s = p;
    const char *path = getenv("WS_TRACE_SQLITE");
    int fd;

    (void)event;
    (void)ctx;
    (void)x;
    if (!path || !sqlite3_sql(s))
        return 0;
    fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return 0;
    /* One write a line: threads do not mix theirs. */
    dprintf(fd, "%d %s\n", sqlite3_stmt_status(s, SQLITE_STMTSTATUS_VM_STEP, 1),
            sqlite3_sql(s));
    close(fd);
    return 0;
}

static int on_open(sqlite3 *db, char **message, const void *api)
{
    (void)message;
    (void)api;
    return sqlite3_trace_v2(db, SQLITE_TRACE_PROFILE, on_event, NULL);
}

__attribute__((constructor)) static void begin(void)
{
    sqlite3_auto_extension((void (*)(void))on_open);
}
