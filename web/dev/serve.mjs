// serve.mjs - the pages over made-up data, for work on them without a server: npm run dev
//
// Usage: node dev/serve.mjs [PORT] [OUT]     (default 5173, ../build/web; build first)
// The set-up link is /setup#dev, the login is any name with a password of ten letters or more.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, resolve } from 'node:path';
import {
  explained,
  healthView,
  ledgerView,
  makeDay,
  overviewView,
  seriesView,
  sessionView,
  timelineView,
} from './data.mjs';
import { desktopPng } from './png.mjs';

const port = Number(process.argv[2] ?? 5173);
const site = join(resolve(process.argv[3] ?? '../build/web'), 'site');
const MIME = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; media-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};
const me = () => ({
  name: 'ana',
  kind: 'user',
  roles: ['admin', 'reviewer'],
  permissions: ['sessions.view', 'metrics.view', 'screenshots.view', 'users.view', 'exports.make'],
  csrf_token: createHash('sha256').update('dev').digest('hex'),
  login_id: 1,
  server: { version: '0.1.0', time: new Date().toISOString() },
});
const day = makeDay(Date.now());
const streams = new Set();
const pictures = new Map();
const page = (items, limit = 50) => ({
  items: items.slice(0, limit),
  next_cursor: items.length > limit ? 'more' : null,
});

// ana's session lives on
setInterval(() => {
  const s = day[0];
  const last = s.metrics[s.metrics.length - 1];
  const t = Math.max(Date.now(), Date.parse(last.agent_time) + 1000);
  const m = {
    ...last,
    id: last.id + 1,
    seq: last.seq + 1,
    agent_time: new Date(t).toISOString(),
    received_at: new Date(t).toISOString(),
  };
  m.score = m.scored
    ? Math.min(98, Math.max(5, Math.round((m.score + (Math.random() - 0.5) * 6) * 10) / 10))
    : null;
  s.metrics.push(m);
  s.shots.push({
    ...s.shots[s.shots.length - 1],
    id: m.id + 50_000,
    captured_at: m.agent_time,
    metric_id: m.id,
  });
  for (const out of streams)
    out.write(
      `event: changed\ndata: ${JSON.stringify({ topics: ['metrics', 'screenshots', 'health'], session_id: 14, at: m.agent_time })}\n\n`,
    );
}, 5000).unref();

