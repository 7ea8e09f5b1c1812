// sink.mjs - a server of layer 1 that keeps every byte it is sent.

import { createServer } from 'node:http';

/** Start one; {url, bytes(): Buffer, metrics: [object], screenshots, heartbeats}. */
export async function startSink(t) {
  const sink = { chunks: [], metrics: [], screenshots: 0, heartbeats: 0 };
  const seen = new Map();
  const answer = (path, key, body) => {
    if (path === '/api/sessions/') return [201, { session_id: 1, token: 'f'.repeat(64) }];
    if (path.endsWith('/heartbeat/')) return [200, { status: (sink.heartbeats++, 'alive') }];
    if (path === '/api/screenshots/') return [201, { status: (sink.screenshots++, 'ok') }];
    if (path.endsWith('/recordings/')) return [201, { recording_id: 1 }];
    if (!path.endsWith('/ai-metrics/')) return [404, { error: 'no such path' }];
    if (seen.has(key)) return [200, { ai_metric_id: seen.get(key), status: 'duplicate' }];
    seen.set(key, seen.size + 1);
    sink.metrics.push(JSON.parse(body));
    return [201, { ai_metric_id: seen.size, status: 'ok' }];
  };
  const server = createServer((request, reply) => {
    const own = [Buffer.from(`${request.method} ${request.url}\n${request.rawHeaders.join('\n')}\n`)];
    request.on('data', (chunk) => own.push(chunk));
    request.on('end', () => {
      sink.chunks.push(...own);
      const body = Buffer.concat(own.slice(1)).toString();
      const [status, object] = answer(request.url, request.headers['x-idempotency-key'], body);
      reply.writeHead(status, { 'content-type': 'application/json' });
      reply.end(JSON.stringify(object));
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  t?.after?.(() => {
    server.closeAllConnections?.();
    server.close();
  });
  sink.url = `http://127.0.0.1:${server.address().port}`;
  sink.bytes = () => Buffer.concat(sink.chunks);
  return sink;
}
