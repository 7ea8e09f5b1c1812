// import-django: a database that real Django wrote (tests/stack/django, Debian's
// python3-django on a private MariaDB), brought over into both stores.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { ask } from '../flow/lib/control.mjs';
import { agentCommand, freePort, Proc, program, run, startAgent, startServer, tempDir, waitFor } from '../flow/lib/procs.mjs';
import { Layer1, png, recordingBody, sha256 } from '../flow/lib/wire.mjs';
import { FieldAgent } from './lib/field_agent.mjs';
import { startS3rver } from './lib/s3.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const mariadb = join(here, 'mariadb.sh');
const PICTURES = [png(40, 30, 1), png(64, 48, 9)];
const STATES = ['CREATED', 'RECORDED', 'UPLOADING', 'UPLOADED', 'FAILED'];
let folder, base, made = 0;
let whole; // one deployment that several tests only read

async function good(file, args, options) {
  const done = await run(file, args, { timeoutMs: 240000, ...options });
  assert.equal(done.code, 0, `${args.join(' ')}: ${done.err}${done.out}`);
  return done.out;
}
const sql = (text, ...more) =>
  good('mariadb', ['--no-defaults', '-uroot', `-S${folder}/sock`, '-N', '-B', ...more, '-e', text]);
const address = (name) => `${base.href.replace(/[^/]*$/, '')}${name}`;

before(async () => {
  folder = tempDir(null, 'ws-import-');
  base = new URL((await good(mariadb, ['start', folder])).trim());
  whole = await Django.make();
  await whole.fill(12, 120, 6, 10);
  whole.rows = await whole.dump();
}, { timeout: 250000 });
after(() => run(mariadb, ['stop', folder]));

/** A deployment of Django: a database by its migrations, a media folder. */
class Django {
  static async make() {
    const django = new Django();
    Object.assign(django, { name: `django${++made}`, dir: tempDir(null, 'ws-django-') });
    django.media = join(django.dir, 'media');
    mkdirSync(django.media);
    await sql(`CREATE DATABASE ${django.name} CHARACTER SET utf8mb4`);
    await django.manage('makemigrations', 'monitoring');
    await django.manage('migrate');
    return django;
  }

  get env() {
    return { WS_DJANGO_DB: address(this.name), WS_DJANGO_DIR: this.dir };
  }

  manage(...args) {
    return good('/usr/bin/python3', [join(here, 'django', 'manage.py'), ...args], { env: this.env });
  }

  fill(...counts) {
    const files = PICTURES.map((bytes, i) => {
      const file = join(this.dir, `${i}.png`);
      writeFileSync(file, bytes);
      return file;
    });
    return this.manage('fill', ...counts.map(String), ...files);
  }

  async serve(t, port) {
    const proc = new Proc('/usr/bin/python3', [join(here, 'django', 'manage.py'), 'runserver', '--noreload', `127.0.0.1:${port}`], { env: this.env });
    t.after(() => proc.kill());
    await waitFor('Django answers', () => fetch(`http://127.0.0.1:${port}/`).then(() => true));
    return proc;
  }

  /** Its rows as its ORM reads them, by table. */
  async dump() {
    const tables = {};
    for (const line of (await this.manage('dump')).trim().split('\n')) {
      const { table, ...row } = JSON.parse(line);
      (tables[table] ??= []).push(row);
    }
    return tables;
  }
}

/** What it is brought over into: SQLite below data, or a database of MariaDB. */
class Target {
  static async make(kind) {
    const target = new Target();
    target.data = tempDir(null, 'ws-target-');
    if (kind === 'mysql') {
      target.name = `target${++made}`;
      await sql(`CREATE DATABASE ${target.name}`);
    }
    return target;
  }

  get args() {
    return ['--data', this.data, ...(this.name ? ['--db', address(this.name)] : [])];
  }

  command(django, ...more) {
    return ['import-django', '--from', address(django.name), '--media', django.media, ...this.args, '--json', ...more];
  }

  async import(django, ...more) {
    const done = await run(program('worksight-server'), this.command(django, ...more), { timeoutMs: 60000 });
    return { ...done, json: done.out ? JSON.parse(done.out) : undefined };
  }

