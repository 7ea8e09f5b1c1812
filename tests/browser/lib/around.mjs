// around.mjs - one house a test file: built before its tests, torn down after them.
import { after, before } from 'node:test';

/** Something with t.after() that ends with the file; `build` gets it before the first test. */
export function aroundFile(build) {
  const ends = [];
  before(async () => {
    await build({ after: (f) => ends.push(f) });
  });
  after(async () => {
    for (const f of ends.reverse()) await f();
  });
}
