// Commands where something is missing: descriptors that are closed, a disk
// that is full, a folder of somebody else, settings whose day is over.

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { agentCommand, children, freePort, program, run, startAgent, startServer, tempDir, waitFor } from './lib/procs.mjs';
import { Person, addUser, command } from './lib/people.mjs';
import { png } from './lib/wire.mjs';

const nobody = 'http://127.0.0.1:9'; // the discard port: no server listens
const AGENT = program('worksight-agent');
const SERVER = program('worksight-server');
const other = { uid: 65534, gid: 65534 }; // nobody
const asRoot = { skip: process.getuid() !== 0 && 'only root can become another user' };

/** A line of sh with A and S for the programs; {code, out, err}. */
const shell = (line, args = []) => run('bash', ['-c', `A=${AGENT}; S=${SERVER}; ${line}`, 'sh', ...args]);


test('agent and server started without stdin, stdout and stderr work, and write in no file that took their numbers', async (t) => {
  const data = tempDir(t);
  const state = tempDir(t);
  const port = await freePort();
  const started = await shell(
    `$S serve --listen 127.0.0.1:${port} --data ${data} <&- >&- 2>&- & echo $! >&3
     $A run --source synth --every 100ms --ocr off --server http://127.0.0.1:${port} --state ${state} <&- >&- 2>&- & echo $! >&3`.replaceAll('>&3', `>> ${state}/pids`),
  );
  assert.equal(started.code, 0, started.err);
  const pids = readFileSync(join(state, 'pids'), 'utf8').trim().split('\n').map(Number);
  t.after(() => pids.forEach((pid) => process.kill(pid, 'SIGKILL')));
  const status = await waitFor('metrics were delivered', async () => {
    const { json } = await agentCommand(state, 'status', '--json');
    return json?.queue?.delivered > 3 && json;
  });
  assert.equal(status.enrolled, true);
  assert.equal((await command(data, ['status', '--json'])).json.running, true);
  for (const pid of pids)
    for (const fd of [0, 1, 2]) {
      const { out } = await run('readlink', [`/proc/${pid}/fd/${fd}`]);
      assert.ok([`/dev/null`, fd === 2 && join(state, 'logs/agent.log')].includes(out.trim()), `${pid} ${fd}: ${out}`);
    }
});

