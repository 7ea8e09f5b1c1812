// small_disk.mjs - a file system of a test's own that fills up.

import { closeSync, openSync, writeSync } from 'node:fs';

import { run } from './procs.mjs';

/** A file system of so many MiB at a folder; false where this user may not
 *  mount. */
export async function smallDisk(t, dir, mib) {
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=700`, 'tmpfs', dir]);
  if (mounted.code !== 0) return false;
  t.after(() => run('umount', ['-l', dir]));
  return true;
}

/** Write until not one more byte fits. */
export function fill(path) {
  const fd = openSync(path, 'w');
  for (let size = 65536; size >= 1; size >>= 1) {
    try {
      for (;;) writeSync(fd, Buffer.alloc(size));
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error;
    }
  }
  closeSync(fd);
}