  /** Rows as arrays of texts. */
  async cells(text) {
    const out = this.name
      ? await sql(`SET sql_mode='ANSI_QUOTES'; ${text}`, this.name)
      : await good('sqlite3', ['-readonly', '-separator', '\t', '-nullvalue', 'NULL', join(this.data, 'worksight.db'), text]);
    return out.split('\n').filter(Boolean).map((line) => line.split('\t'));
  }

  /** Everything but when the schema was made. */
  async everything() {
    if (this.name)
      return (await good('mariadb-dump', ['--no-defaults', '-uroot', `-S${folder}/sock`, '--skip-comments', '--hex-blob',
        '--order-by-primary', `--ignore-table=${this.name}.schema_migrations`, this.name])).replaceAll(this.name, 'x');
    return (await good('sqlite3', ['-readonly', join(this.data, 'worksight.db'), '.dump']))
      .split('\n').filter((line) => !line.includes('INTO schema_migrations')).join('\n');
  }
}

/** Nothing of a target changed; the first line that did is shown. */
function assertSame(now, then) {
  const [is, was] = [now.split('\n'), then.split('\n')];
  const at = is.findIndex((line, i) => line !== was[i]);
  assert.ok(now === then, `line ${at}: ${is[at]?.slice(0, 400)}\nwas: ${was[at]?.slice(0, 400)}`);
}

/** The rows of the target are Django's, column by column. */
async function assertEqual(target, tables, media) {
  const text = (value) => (value === null ? 'NULL' : Buffer.from(String(value)).toString('hex'));
  const h = (column) => `lower(hex(${column}))`;
  const same = async (what, query, rows) => {
    const found = (await target.cells(query)).map((r) => r.join(' ').replaceAll(' NULL', ' '));
    const wanted = rows.map((r) => r.join(' ').replaceAll(' NULL', ' '));
    assert.deepEqual(found, wanted, what);
  };
  await same('sessions',
    `SELECT id, ${['agent_name', 'agent_version', 'hostname', 'username', 'ip_address'].map(h)}, started_at / 1000 FROM session ORDER BY id`
      .replace('started_at / 1000', target.name ? 'started_at DIV 1000' : 'started_at / 1000'),
    tables.AgentSession.map((s) => [s.id, ...[s.agent_name, s.agent_version, s.hostname, s.username, s.ip_address].map(text), s.started_at]));
  const us = (column) => (target.name ? `${column} DIV 1000` : `${column} / 1000`);
  await same('tokens', `SELECT session_id, ${h('token_sha256')} FROM agent_token WHERE revoked_at IS NULL ORDER BY session_id`,
    tables.AgentToken.map((t) => [t.session_id, sha256(t.token)]).sort((a, b) => a[0] - b[0]));
  await same('heartbeats', `SELECT session_id, ${us('last_seen')} FROM heartbeat ORDER BY session_id`,
    tables.AgentHeartbeat.map((b) => [b.session_id, b.last_seen]).sort((a, b) => a[0] - b[0]));
  await same('metrics',
    `SELECT id, session_id, ${h('"key"')}, ${us('at')}, ${us('received_at')}, source_type, ${h('source_ref')},
     ${h('feature_version')}, label, pipeline, ${h("ifnull(ocr_text_hash, '')")}, ${h("ifnull(error_code, '')")},
     ${h("ifnull(error_message, '')")} FROM metric ORDER BY id`,
    tables.AIMetric.map((m) => [m.id, m.session_id, text(m.idempotency_key), m.agent_timestamp, m.created_at,
      ['screenshot', 'recording_window'].indexOf(m.source_type), text(m.source_ref), text(m.feature_version),
      ['normal', 'suspicious', 'critical'].indexOf(m.anomaly_label), ['ok', 'partial', 'failed'].indexOf(m.pipeline_status),
      text(m.ocr_text_hash ?? ''), text(m.error_code ?? ''), text(m.error_message ?? '')]));
  const payloads = await target.cells(`SELECT ${h('payload')}, ${h('payload_sha256')} FROM metric ORDER BY id`);
  tables.AIMetric.forEach((m, i) => {
    const bytes = Buffer.from(payloads[i][0], 'hex');
    assert.equal(sha256(bytes), payloads[i][1]);
    const is = JSON.parse(bytes);
    for (const name of ['features', 'model_info', 'productivity_score', 'anomaly_score'])
      assert.deepEqual(is[name], m[name], `metric ${m.id} ${name}`);
    assert.match(is.agent_timestamp, /^2026-11-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00$/);
  });
  await same('scores', `SELECT id FROM metric m WHERE NOT (productivity BETWEEN 0 AND 100 AND anomaly BETWEEN 0 AND 1)`, []);
  await same('recordings',
    `SELECT id, session_id, ${us('at')}, ${us('ended_at')}, ${us('received_at')}, ${h('video_path')}, ${h("ifnull(drive_file_id, '')")}, status, bytes
     FROM recording ORDER BY id`,
    tables.Recording.map((r) => [r.id, r.session_id, r.started_at, r.ended_at ?? r.started_at, r.created_at, text(r.video_path),
      text(r.drive_file_id ?? ''), STATES.indexOf(r.status), r.file_size_bytes ?? -1]));
  await same('pictures', `SELECT id, session_id, ${us('at')}, ${us('received_at')}, ${h('sha256')}, bytes FROM screenshot ORDER BY id`,
    tables.ScreenshotLog.map((s) => {
      const bytes = readFileSync(join(media, s.image));
      return [s.id, s.session_id, s.captured_at, s.created_at, sha256(bytes), bytes.length];
    }));
  for (const [blob, hash] of await target.cells(`SELECT "blob", ${h('sha256')} FROM screenshot`))
    assert.equal(sha256(readFileSync(join(target.data, 'blobs', blob))), hash);
  const count = (rows, id) => rows.filter((r) => r.session_id === id).length;
  await same('figures', 'SELECT session_id, metrics, screenshots, recordings FROM session_stat ORDER BY session_id',
    tables.AgentSession.map((s) => [s.id, count(tables.AIMetric, s.id), count(tables.ScreenshotLog, s.id), count(tables.Recording, s.id)]));
  const sums = [[tables.AIMetric.length, tables.ScreenshotLog.length, tables.Recording.length]];
  await same('roll-ups', 'SELECT sum(observations), sum(screenshots), sum(recordings) FROM rollup', sums);
  await same('the fleet', 'SELECT sum(observations), sum(screenshots), sum(recordings) FROM fleet_rollup', sums);
}