test('a command whose output cannot be written says so and exits 1', async (t) => {
  const data = tempDir(t);
  for (const line of ['$A version', '$A help settings', '$A notice', '$S version', '$S openapi --routes', `$S apikey create --role viewer --name k --data ${data}`]) {
    const done = await shell(`${line} > /dev/full`);
    assert.equal(done.code, 1, line);
    assert.match(done.err, /output can't be written: No space left on device\n→ /, line);
  }
});

test('a reader that has enough ends a command quietly', async () => {
  for (const line of ['$A help settings', '$S help settings', '$S openapi']) {
    const done = await shell(`${line} | head -c 20 | wc -c; exit \${PIPESTATUS[0]}`);
    assert.equal(done.out.trim(), '20', line);
    assert.equal(done.err, '', line);
    assert.ok([0, 141].includes(done.code), `${line}: ${done.code}`);
  }
});

test('words are the same bytes in every locale, and no colour is sent to anything', async (t) => {
  const data = tempDir(t);
  const seen = new Set();
  for (const LC_ALL of ['C', 'C.UTF-8', 'de_DE.UTF-8']) {
    const doctor = await run(SERVER, ['doctor', '--data', data], { env: { LC_ALL, NO_COLOR: '', TERM: 'xterm-256color' } });
    const settings = await run(AGENT, ['help', 'settings'], { env: { LC_ALL } });
    assert.ok(!/\x1b/.test(doctor.out + doctor.err + settings.out));
    seen.add(settings.out);
    const numbers = await run(AGENT, ['status', '--every', '1.5s', '--state', data], { env: { LC_ALL } });
    assert.equal(numbers.code, 3, numbers.err);
  }
  assert.equal(seen.size, 1);
});

test("agent commands at another user's folder name it and the fix", asRoot, async (t) => {
  const agent = startAgent(t, { server: nobody, args: ['--source', 'synth', '--every', '100ms', '--ocr', 'off'] });
  chmodSync(agent.state, 0o700);
  await waitFor('it answers', async () => (await agentCommand(agent.state, 'status', '--json')).json?.board);
  for (const args of [['status'], ['queue', 'list'], ['pause', '1m'], ['resume'], ['show-sent'], ['explain'], ['doctor'], ['run', '--source', 'synth'], ['enroll', '--code', 'c']]) {
    const done = await run(AGENT, [...args, '--state', agent.state], other);
    assert.equal(done.code, 2, `${args}: ${done.err}`);
    assert.match(done.err, new RegExp(`"${agent.state}": this user may not look into it; run as the user whose agent it is`), args.join(' '));
  }
});

test("server commands at another user's folder name it and the fix", asRoot, async (t) => {
  const server = await startServer(t);
  for (const args of [['status'], ['enroll'], ['user', 'list'], ['migrate'], ['migrate', 'status'], ['audit', 'verify'], ['setup', '--link'], ['blob', 'verify'], ['retention', 'run'], ['serve', '--listen', '127.0.0.1:0']]) {
    const done = await run(SERVER, [...args, '--data', server.data], other);
    assert.equal(done.code, 1, `${args}: ${done.code} ${done.err}`);
    assert.ok(done.err.includes(server.data), `${args}: ${done.err}`);
    assert.match(done.err, /\n→ .*(user|migrate makes it)/, args.join(' '));
  }
  const doctor = await run(SERVER, ['doctor', '--json', '--data', server.data], other);
  assert.equal(doctor.code, 2);
  const said = Object.fromEntries(JSON.parse(doctor.out).checks.map((c) => [c.name, c]));
  assert.match(said.data.finding, /no access/);
  assert.match(said.server.finding, /can't be asked/);
  assert.match(said.database.fix, /check `data`/);
});

test('setup --link names the address of the server that runs, not a default', async (t) => {
  const server = await startServer(t);
  const link = (await run(SERVER, ['setup', '--link', '--data', server.data])).out.trim();
  assert.ok(link.startsWith(`${server.url}/setup#wsl_`), link);
  await addUser(server.data, 'ana', 'admin');
  await Person.login(server.url, 'ana');
});

test('the day of `until` is over: run refuses, the commands beside a running agent work', async (t) => {
  const agent = startAgent(t, { server: nobody, args: ['--source', 'synth', '--every', '100ms', '--ocr', 'off'] });
  await waitFor('it answers', async () => (await agentCommand(agent.state, 'status', '--json')).json?.board);
  const file = join(tempDir(t), 'over.conf');
  writeFileSync(file, 'tier = L4\npurpose = a test\nuntil = 2020-01-31\n');
  const over = ['--config', file];
  const refused = await run(AGENT, ['run', '--state', tempDir(t), ...over]);
  assert.equal(refused.code, 2);
  assert.match(refused.err, /until is 2020-01-31: that day is over.*--tier L2/);
  assert.equal((await agentCommand(agent.state, 'pause', '15m', ...over)).code, 0);
  assert.equal((await agentCommand(agent.state, 'status', ...over)).code, 5);
  assert.equal((await agentCommand(agent.state, 'queue', 'list', ...over)).code, 0);
  assert.equal((await agentCommand(agent.state, 'resume', ...over)).code, 0);
  const doctor = (await agentCommand(agent.state, 'doctor', '--json', ...over)).json;
  const found = doctor.checks.find((c) => c.name === 'settings');
  assert.equal(found.level, 'fail');
  assert.match(found.text, /that day is over/);
});

test('a role comes back although what the settings name is gone meanwhile', async (t) => {
  const dir = join(tempDir(t), 'pictures');
  mkdirSync(dir);
  writeFileSync(join(dir, '1.png'), png(64, 64));
  const agent = startAgent(t, { server: nobody, args: ['--source', `file:${dir}`, '--every', '100ms', '--ocr', 'off'] });
  const roleOf = (name) => children(agent.pid).find((c) => c.role === name);
  await waitFor('frames are captured', async () => (await agentCommand(agent.state, 'status', '--json')).json?.board?.frames_captured > 1);
  const before = roleOf('ai').pid;
  rmSync(dir, { recursive: true });
  process.kill(before, 'SIGKILL');
  await waitFor('ai is back', async () => {
    const row = (await agentCommand(agent.state, 'status', '--json')).json?.board?.roles.find((r) => r.name === 'ai');
    return row?.pid && row.pid !== before && row.silent_ms < 1000;
  });
});

test('ids: what is no id is exit 2, what is not there exit 1, both with the fix', async (t) => {
  const agent = startAgent(t, { server: nobody, args: ['--source', 'synth', '--every', '100ms', '--ocr', 'off'] });
  await waitFor('something is queued', async () => (await agentCommand(agent.state, 'status', '--json')).json?.queue?.pending > 2);
  for (const [args, code] of [
    [['queue', 'retry', 'nonsense'], 2], [['queue', 'retry', '1/2/3'], 2], [['queue', 'purge', '-1'], 2], [['explain', '0x7'], 2],
    [['queue', 'retry', '99999'], 1], [['queue', 'purge', '00000000/7'], 1], [['explain', '99999'], 1],
  ]) {
    const done = await agentCommand(agent.state, ...args);
    assert.equal(done.code, code, `${args}: ${done.code} ${done.err}`);
    assert.match(done.err, /\n→ /, args.join(' '));
  }
});