const ROUTES = [
  ['GET', /^\/api\/v1\/me$/, () => me()],
  [
    'POST',
    /^\/api\/v1\/(login)$/,
    (_m, _q, body) =>
      body.password?.length >= 10 ? me() : { problem: 401, detail: 'name or password is wrong' },
  ],
  [
    'POST',
    /^\/api\/v1\/setup$/,
    (_m, _q, body) => ({
      purpose: 'first_account',
      name: null,
      expires_at: new Date().toISOString(),
      ...(body.use ? { me: me() } : {}),
    }),
  ],
  ['POST', /^\/api\/v1\/(logout|me\/password)$/, () => null],
  ['DELETE', /^\/api\/v1\/me\/logins/, () => null],
  [
    'GET',
    /^\/api\/v1\/me\/logins$/,
    () =>
      page([
        {
          id: 1,
          current: true,
          created_at: new Date().toISOString(),
          last_seen_at: new Date().toISOString(),
          expires_at: new Date().toISOString(),
          address: '127.0.0.1',
          user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/148.0',
        },
        {
          id: 2,
          current: false,
          created_at: new Date(Date.now() - 9e7).toISOString(),
          last_seen_at: new Date(Date.now() - 4e6).toISOString(),
          expires_at: new Date().toISOString(),
          address: '10.1.4.7',
          user_agent: 'Mozilla/5.0 (Windows NT 10.0) Firefox/144.0',
        },
      ]),
  ],
  ['GET', /^\/api\/v1\/overview$/, () => overviewView(day, Date.now())],
  [
    'GET',
    /^\/api\/v1\/sessions$/,
    (_m, q) =>
      page(
        day.map(sessionView).filter(
          (s) =>
            (!q.get('status') || s.status === q.get('status')) &&
            (!q.get('attention') || s.attention.length) &&
            (q.get('q') ?? '')
              .toLowerCase()
              .split(' ')
              .every((w) => `${s.username} ${s.hostname} ${s.ip_address}`.toLowerCase().includes(w)),
        ),
      ),
  ],
  ['GET', /^\/api\/v1\/sessions\/(\d+)$/, (m) => of(m, sessionView)],
  ['GET', /^\/api\/v1\/sessions\/(\d+)\/health$/, (m) => of(m, healthView)],
  ['GET', /^\/api\/v1\/sessions\/(\d+)\/ledger$/, (m) => of(m, ledgerView)],
  [
    'GET',
    /^\/api\/v1\/sessions\/(\d+)\/series$/,
    (m, q) =>
      of(m, (s) =>
        seriesView(s, Date.parse(q.get('from')), Date.parse(q.get('to')), Number(q.get('max_points'))),
      ),
  ],
  [
    'GET',
    /^\/api\/v1\/sessions\/(\d+)\/timeline$/,
    (m, q) => of(m, (s) => timelineView(s, Date.parse(q.get('from')), Date.parse(q.get('to')))),
  ],
  [
    'GET',
    /^\/api\/v1\/sessions\/(\d+)\/metrics$/,
    (m, q) => of(m, (s) => page(within(s.metrics, 'agent_time', q), Number(q.get('limit') ?? 50))),
  ],
  [
    'GET',
    /^\/api\/v1\/sessions\/(\d+)\/screenshots$/,
    (m, q) => of(m, (s) => page(within(s.shots, 'captured_at', q), Number(q.get('limit') ?? 50))),
  ],
  [
    'GET',
    /^\/api\/v1\/metrics\/(\d+)$/,
    (m) => {
      const found = day.flatMap((s) => s.metrics).find((x) => x.id === Number(m[1]));
      return found ? explained(found) : { problem: 404, detail: 'there is no such metric' };
    },
  ],
  [
    'GET',
    /^\/api\/v1\/users$/,
    () =>
      page([
        {
          id: 1,
          name: 'ana',
          roles: ['admin', 'reviewer'],
          created_at: new Date().toISOString(),
          last_login_at: new Date().toISOString(),
          disabled: false,
        },
      ]),
  ],
  ['GET', /^\/api\/v1\/api-keys$/, () => page([])],
  [
    'GET',
    /^\/api\/v1\/enrollment-codes$/,
    () =>
      page([
        {
          id: 1,
          person: null,
          created_at: new Date().toISOString(),
          expires_at: new Date(Date.now() + 6e8).toISOString(),
          used_at: null,
          revoked: false,
        },
      ]),
  ],
];
function of(match, view) {
  const s = day.find((x) => x.p.id === Number(match[1]));
  return s ? view(s) : { problem: 404, detail: `there is no session ${match[1]}` };
}
function within(rows, key, q) {
  const from = Date.parse(q.get('from') ?? '') || 0;
  const to = Date.parse(q.get('to') ?? '') || Number.MAX_SAFE_INTEGER;
  return rows.filter((r) => Date.parse(r[key]) >= from && Date.parse(r[key]) < to).reverse();
}

const server = createServer(async (req, res) => {
  const url = new URL(req.url, 'http://x');
  const send = (status, type, body) => {
    res.writeHead(status, { ...HEADERS, 'content-type': type, 'x-request-id': 'dev-1' });
    res.end(body);
  };
  if (url.pathname === '/') return res.writeHead(308, { location: '/dashboard/' }).end();
  if (url.pathname === '/api/v1/events') {
    res.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
    res.write(': hello\n\n');
    streams.add(res);
    return req.on('close', () => streams.delete(res));
  }
  const picture = /^\/api\/v1\/screenshots\/(\d+)\/image$/.exec(url.pathname);
  if (picture) {
    const seed = Number(picture[1]) % 15;
    if (!pictures.has(seed)) pictures.set(seed, desktopPng(1280, 720, seed));
    return send(200, 'image/png', pictures.get(seed));
  }
  if (url.pathname.startsWith('/api/')) {
    let text = '';
    for await (const part of req) text += part;
    for (const [method, pattern, answer] of ROUTES) {
      const match = method === req.method && pattern.exec(url.pathname);
      if (!match) continue;
      const body = answer(match, url.searchParams, text ? JSON.parse(text) : {});
      if (body === null) return res.writeHead(204, HEADERS).end();
      if (body.problem) break;
      return send(200, 'application/json', JSON.stringify(body));
    }
    const problem = {
      type: 'about:blank',
      title: 'Not found',
      status: 404,
      detail: `there is nothing at ${url.pathname}`,
      error: 'not found',
      instance: 'dev-1',
    };
    return send(404, 'application/problem+json', JSON.stringify(problem));
  }
  const file = join(site, url.pathname);
  if (url.pathname !== '/' && file.startsWith(site) && extname(file) && existsSync(file))
    return send(200, MIME[extname(file)], readFileSync(file));
  send(200, MIME['.html'], readFileSync(join(site, 'index.html')));
});
server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/dashboard/`));