for (const kind of ['sqlite', 'mysql'])
  test(`import-django: of a database written by real Django, counts and checksums are equal; a second import changes nothing (${kind})`,
    { timeout: 120000 }, async () => {
      const target = await Target.make(kind);
      const first = await target.import(whole);
      assert.equal(first.code, 0, first.err + first.out);
      const rows = Object.values(whole.rows).map((list) => list.length);
      assert.deepEqual(first.json.tables.map((t) => t.written), rows);
      assert.ok(first.json.tables.every((t) => t.equal && t.there === 0 && t.refused === 0));
      await assertEqual(target, whole.rows, whole.media);

      const all = await target.everything();
      const second = await target.import(whole);
      assert.equal(second.code, 0, second.err);
      assert.deepEqual(second.json.tables.map((t) => [t.written, t.there]), rows.map((n) => [0, n]));
      assert.deepEqual(second.json.tables.map((t) => t.checksum), first.json.tables.map((t) => t.checksum));
      assertSame(await target.everything(), all);
      assert.equal((await run(program('worksight-server'), ['blob', 'verify', ...target.args])).code, 0);
    });

test('import-django: pictures go where the settings say, here into S3', { timeout: 60000 }, async (t) => {
  const s3 = await startS3rver(t);
  const target = await Target.make('sqlite');
  const place = ['--blobs', s3.address, '--s3-key', s3.key, '--s3-secret', s3.secret];
  const done = await target.import(whole, ...place);
  assert.equal(done.code, 0, done.err);
  assert.equal(s3.objects().length, whole.rows.ScreenshotLog.length);
  const verified = await run(program('worksight-server'), ['blob', 'verify', '--json', ...target.args, ...place]);
  assert.equal(verified.code, 0, verified.err);
  assert.equal(JSON.parse(verified.out).rows, whole.rows.ScreenshotLog.length);
  s3.proc.kill();
  await s3.proc.exited;
  const away = await (await Target.make('sqlite')).import(whole, ...place);
  assert.equal(away.code, 1);
  assert.match(away.err, /the import broke off: WS_IO/);
  assert.equal(away.json.tables[4].written, 0, 'no row without its object');
});

