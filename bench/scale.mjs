// bench/scale.mjs - what one observation of a real agent takes: on its way and
// in the database. tools/scale computes fleets from these. Half a minute:
//
//   node bench/scale.mjs
//
// Sizes, not speeds: the agent looks five times a second, so that each
// observation goes alone as it does every 10 s, at a synthetic screen.

import { createServer, connect } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ask } from '../tests/flow/lib/control.mjs';
import { run, startAgent, startServer, tempDir, waitFor } from '../tests/flow/lib/procs.mjs';

const ITEMS = 100;
const COPIES = 200; // of the rows, so that whole pages are filled
const rig = resolve(dirname(fileURLToPath(import.meta.url)), '../tests/stack/mariadb.sh');
const cleanups = [];
const bench = { after: (fn) => cleanups.push(fn) };

/** A TCP proxy that counts; heartbeats go over a connection of their own. */
function startCounter(port) {
  const streams = [];
  const counter = createServer((from) => {
    const to = connect(port, '127.0.0.1');
    const stream = { up: 0, requests: 0, beats: 0 };
    streams.push(stream);
    from.on('data', (chunk) => {
      stream.up += chunk.length;
      stream.requests += (chunk.toString('latin1').match(/^POST /gm) ?? []).length;
      stream.beats += (chunk.toString('latin1').match(/^POST \S*heartbeat/gm) ?? []).length;
      to.write(chunk);
    });
    to.on('data', (chunk) => from.write(chunk));
    for (const [a, b] of [[from, to], [to, from]]) {
      a.on('error', () => b.destroy());
      a.on('close', () => b.destroy());
    }
  });
  bench.after(() => counter.close());
  return new Promise((done) => counter.listen(0, '127.0.0.1', () => done({ streams, url: `http://127.0.0.1:${counter.address().port}` })));
}

try {
  const dir = tempDir(null, 'ws-bench-scale-');
  const started = await run(rig, ['start', dir], { timeoutMs: 90000 });
  if (started.code !== 0) throw new Error(started.err);
  bench.after(() => run(rig, ['stop', dir], { timeoutMs: 60000 }));
  const sql = async (text) => {
    const { code, out, err } = await run('mariadb', ['--no-defaults', '-uroot', `-S${join(dir, 'sock')}`, '-BN', 'worksight', '-e', text], { timeoutMs: 120000 });
    if (code !== 0) throw new Error(err);
    return out.trim();
  };
  const size = async (table, rows) => {
    await sql(`ANALYZE TABLE ${table}`);
    const all = await sql(`SELECT data_length + index_length FROM information_schema.tables WHERE table_schema = 'worksight' AND table_name = '${table}'`);
    return Number(all) / rows;
  };

  const server = await startServer(bench, { args: ['--db', started.out.trim()] });
  const counter = await startCounter(server.port);
  const agent = startAgent(bench, { server: counter.url, args: ['--source', 'synth', '--every', '200ms', '--ocr', 'off', '--heartbeat-every', '1s'] });
  const status = () => ask(agent.state, { verb: 'status' });
  await waitFor('the agent delivers', async () => (await status()).queue.delivered > ITEMS, { ms: 60000 });
  await agent.stop();

  const items = counter.streams.filter((s) => s.requests && !s.beats);
  const beats = counter.streams.filter((s) => s.beats && s.beats === s.requests);
  const sum = (list, what) => list.reduce((n, s) => n + s[what], 0);
  const [rows, payload] = (await sql('SELECT count(*), avg(length(payload)) FROM metric')).split('\t').map(Number);

  await sql(`CREATE TABLE copy_of_metric LIKE metric; CREATE TABLE copy_of_rollup LIKE rollup`);
  const columns = (await sql(`SELECT group_concat('\`', column_name, '\`' ORDER BY ordinal_position) FROM information_schema.columns
    WHERE table_schema = 'worksight' AND table_name = 'metric' AND column_name NOT IN ('id', 'session_id', 'key')`));
  await sql(`INSERT INTO copy_of_metric (id, session_id, \`key\`, ${columns}) SELECT id + seq.seq * 1000000, session_id + seq.seq MOD 20, sha2(concat(\`key\`, seq.seq), 256), ${columns.replaceAll('`seq`', 'metric.`seq`')}
    FROM seq_1_to_${COPIES} AS seq JOIN metric ORDER BY seq.seq, id`);
  const figures = await sql(`SELECT group_concat('\`', column_name, '\`' ORDER BY ordinal_position) FROM information_schema.columns
    WHERE table_schema = 'worksight' AND table_name = 'rollup' AND column_name NOT IN ('session_id', 'quarter')`);
  await sql(`INSERT INTO copy_of_rollup (session_id, quarter, ${figures}) SELECT session_id + seq DIV 3000, seq MOD 3000, ${figures} FROM seq_0_to_29999 JOIN (SELECT * FROM rollup LIMIT 1) AS r`);

  const show = (name, value) => console.log(`${name.padEnd(56)}${String(Math.round(value)).padStart(8)}`);
  show('bytes of an observation: JSON', payload);
  show('on its way, with the head of its request', sum(items, 'up') / rows);
  show('observations a request', rows / sum(items, 'requests'));
  show('bytes of a heartbeat on its way', sum(beats, 'up') / sum(beats, 'requests'));
  show('bytes of a metric in InnoDB, with its indexes', await size('copy_of_metric', rows * COPIES));
  show('bytes of a quarter hour of a session in InnoDB', await size('copy_of_rollup', 30000));
} finally {
  for (const fn of cleanups.reverse()) await fn();
}
