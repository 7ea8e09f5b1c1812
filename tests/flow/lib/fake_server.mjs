// fake_server.mjs - a server of layer 2 whose answers a test chooses.

import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';

/**
 * Start one. fake.decide(items, request) may return {status, body, headers} to
 * answer a batch otherwise than with "accepted"; fake.intercept(request) the
 * same for any request. fake.stored is a Map of "uid/seq" -> {kind, payload},
 * fake.doubles counts second arrivals with other bytes.
 */
export async function startFake(t, { port = 0 } = {}) {
  const fake = {
    stored: new Map(),
    doubles: 0,
    sessions: new Map(),
    requests: [],
    decide: () => undefined,
    intercept: () => undefined,
  };
  const uidOf = (id) => [...fake.sessions].find(([, session]) => session.id === id)?.[0];

  const openSession = (body) => {
    const known = fake.sessions.get(body.session_uid);
    const id = known?.id ?? fake.sessions.size + 1;
    fake.sessions.set(body.session_uid, { id, body });
    return {
      status: known ? 200 : 201,
      body: {
        session_id: id,
        features: ['batch', 'ledger', 'policy'],
        limits: {},
        server_time: new Date().toISOString(),
      },
    };
  };

  const accept = (uid, item) => {
    const key = `${uid}/${item.seq}`;
    const known = fake.stored.get(key);
    if (known && known.payload !== item.payload) fake.doubles++;
    fake.stored.set(key, { kind: item.kind, payload: item.payload });
    return { seq: item.seq, status: known ? 'duplicate' : 'accepted', id: fake.stored.size };
  };

  const answer = (request, body) => {
    const early = fake.intercept(request);
    if (early) return early;
    if (request.url === '/api/sessions/') return openSession(JSON.parse(body));
    const [, id, route] = /^\/api\/sessions\/(\d+)\/(\w+)\/$/.exec(request.url) ?? [];
    if (route === 'heartbeat')
      return { status: 200, body: { status: 'alive', server_time: new Date().toISOString(), features: ['batch'] } };
    if (route !== 'batch') return { status: 404, body: { error: 'nothing here' } };
    const { items } = JSON.parse(body);
    const other = fake.decide(items, request);
    if (other) return other;
    return { status: 200, body: { results: items.map((item) => accept(uidOf(Number(id)), item)) } };
  };

  const server = createServer((request, reply) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('error', () => {});
    request.on('end', () => {
      let body = Buffer.concat(chunks);
      if (request.headers['content-encoding'] === 'gzip') body = gunzipSync(body);
      fake.requests.push({
        method: request.method, url: request.url, headers: request.rawHeaders, body: body.toString(),
        at: Date.now(), bytes: body.length,
      });
      const { status, body: out, headers = {} } = answer(request, body.toString());
      const text = typeof out === 'string' ? out : JSON.stringify(out);
      reply.writeHead(status, { 'content-type': 'application/json', ...headers });
      reply.end(text);
    });
  });
  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  fake.port = server.address().port;
  fake.url = `http://127.0.0.1:${fake.port}`;
  fake.close = () =>
    new Promise((done) => {
      server.closeAllConnections?.();
      server.close(done);
    });
  t?.after?.(() => fake.close());
  return fake;
}

/** A problem as the server writes them. */
export const problem = (status, slug, detail) => ({
  status,
  body: { type: `/problems/${slug}`, status, title: slug, error: detail, detail },
});
