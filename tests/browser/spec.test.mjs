// api/openapi.yaml and the server say the same: every route in both, every answer as described.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from '../flow/lib/procs.mjs';
import { aroundFile } from './lib/around.mjs';
import { openTab, top } from './lib/browser.mjs';
import { furnish, NAME } from './lib/house.mjs';
import { misfits } from './lib/schema.mjs';

const spec = JSON.parse(readFileSync(join(build, 'web/site/api/openapi.json'), 'utf8'));
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const described = Object.entries(spec.paths).flatMap(([path, item]) =>
  METHODS.filter((m) => item[m]).map((m) => `${m.toUpperCase()} ${path} ${item[m].operationId}`),
);

/** The rows of server/routes.c that name an operation, as "METHOD path operationId". */
function liveRoutes() {
  const source = readFileSync(join(top, 'server/routes.c'), 'utf8').replace('ASSETS_OPENAPI', '"/api/openapi.json"');
  const rows = source.split('{.method = "').slice(1);
  assert.ok(rows.length > 20, 'server/routes.c is not read right');
  return rows.flatMap((row) => {
    const method = row.slice(0, row.indexOf('"'));
    const path = /\.path = "([^"]+)"/.exec(row)?.[1];
    const operation = /\.operation = "(\w+)"/.exec(row)?.[1];
    return operation ? [`${method} ${path} ${operation}`] : [];
  });
}

test('spec_every_described_route_is_live_and_every_live_one_described', () => {
  assert.deepEqual(liveRoutes().sort(), [...described].sort());
});

let house;
let tab;
aroundFile(async (t) => {
  house = await furnish(t);
  tab = await openTab(house.browser, house.server.url, { state: house.state });
  await tab.goto(`${house.server.url}/dashboard/account`);
});

/** Ask as the logged-in page does. */
const ask = (path, init) =>
  tab.evaluate(
    async ([p, i]) => {
      const r = await fetch(p, { headers: { accept: 'application/json' }, ...i });
      return { status: r.status, type: r.headers.get('content-type'), text: await r.text() };
    },
    [path, init],
  );

function schemaOf(path, method, status, type) {
  let answer = spec.paths[path][method].responses[status];
  assert.ok(answer, `${method} ${path} describes no ${status}`);
  if (answer.$ref) answer = spec.components.responses[answer.$ref.split('/').pop()];
  const content = answer.content[type.split(';')[0]];
  assert.ok(content, `${method} ${path} ${status} describes no ${type}`);
  return content.schema;
}

const VIEWS = [
  ['/api/v1/me', ''],
  ['/api/v1/me/logins', ''],
  ['/api/v1/overview', ''],
  ['/api/v1/sessions', '?limit=1&q=ana'],
  ['/api/v1/sessions/{id}', ''],
  ['/api/v1/sessions/{id}/metrics', '?limit=5'],
  ['/api/v1/sessions/{id}/series', '?max_points=10'],
  ['/api/v1/sessions/{id}/timeline', ''],
  ['/api/v1/sessions/{id}/screenshots', ''],
  ['/api/v1/sessions/{id}/ledger', ''],
  ['/api/v1/sessions/{id}/health', ''],
  ['/api/v1/users', ''],
  ['/api/v1/api-keys', ''],
  ['/api/v1/enrollment-codes', ''],
  ['/api/v1/audit', ''],
  ['/readyz', ''],
  ['/healthz', ''],
];
for (const [path, query] of VIEWS) {
  test(`spec_answer_of_${path.replaceAll(/\W+/g, '_')}_is_as_described`, async () => {
    const r = await ask(path.replace('{id}', String(house.agent.id)) + query);
    assert.equal(r.status, 200, r.text);
    assert.deepEqual(misfits(spec, schemaOf(path, 'get', 200, r.type), JSON.parse(r.text)), []);
  });
}

test('spec_answer_of_metric_scored_and_not_is_as_described_and_sums', async () => {
  const schema = schemaOf('/api/v1/metrics/{id}', 'get', 200, 'application/json');
  for (const [i, id] of house.ids.entries()) {
    const m = JSON.parse((await ask(`/api/v1/metrics/${id}`)).text);
    assert.deepEqual(misfits(spec, schema, m), []);
    assert.equal(m.scored, house.list[i].scored);
    if (!m.scored) {
      assert.equal(m.score, null);
      assert.ok(m.not_scored_reason);
      continue;
    }
    const sum = m.contributions.reduce((a, c) => a + c.contribution, m.base);
    assert.ok(Math.abs(sum - m.score) <= 0.05, `${sum} is not ${m.score}`);
  }
});

test('spec_series_leaves_out_what_is_not_scored', async () => {
  const s = JSON.parse((await ask(`/api/v1/sessions/${house.agent.id}/series?max_points=5000`)).text);
  const sum = (list) => list.reduce((a, b) => a + b, 0);
  assert.equal(sum(s.count), 60);
  assert.equal(sum(s.not_scored), house.list.filter((m) => !m.scored).length);
  for (const [i, avg] of s.productivity.avg.entries()) assert.notEqual(avg, 50, `bucket ${i} holds the filler 50`);
});

test('spec_metrics_pages_by_cursor_hold_each_once', async () => {
  const seen = [];
  let cursor = '';
  do {
    const r = JSON.parse((await ask(`/api/v1/sessions/${house.agent.id}/metrics?limit=7${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)).text);
    seen.push(...r.items.map((m) => m.id));
    cursor = r.next_cursor;
  } while (cursor);
  assert.equal(new Set(seen).size, seen.length);
  assert.deepEqual([...seen].sort((a, b) => a - b), [...house.ids].sort((a, b) => a - b));
});

test('spec_problems_are_as_described', async () => {
  const problem = spec.components.schemas.Problem;
  for (const [path, status] of [
    ['/api/v1/sessions/999999', 404],
    ['/api/v1/sessions?limit=0', 400],
    ['/api/v1/sessions?limit=501', 400],
    ['/api/v1/sessions?cursor=forged', 400],
    [`/api/v1/sessions/${house.agent.id}/metrics?from=yesterday`, 400],
    ['/api/v1/nothing', 404],
  ]) {
    const r = await ask(path);
    assert.equal(r.status, status, `${path}: ${r.text}`);
    assert.match(r.type, /^application\/problem\+json/);
    assert.deepEqual(misfits(spec, problem, JSON.parse(r.text)), []);
  }
});

test('spec_unsafe_method_without_the_csrf_token_is_refused', async () => {
  const r = await ask('/api/v1/me/logins', { method: 'DELETE' });
  assert.equal(r.status, 403, r.text);
  assert.equal(JSON.parse((await ask('/api/v1/me')).text).name, NAME);
});

test('spec_nobody_sees_anything_but_health_and_the_login_page', async () => {
  const open = new Set(['/healthz', '/readyz']);
  for (const [path, item] of Object.entries(spec.paths)) {
    if (!item.get) continue;
    const url = path.replace('{id}', path.startsWith('/api/v1/metrics') ? house.ids[0] : house.agent.id);
    const r = await fetch(house.server.url + url);
    const body = await r.text();
    if (open.has(path)) assert.equal(r.status, 200, path);
    else assert.equal(r.status, 401, `${path}: ${r.status} ${body}`);
    if (path === '/readyz') assert.deepEqual(Object.keys(JSON.parse(body)), ['status']);
  }
});