test('import-django: --dry-run judges the same rows and writes nothing', { timeout: 60000 }, async () => {
  const target = await Target.make('sqlite');
  const dry = await target.import(whole, '--dry-run');
  assert.equal(dry.code, 0, dry.err);
  assert.deepEqual(dry.json.tables.map((t) => t.written), Object.values(whole.rows).map((list) => list.length));
  assert.equal(existsSync(join(target.data, 'worksight.db')), false);
  assert.equal(existsSync(join(target.data, 'blobs')), false);
});

for (const kind of ['sqlite', 'mysql'])
  test(`import-django: killed at any moment, it goes on where it was (${kind})`, { timeout: 120000 }, async () => {
    const untouched = await Target.make(kind);
    assert.equal((await untouched.import(whole)).code, 0);
    const target = await Target.make(kind);
    const rows = async () => {
      const n = await target.cells('SELECT (SELECT count(*) FROM metric) + (SELECT count(*) FROM screenshot)').catch(() => [[0]]);
      return Number(n[0][0]);
    };
    let kills = 0;
    for (let next = 1; next < 1500; next = (await rows()) + 120) {
      const proc = new Proc(program('worksight-server'), target.command(whole));
      await waitFor('it is under way', async () => proc.end || (await rows()) >= next, { every: 1 });
      if (proc.end) break;
      await proc.kill('SIGKILL');
      kills++;
    }
    assert.ok(kills >= 3, `${kills} kills`);
    const last = await target.import(whole);
    assert.equal(last.code, 0, last.err);
    assert.ok(last.json.tables.every((t) => t.equal));
    assertSame(await target.everything(), await untouched.everything());
  });

