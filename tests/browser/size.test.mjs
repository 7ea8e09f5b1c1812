// What a visit costs, and what the built pages may never hold.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from '../flow/lib/procs.mjs';
import { top } from './lib/browser.mjs';

const out = join(build, 'web');
const site = join(out, 'site');

test('pages_gzipped_stay_under_80_KB_of_script_and_10_KB_of_style', () => {
  const r = spawnSync(process.execPath, [join(top, 'web/size.mjs'), out], { encoding: 'utf8' });
  assert.equal(r.status, 0, r.stdout + r.stderr);
});

test('page_has_no_inline_script_or_style', () => {
  const html = readFileSync(join(site, 'index.html'), 'utf8');
  assert.doesNotMatch(html, /<style|style=|<script(?![^>]*\ssrc=)[^>]*>|\son\w+=/i);
});

test('pages_use_no_word_of_verdict', () => {
  for (const file of readdirSync(join(site, 'assets')).filter((f) => f.endsWith('.js')))
    assert.doesNotMatch(readFileSync(join(site, 'assets', file), 'utf8'), /suspicious|critical|risky|lazy worker|leaderboard/i);
});
