// Must hold 2: three Galera nodes, haproxy in front of them, two servers, haproxy
// in front of these, four agents. Nodes, all nodes and servers are killed; then
// nothing that was acked is missing, nothing is there twice, and the nodes hold
// the same rows. The configurations of haproxy are those of deploy/.
//
//   node --test tests/stack/galera.test.mjs                       one round
//   GALERA_SECONDS=600 GALERA_SEED=1 node --test ...              a soak

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { assertLaw, assertNothingLost, drained } from '../flow/lib/complete.mjs';
import { ask } from '../flow/lib/control.mjs';
import { PASSWORD, command } from '../flow/lib/people.mjs';
import { Proc, freePort, startAgent, startServer, tempDir, waitFor } from '../flow/lib/procs.mjs';
import { random } from '../flow/lib/random.mjs';
import { get, makeCa } from '../flow/lib/tls.mjs';
import { Layer1, Layer2, hex, metricBody, png, sessionBody } from '../flow/lib/wire.mjs';
import { equalTables, rows, startCluster, writesAnywhere } from './lib/galera.mjs';

const SECONDS = Number(process.env.GALERA_SECONDS ?? 0);
const SEED = Number(process.env.GALERA_SEED ?? Date.now() % 1e6);
const AGENTS = 4;
const CLIENTS = 4; // of layer 1, which go to another server when one is silent
const deploy = resolve(dirname(fileURLToPath(import.meta.url)), '../../deploy');

const cleanups = [];
const file = { after: (fn) => cleanups.push(fn) };
const servers = [];
let cluster;
let front;

async function serve(i, port) {
  servers[i] = await startServer(file, {
    data: servers[i]?.data ?? tempDir(null, `ws-galera-server${i}-`),
    port,
    args: ['--db', cluster.addresses[i], '--workers', '2'],
  });
  return servers[i];
}

/** haproxy in front of the servers, as deploy/haproxy-web.cfg says. */
async function startFront() {
  const dir = tempDir(null, 'ws-galera-front-');
  const ca = await makeCa(dir);
  const made = await ca.issue('front');
  const pem = join(dir, 'both.pem');
  writeFileSync(pem, readFileSync(made.cert, 'utf8') + readFileSync(made.key, 'utf8'), { mode: 0o600 });
  const port = await freePort();
  const proc = new Proc('haproxy', ['-db', '-f', join(deploy, 'haproxy-web.cfg')], {
    env: {
      WEB_LISTEN: `127.0.0.1:${port}`, WEB_CERT: pem,
      WEB_1: `127.0.0.1:${servers[0].port}`, WEB_2: `127.0.0.1:${servers[1].port}`,
    },
  });
  file.after(() => proc.stop());
  return { url: `https://127.0.0.1:${port}`, ca: ca.pem };
}

/** nginx in front of the servers, as deploy/nginx.conf says. */
async function startNginx() {
  const dir = tempDir(null, 'ws-galera-nginx-');
  const ca = await makeCa(dir);
  const made = await ca.issue('nginx');
  const port = await freePort();
  const conf = readFileSync(join(deploy, 'nginx.conf'), 'utf8')
    .replace('10.0.0.21:8080', `127.0.0.1:${servers[0].port}`)
    .replace('10.0.0.22:8080', `127.0.0.1:${servers[1].port}`)
    .replace('listen 443', `listen 127.0.0.1:${port}`)
    .replace('/etc/nginx/worksight.pem', made.cert)
    .replace('/etc/nginx/worksight.key', made.key);
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${dir}/${name};`);
  writeFileSync(join(dir, 'nginx.conf'), `daemon off; user root; pid ${dir}/pid; error_log ${dir}/error.log;
events {} http { access_log off; ${paths.join(' ')}\n${conf} }`);
  const proc = new Proc('nginx', ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')]);
  file.after(() => proc.stop());
  const trusted = { ca: readFileSync(ca.pem) };
  await waitFor('nginx answers', async () => {
    if (proc.end) throw new Error(`it ended: ${proc.err}`);
    return (await get(port, '/readyz', trusted)).status === 200;
  });
  return { port, trusted };
}

before(async () => {
  cluster = await startCluster();
  file.after(() => cluster.stop());
  // Both at once: the migrations of one database run beside each other.
  await Promise.all([serve(0), serve(1)]);
  front = await startFront();
}, { timeout: 120000 });
after(async () => {
  for (const fn of cleanups.reverse()) await fn();
});

/** One request of layer 1 to a server; undefined when nobody answered. */
async function post(server, path, token, headers, body) {
  try {
    const answer = await fetch(`${server.url}/api/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...(token ? { Authorization: `Bearer ${token}` } : {}), ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30000),
    });
    return { status: answer.status, json: await answer.json() };
  } catch {
    return undefined;
  }
}

