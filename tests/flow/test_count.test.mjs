// test_count.test.mjs - tools/test-count says what ran: a skip of cmocka or of
// node:test that tests/skips.txt does not name fails the count.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'node:test';

import { run, tempDir } from './lib/procs.mjs';

const tool = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../../tools/test-count');

async function count(t, tap) {
  const file = join(tempDir(t, 'ws-count-'), 'a.tap');
  writeFileSync(file, `${tap}\n`);
  const { code, out } = await run(tool, [file]);
  return { code, last: out.trim().split('\n').at(-1), out };
}

for (const [promise, tap, code, last] of [
  ['a pass is counted', 'ok 1 - test_a', 0, '1 passed, 0 failed, 0 skipped'],
  ['a failure fails', 'ok 1 - test_a\nnot ok 2 - test_b', 1, '1 passed, 1 failed, 0 skipped'],
  ['nothing at all fails', '', 1, '0 passed, 0 failed, 0 skipped'],
  ['a skip of cmocka by no known name fails', 'ok 1 - test_a\nnot ok 2 # SKIP test_b', 1, '1 passed, 0 failed, 1 skipped'],
  ['a skip of cmocka that is named is counted', 'ok 1 - test_a\nnot ok 2 # SKIP test_sandbox_files_stay_in_their_folders', 0,
    '1 passed, 0 failed, 1 skipped'],
  ['a skip of node:test by no known name fails', 'ok 1 - a\nok 2 - b # SKIP why', 1, '1 passed, 0 failed, 1 skipped'],
  ['a skip of node:test that is named is counted',
    'ok 1 - a\nok 2 - walls: calls made inside the live roles are refused by the kernel # SKIP why', 0,
    '1 passed, 0 failed, 1 skipped'],
  ['the beginning of a known name is not a known name', 'ok 1 - a\nok 2 - walls # SKIP why', 1, '1 passed, 0 failed, 1 skipped'],
])
  test(`test-count: ${promise}`, async (t) => {
    const got = await count(t, tap);
    assert.equal(got.code, code, got.out);
    assert.equal(got.last, last);
  });
