// The server of an earlier day beside this one over one database, while this
// one migrates it: the commit that closed the whole path, built as it was, and
// its own tests of layer 1, unchanged.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { freePort, Proc, program, run, tempDir, waitFor } from '../flow/lib/procs.mjs';
import { hex, Layer1, metricBody } from '../flow/lib/wire.mjs';
import { FieldAgent } from './lib/field_agent.mjs';

const COMMIT = '7bb6a74';
const here = dirname(fileURLToPath(import.meta.url));
const top = resolve(here, '../..');
const mariadb = join(here, 'mariadb.sh');
const tree = join(top, `build-older-${COMMIT}`);
const older = join(tree, 'build', 'worksight-server');
const newer = program('worksight-server');

/** What is missing here for the older server; false when nothing is. */
function missing() {
  try {
    execFileSync('git', ['-C', top, 'cat-file', '-e', `${COMMIT}^{commit}`], { stdio: 'ignore' });
    return false;
  } catch {
    return `the clone has no commit ${COMMIT}: the older server can't be built`;
  }
}
const skip = missing();

async function good(file, args, options) {
  const done = await run(file, args, { timeoutMs: 280000, ...options });
  assert.equal(done.code, 0, `${file} ${args.join(' ')}: ${done.err}${done.out}`);
  return done.out;
}

let folder, base, made = 0;

before(async () => {
  if (skip) return;
  if (!existsSync(older)) {
    rmSync(tree, { recursive: true, force: true });
    mkdirSync(tree, { recursive: true });
    await good('sh', ['-c', `git -C '${top}' archive ${COMMIT} | tar -x -C '${tree}'`]);
    await good('meson', ['setup', join(tree, 'build'), tree, '-Dunits=disabled', '-Dweb=off']);
    await good('ninja', ['-C', join(tree, 'build'), 'worksight-server']);
  }
  folder = tempDir(null, 'ws-older-');
  base = new URL((await good(mariadb, ['start', folder])).trim());
}, { timeout: 290000 });
after(() => folder && run(mariadb, ['stop', folder]));

const sql = async (text) => (await good('mariadb', ['--no-defaults', '-uroot', `-S${folder}/sock`, '-N', '-B', '-e', text])).trim();

/** The older tree's tests against one version, the other beside it. */
async function playOlderTests(tested, beside, onMysql) {
  const bin = join(tempDir(null, 'ws-older-bin-'), 'build');
  mkdirSync(bin);
  symlinkSync(join(here, 'older_beside.sh'), join(bin, 'worksight-server'));
  const env = { WS_BUILD: bin, WS_TESTED: tested, WS_BESIDE: beside, WS_SERVER_DB: onMysql ? base.href.replace(/\/[^/]*$/, '') : '', NODE_TEST_CONTEXT: undefined };
  const done = await run(process.execPath, ['--test', '--test-reporter=tap', join(tree, 'tests', 'flow', 'wire_layer1.test.mjs')], { env, timeoutMs: 100000 });
  const count = (word) => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(done.out)?.[1] ?? NaN);
  const failed = done.out.split('\n').filter((line) => /^\s*not ok/.test(line));
  assert.deepEqual(failed, [], done.out.slice(-3000));
  assert.ok(count('pass') >= 25 && count('fail') === 0, `${done.out.slice(-600)}${done.err.slice(-600)}`);
  return count('pass');
}

for (const [store, onMysql] of [['MariaDB', true], ['SQLite', false]]) {
  test(`older: its layer-1 tests pass unchanged against this server, the older one there first (${store})`,
    { skip, timeout: 120000 }, async (t) => t.diagnostic(`${await playOlderTests(newer, older, onMysql)} tests`));
  test(`older: its layer-1 tests pass unchanged against the older server, on the schema that this one migrated (${store})`,
    { skip, timeout: 120000 }, async (t) => t.diagnostic(`${await playOlderTests(older, newer, onMysql)} tests`));
}

async function serve(t, file, db, port) {
  const data = tempDir(null, 'ws-older-data-');
  const proc = new Proc(file, ['serve', '--listen', `127.0.0.1:${port}`, '--data', data, '--db', db]);
  t.after(() => proc.stop());
  proc.url = `http://127.0.0.1:${port}`;
  await waitFor('it answers', async () => {
    if (proc.end) throw new Error(`it ended: ${proc.err}`);
    return (await fetch(`${proc.url}/readyz`)).ok;
  });
  return proc;
}

test('older: it serves under load while this one migrates, and both answer for the same items', { skip, timeout: 60000 }, async (t) => {
  const name = `older${++made}`;
  await sql(`CREATE DATABASE ${name}`);
  const db = base.href.replace(/[^/]*$/, name);
  const old = await serve(t, older, db, await freePort());
  const migrations = () => sql(`SELECT max(version) FROM ${name}.schema_migrations`);
  const before = Number(await migrations());
  const agents = [];
  for (let i = 0; i < 4; i++) agents.push(new FieldAgent(await Layer1.open(old.url)));
  await waitFor('the load is on', () => agents.every((a) => a.acked.size > 20));
  const now = await serve(t, newer, db, await freePort());
  assert.ok(Number(await migrations()) > before, 'this one migrated');
  const sizes = agents.map((a) => a.acked.size);
  await waitFor('the older goes on', () => agents.every((a, i) => a.acked.size > sizes[i] + 50));
  assert.equal((await fetch(`${old.url}/readyz`)).status, 200, 'and says so');

  // One item to both at once: one row, one id.
  const [agent] = agents;
  const there = new Layer1(now.url, agent.session.id, agent.session.token);
  for (let i = 0; i < 50; i++) {
    const [key, body] = [hex(32), metricBody()];
    const answers = await Promise.all([agent.session.metric(key, body), there.metric(key, body)]);
    assert.deepEqual(answers.map((a) => a.status).sort(), [200, 201]);
    assert.equal(answers[0].json.ai_metric_id, answers[1].json.ai_metric_id);
  }
  const opened = await Layer1.open(now.url);
  assert.equal((await new Layer1(old.url, opened.id, opened.token).screenshot()).status, 201, 'a session of this one at the older');
  agents.forEach((a) => (a.over = true));
  await Promise.all(agents.map((a) => a.done));
  assert.deepEqual(agents.map((a) => [a.refused, a.failed]), agents.map(() => [[], 0]), 'no request failed');
  const sent = agents.reduce((n, a) => n + a.acked.size, 50);
  assert.equal(await sql(`SELECT count(*) FROM ${name}.metric`), String(sent));
  assert.equal(await sql(`SELECT sum(observations) FROM ${name}.rollup`), String(sent));
});