/** Metrics one after the other, each until it is acked: by the one server, and
 *  by the other when that one is silent or says 503. */
class Client {
  constructor(session, first) {
    Object.assign(this, { session, at: first, acked: new Map(), told: {}, worstMs: 0, bad: [] });
    this.done = this.run();
  }

  async run() {
    while (!this.over) {
      const key = hex(8);
      const begun = Date.now();
      for (;;) {
        const answer = await post(servers[this.at % 2], `sessions/${this.session.id}/ai-metrics/`, this.session.token, { 'X-Idempotency-Key': key }, metricBody());
        const status = answer?.status ?? 'silent';
        this.told[status] = (this.told[status] ?? 0) + 1;
        if (status === 201 || status === 200) {
          this.acked.set(key, answer.json.ai_metric_id);
          break;
        }
        if (this.abandoned) return;
      if (status !== 503 && status !== 'silent') this.bad.push(`${status} ${JSON.stringify(answer.json)}`);
        this.at++;
        await new Promise((next) => setTimeout(next, 20));
      }
      this.worstMs = Math.max(this.worstMs, Date.now() - begun);
    }
  }
}

const codes = (code) => servers.reduce((n, s) => n + (s.err.match(new RegExp(`MySQL code ${code}\\b`, 'g'))?.length ?? 0), 0);

test('a session opened at one node is known at a node that lags behind', { skip: !writesAnywhere && 'one node is written to' }, async (t) => {
  const ahead = await startServer(t, { args: ['--db', cluster.direct(2)] });
  const behind = await startServer(t, { args: ['--db', cluster.direct(1)] });
  const held = cluster.ask(1, 'FLUSH TABLES WITH READ LOCK; SELECT SLEEP(2)');
  await waitFor('node 1 applies nothing', async () =>
    Number(await cluster.ask(1, "SELECT count(*) FROM information_schema.processlist WHERE state = 'User sleep'")));
  const session = await Layer1.open(ahead.url);
  const answer = await new Layer1(behind.url, session.id, session.token).metric(hex(8));
  assert.equal(answer.status, 201, answer.text);
  await held;
});

test('one session opened at both servers at once is one session', async () => {
  for (let i = 0; i < 20; i++) {
    const same = { agent_id: hex(16), session_uid: hex(16), token: hex(32) };
    const both = await Promise.all(servers.map((s) => Layer2.open(s.url, same)));
    for (const s of both) assert.ok([200, 201, 503].includes(s.answer.status), s.answer.text);
    const told = both.filter((s) => s.id);
    assert.ok(told.length > 0);
    assert.equal(new Set(told.map((s) => s.id)).size, 1);
  }
});