test('import-django: what cannot be taken is named with table, id and reason; everything else is there', { timeout: 60000 }, async () => {
  const django = await Django.make();
  await django.fill(3, 10, 3, 3);
  const at = `'2026-11-20 08:00:00.000000'`;
  const metric = (id, over) => {
    const row = { id, source_type: "'screenshot'", source_ref: "'s'", feature_version: "'1'", features: "'{}'",
      productivity_score: 1, anomaly_score: 0, anomaly_label: "'normal'", model_info: "'{}'", pipeline_status: "'ok'",
      idempotency_key: `'bad-${id}'`, agent_timestamp: at, created_at: at, session_id: 1, ...over };
    return `INSERT INTO monitoring_aimetric (${Object.keys(row)}) VALUES (${Object.values(row)});`;
  };
  const shot = (id, image, over = {}) => {
    const row = { id, image: `'${image}'`, captured_at: at, created_at: at, session_id: 1, ...over };
    return `INSERT INTO monitoring_screenshotlog (${Object.keys(row)}) VALUES (${Object.values(row)});`;
  };
  writeFileSync(join(django.dir, 'secret.png'), PICTURES[0]);
  symlinkSync(join(django.dir, 'secret.png'), join(django.media, 'link.png'));
  symlinkSync(django.dir, join(django.media, 'linked'));
  writeFileSync(join(django.media, 'page.png'), '<html>');
  const bad = [
    ['monitoring_agenttoken', 2, /not 64 hex digits/, "UPDATE monitoring_agenttoken SET token = 'short' WHERE session_id = 2;"],
    ['monitoring_agentsession', 50, /started_at is no time/,
      `INSERT INTO monitoring_agentsession VALUES (50, 'a', '1', 'h', 'u', '::1', '0000-00-00');`],
    ['monitoring_agentheartbeat', 50, /session was refused/, `INSERT INTO monitoring_agentheartbeat (session_id, last_seen) VALUES (50, ${at});`],
    ['monitoring_aimetric', 901, /productivity_score is 250, must be (a number )?from 0 to 100/, metric(901, { productivity_score: 250 })],
    ['monitoring_aimetric', 902, /features .*must be an object/, metric(902, { features: "'[1]'" })],
    ['monitoring_aimetric', 903, /anomaly_label is "odd".*pipeline_status is "x"/, metric(903, { anomaly_label: "'odd'", pipeline_status: "'x'" })],
    ['monitoring_aimetric', 904, /idempotency_key must be 1 to 255 visible/, metric(904, { idempotency_key: "'a b'" })],
    ['monitoring_aimetric', 905, /agent_timestamp is .*must be ISO 8601/, metric(905, { agent_timestamp: "'0000-00-00'" })],
    ['monitoring_aimetric', 906, /source_ref has a zero byte/, metric(906, { source_ref: "concat('a', char(0), 'b')" })],
    ['monitoring_aimetric', 907, /long columns have 2097\d+ bytes, at most 1048576/, metric(907, { error_message: "repeat('x', 2097152)" })],
    ['monitoring_aimetric', 908, /session 50 was refused/, metric(908, { session_id: 50 })],
    ['monitoring_aimetric', 909, /error_message .*65537 characters, .*at most 65536/, metric(909, { error_message: "repeat('x', 65537)" })],
    ['monitoring_aimetric', 910, /model_info is not JSON/, metric(910, { model_info: "'{}, \"scored\": 1'" })],
    ['monitoring_screenshotlog', 901, /"gone\.png" is not there/, shot(901, 'gone.png')],
    ['monitoring_screenshotlog', 902, /no path below the media folder/, shot(902, '../secret.png')],
    ['monitoring_screenshotlog', 903, /no path below the media folder/, shot(903, `${django.dir}/secret.png`)],
    ['monitoring_screenshotlog', 904, /symbolic link/, shot(904, 'link.png')],
    ['monitoring_screenshotlog', 905, /is not there|symbolic link/, shot(905, 'linked/secret.png')],
    ['monitoring_screenshotlog', 906, /no PNG, JPEG or WebP/, shot(906, 'page.png')],
    ['monitoring_screenshotlog', 907, /is no file/, shot(907, 'screenshots')],
    ['monitoring_recording', 901, /video_path climbs/,
      `INSERT INTO monitoring_recording (id, session_id, status, video_path, retry_count, started_at, created_at, updated_at, ai_processed)
       VALUES (901, 1, 'UPLOADED', 'clips/../../etc/passwd', 0, ${at}, ${at}, ${at}, 0);`],
    ['monitoring_recording', 902, /status is "LOST", must be one of CREATED/,
      `INSERT INTO monitoring_recording (id, session_id, status, video_path, retry_count, started_at, created_at, updated_at, ai_processed)
       VALUES (902, 1, 'LOST', 'a.mp4', 0, ${at}, ${at}, ${at}, 0);`],
  ];
  const rows = await django.dump();
  await sql(`SET sql_mode='', foreign_key_checks=0, check_constraint_checks=0; ${bad.map((b) => b[3]).join(' ')}`, django.name);
  const target = await Target.make('sqlite');
  const [dry, done] = [await target.import(django, '--dry-run'), await target.import(django)];
  for (const answer of [dry, done]) {
    assert.equal(answer.code, 1, answer.err);
    assert.equal(answer.json.ok, false);
    for (const [table, id, why] of bad) {
      const line = answer.err.split('\n').find((l) => l.startsWith(`${table} ${id}: `));
      assert.match(line ?? `nothing of ${table} ${id}\n${answer.err}`, why);
    }
    const refused = (name) => answer.json.tables.find((t) => t.table === name).refused;
    for (const table of new Set(bad.map((b) => b[0]))) assert.equal(refused(table), bad.filter((b) => b[0] === table).length, table);
    assert.equal(answer.json.tables.find((t) => t.table === 'monitoring_screenshotlog').missing, 1 + Number(/linked\/secret.png" is not there/.test(answer.err)));
  }
  rows.AgentToken = rows.AgentToken.filter((t) => t.session_id !== 2);
  await assertEqual(target, rows, django.media);
  // What was put right comes with the next run.
  await sql(`UPDATE monitoring_aimetric SET productivity_score = 25 WHERE id = 901; DELETE FROM monitoring_aimetric WHERE id > 901`, django.name);
  assert.equal((await target.import(django)).json.tables[3].written, 1);
});

test('import-django: running layer-1 agents go on with their ids and tokens', { timeout: 120000 }, async (t) => {
  const django = await Django.make();
  const port = await freePort();
  const old = await django.serve(t, port);
  const url = `http://127.0.0.1:${port}`;
  // ours, as it speaks to an older server, and one of other make
  const ours = startAgent(t, { server: url, args: ['--source', 'synth', '--every', '100ms', '--ocr', 'off', '--heartbeat-every', '1s'] });
  const status = () => ask(ours.state, { verb: 'status' });
  const session = await Layer1.open(url);
  assert.equal((await session.post('heartbeat')).status, 200);
  assert.equal((await session.screenshot()).status, 201);
  assert.equal((await session.post('recordings', recordingBody())).status, 201);
  const field = new FieldAgent(session);
  await waitFor('both deliver to Django', async () => field.acked.size >= 20 && (await status()).queue.delivered >= 10, { ms: 30000 });
  const before = await status();
  await old.kill();
  await waitFor('the agent notices', () => field.failed > 2);
  const atDjango = new Map(field.acked);

  const target = await Target.make('sqlite');
  const done = await target.import(django);
  assert.equal(done.code, 0, done.err);
  const server = await startServer(t, { data: target.data, port });
  await waitFor('both deliver here', async () =>
    field.acked.size >= atDjango.size + 20 && (await status()).queue.delivered >= before.queue.delivered + 10, { ms: 40000 });
  field.over = true;
  await field.done;

  assert.deepEqual(field.refused, [], 'no answer says that it is somebody else');
  for (const [key, { id, body }] of [...atDjango].slice(-10)) {
    const again = await session.metric(key, body);
    assert.equal(again.status, 200, again.text);
    assert.deepEqual(again.json, { ai_metric_id: id, status: 'duplicate' });
  }
  assert.match(await (await fetch(`${server.url}/healthz`)).text(), /./);
  assert.equal((await session.post('heartbeat')).status, 200);
  assert.equal((await session.screenshot()).status, 201);
  const now = await status();
  assert.equal(now.session_id, before.session_id);
  assert.equal(now.queue.dead, 0);
  await ours.stop();
  await server.stop();
  const ids = await target.cells('SELECT "key", id FROM metric WHERE session_id = ' + session.id);
  assert.equal(ids.length, field.acked.size, 'each item once');
  for (const [key, id] of ids) assert.equal(field.acked.get(key).id, Number(id));
  assert.equal((await target.cells('SELECT count(*) FROM session'))[0][0], '2', 'nobody opened another session');
  assert.equal((await agentCommand(ours.state, 'status')).code !== 0, true);
});

test('import-django: into a database that took items, sessions and items get ids that are free', { timeout: 60000 }, async (t) => {
  const target = await Target.make('sqlite');
  const server = await startServer(t, { data: target.data });
  const mine = await Layer1.open(server.url);
  assert.equal(mine.id, 1, 'as is one of Django');
  assert.equal((await mine.metric('mine')).status, 201);
  const busy = await target.import(whole);
  assert.equal(busy.code, 1);
  assert.match(busy.err, /a server runs on .*SQLite has one writer/);
  await server.stop();

  const first = await target.import(whole);
  assert.equal(first.code, 0, first.err);
  assert.ok(first.json.tables.every((table) => table.equal));
  assert.equal(first.json.moved, 12);
  assert.match(first.err, /monitoring_agentsession 1: the id is another session's here/);
  const all = await target.everything();
  assert.equal((await target.import(whole)).code, 0);
  assertSame(await target.everything(), all);

});

for (const kind of ['sqlite', 'mysql'])
  test(`import-django: of two deployments the second gets the ids that the first left (${kind})`, { timeout: 60000 }, async () => {
    const target = await Target.make(kind);
    assert.equal((await target.import(whole)).code, 0);
    const other = await Django.make();
    await other.fill(3, 30, 2, 2);
    const second = await target.import(other);
    assert.equal(second.code, 0, second.err);
    assert.ok(second.json.tables.every((table) => table.equal && table.there === 0));
    assert.equal(second.json.moved, 3);
    assert.deepEqual(await target.cells('SELECT count(*), count(DISTINCT "key"), sum(id <= 1440) FROM metric'), [['1530', '1530', '1440']]);
    const all = await target.everything();
    for (const django of [whole, other]) assert.equal((await target.import(django)).code, 0);
    assertSame(await target.everything(), all);
  });
