/* io.h - whole reads and writes, and files that are whole or not there.
 *
 * Errors:  WS_NOTFOUND  no such file
 *          WS_FULL      ENOSPC, EDQUOT, or over max_bytes
 *          WS_IO        anything else the system said, logged here
 * Source:  write(2), rename(2), fsync(2)
 */
#ifndef CORE_IO_H
#define CORE_IO_H

#include "core/buf.h"
#include "core/err.h"

#include <stddef.h>
#include <sys/types.h>

/* Open /dev/null for each of stdin, stdout and stderr that is closed: the next
 * file would take its number, and be written to as a terminal is. */
enum err io_open_std(void) WS_MUST_CHECK;

/* Write all bytes, through EINTR and short writes. */
enum err io_write_all(int fd, const void *data, size_t len) WS_MUST_CHECK;

/* Read exactly len bytes; WS_NOTFOUND at an early end. */
enum err io_read_exact(int fd, void *data, size_t len) WS_MUST_CHECK;

/* Read a whole file of at most max_bytes. */
enum err io_read_file(const char *path, size_t max_bytes,
                      struct buf *out) WS_MUST_CHECK;

/* Replace a file: temporary name, fsync, rename, fsync of the folder. */
enum err io_write_file(const char *path, const void *data, size_t len,
                       mode_t mode) WS_MUST_CHECK;

/* Make a folder and its parents, mode 0700 for the ones made. */
enum err io_make_dirs(const char *path) WS_MUST_CHECK;

/* Join with one slash into a new string; NULL without memory. */
char *io_path(const char *dir, const char *name);

#endif