test('through nginx: a session, a large picture, a stream; a server that is killed is gone round', { timeout: 60000 }, async () => {
  const nginx = await startNginx();
  const send = (path, headers, body, method = 'POST') => get(nginx.port, path, { ...nginx.trusted, method, headers, body });
  const json = { 'Content-Type': 'application/json' };
  const opened = JSON.parse((await send('/api/sessions/', json, JSON.stringify(sessionBody()))).body);
  const bearer = { Authorization: `Bearer ${opened.token}` };

  const form = new FormData();
  form.append('session_id', String(opened.session_id));
  form.append('captured_at', '2026-02-10T16:19:56Z');
  form.append('image', new Blob([png(2000, 3000, 7), Buffer.alloc(6 << 20)]), 'shot.png');
  const whole = new Response(form);
  const picture = await send('/api/screenshots/', { ...bearer, 'Content-Type': whole.headers.get('content-type') }, Buffer.from(await whole.arrayBuffer()));
  assert.equal(picture.status, 201, String(picture.body));

  const name = `ana-${hex(4)}`;
  const account = await command(servers[0].data, ['user', 'add', name, '--role', 'admin,reviewer', '--password-stdin', '--db', cluster.addresses[0]], { input: `${PASSWORD}\n` });
  assert.equal(account.code, 0, account.err);
  const login = await send('/api/v1/login', json, JSON.stringify({ name, password: PASSWORD }));
  const [cookie] = login.headers['set-cookie'];
  assert.match(cookie, /^__Host-ws=.*Secure/, 'the servers know that it is https');
  const hints = await new Promise((done, fail) => {
    const asked = request({ host: '127.0.0.1', port: nginx.port, path: '/api/v1/events', headers: { Cookie: cookie.split(';')[0] }, ...nginx.trusted }, done);
    asked.on('error', fail);
    asked.end();
  });
  let said = '';
  hints.on('data', (chunk) => (said += chunk));
  hints.on('error', () => {});
  // A stream tells what came in at its own machine: either may be it.
  await waitFor('a hint comes through while the stream is open', async () => {
    for (const s of servers) await new Layer1(s.url, opened.session_id, opened.token).metric(hex(8));
    return said.includes('"metrics"');
  });
  hints.destroy();

  const { port } = servers[0];
  servers[0].child.kill('SIGKILL');
  await servers[0].exited;
  for (let i = 0; i < 10; i++) {
    const answer = await send(`/api/sessions/${opened.session_id}/ai-metrics/`, { ...bearer, ...json, 'X-Idempotency-Key': hex(8) }, JSON.stringify(metricBody()));
    assert.equal(answer.status, 201, String(answer.body));
  }
  await serve(0, port);
});

test('kill -9 of a node, of a server, of all nodes: every acked item is there once', {
  timeout: (SECONDS + 200) * 1000,
}, async (t) => {
  const chance = random(SEED);
  const agents = Array.from({ length: AGENTS }, () =>
    startAgent(file, {
      server: front.url,
      args: ['--source', 'synth', '--every', '50ms', '--ocr', 'off', '--ca-file', front.ca, '--heartbeat-every', '1s'],
    }));
  const sessions = await Promise.all(Array.from({ length: CLIENTS }, (_, i) => Layer1.open(servers[i % 2].url)));
  const clients = sessions.map((session, i) => new Client(session, i));
  const acked = () => clients.reduce((n, c) => n + c.acked.size, 0);
  const delivered = async () =>
    (await Promise.all(agents.map((a) => ask(a.state, { verb: 'status' })))).map((s) => s.queue.delivered);
  const goesOn = async () => {
    const [from, each] = [acked(), await delivered()];
    await waitFor('clients are acked and every agent delivers', async () => {
      const now = await delivered();
      return acked() > from + 50 && now.every((n, i) => n > each[i] + 5);
    }, { ms: 60000 });
  };
  const strokes = {
    node: async () => {
      const node = 1 + Math.floor(chance() * 3);
      await cluster.rig('kill', node);
      await goesOn(); // on two nodes
      await cluster.rig('start', node);
    },
    server: async () => {
      const i = Math.floor(chance() * 2);
      const { port } = servers[i];
      const err = servers[i].err;
      servers[i].child.kill('SIGKILL');
      await servers[i].exited;
      await goesOn(); // at the other one
      await serve(i, port);
      servers[i].err = err + servers[i].err;
    },
    cluster: async () => {
      await cluster.rig('kill');
      const refused = clients.reduce((n, c) => n + (c.told[503] ?? 0), 0);
      await waitFor('the loss is told', () => clients.reduce((n, c) => n + (c.told[503] ?? 0), 0) > refused + CLIENTS, { ms: 60000 });
      await cluster.rig('start');
    },
  };
  const log = [];
  try {
    await waitFor('the agents are up', async () => (await delivered()).length, { ms: 30000 });
    await goesOn();
    const end = Date.now() + SECONDS * 1000;
    const names = Object.keys(strokes);
    for (let i = 0; i < names.length || Date.now() < end; i++) {
      const name = i < names.length ? names[i] : names[Math.floor(chance() * names.length)];
      for (const c of clients) c.worstMs = 0;
      await strokes[name]();
      await goesOn();
      log.push(`${name} ${Math.max(...clients.map((c) => c.worstMs))} ms`);
    }
  } catch (error) {
    for (const c of clients) c.abandoned = true;
    throw error;
  } finally {
    for (const c of clients) c.over = true;
    await Promise.all(clients.map((c) => c.done));
  }
  assert.deepEqual(clients.flatMap((c) => c.bad), [], 'no answer but 200, 201 and 503');

  const statuses = await Promise.all(agents.map((agent) => drained(agent, { ms: 90000 })));
  await Promise.all(agents.map((agent) => agent.stop()));
  for (const status of statuses) {
    assertLaw(status);
    assertNothingLost(status);
  }
  const tables = await equalTables(cluster);

  for (const c of clients) {
    const there = new Map((await rows(cluster, `SELECT \`key\`, id FROM metric WHERE session_id = ${c.session.id}`)).map(([k, id]) => [k, Number(id)]));
    assert.deepEqual(there, c.acked, 'what was acked is there, with the id that was told, and nothing else');
  }
  const heads = statuses.map((s) => s.head_seq).sort((a, b) => a - b);
  const ledgers = await rows(cluster, `SELECT d.session_id, count(*), min(first_seq), max(last_seq), max(accepted), max(tombstoned)
    FROM delivered d JOIN ledger l USING (session_id) JOIN session s ON s.id = d.session_id
    WHERE s.agent_id IS NOT NULL AND EXISTS (SELECT 1 FROM metric m WHERE m.session_id = s.id) GROUP BY d.session_id ORDER BY 4`);
  const facts = ['metric', 'screenshot', 'recording', 'recording_status', 'event', 'notice_ack', 'tombstone'];
  const seqs = await rows(cluster, `SELECT count(*), count(DISTINCT session_id, seq) FROM
    (${facts.map((name) => `SELECT session_id, seq FROM ${name} WHERE seq IS NOT NULL`).join(' UNION ALL ')}) AS a`);
  t.diagnostic(`seed ${SEED}, longest wait of a client while: ${log.join(', ')}`);
  t.diagnostic(`layer 1: acked ${acked()}, answers ${clients.map((c) => JSON.stringify(c.told)).join(' ')}`);
  t.diagnostic(`agents: heads ${heads.join(' ')}, rows with a seq ${seqs[0].join(', distinct ')}, ledgers ${JSON.stringify(ledgers)}`);
  t.diagnostic(`equal tables ${tables} on 3 nodes; conflicts (1213) ${codes(1213)}, node not ready (1047) ${codes(1047)}, lost (2013, 2006) ${codes(2013) + codes(2006)}`);
  assert.equal(ledgers.length, AGENTS);
  ledgers.forEach(([, runs, first, last, accepted], i) => {
    assert.deepEqual([runs, first, last], ['1', '1', String(heads[i])], 'a ledger of one run, up to the head');
    assert.equal(Number(accepted), heads[i]);
  });
  assert.equal(seqs[0][0], seqs[0][1], 'no seq has two rows');
  assert.equal(Number(seqs[0][0]), heads.reduce((n, head) => n + head - 1, 0), 'no seq is missing');
  const [[metrics, stats, quarters, fleet]] = await rows(cluster, `SELECT (SELECT count(*) FROM metric), (SELECT sum(metrics) FROM session_stat),
    (SELECT sum(observations) FROM rollup), (SELECT sum(observations) FROM fleet_rollup)`);
  assert.deepEqual([stats, quarters, fleet], [metrics, metrics, metrics], 'the figures count every metric once');
});
