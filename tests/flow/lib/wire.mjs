// wire.mjs - an agent of either layer, as a test plays one.

import { createHash, randomBytes } from 'node:crypto';
import { crc32, deflateSync } from './png.mjs';

export const sha256 = (data) => createHash('sha256').update(data).digest('hex');
export const hex = (bytes) => randomBytes(bytes).toString('hex');

export const sessionBody = (extra = {}) => ({
  agent_name: 'field-agent',
  agent_version: '1.4.2',
  hostname: 'desk-7',
  username: 'ana',
  ip_address: 'UNKNOWN',
  ...extra,
});

export const metricBody = (extra = {}) => ({
  agent_timestamp: '2026-02-10T16:19:56.123456+00:00',
  source_type: 'screenshot',
  source_ref: 'shots/1.png',
  feature_version: '1.0',
  features: { words: 12 },
  productivity_score: 71.0,
  anomaly_score: 0.25,
  anomaly_label: 'normal',
  model_info: { name: 'm' },
  pipeline_status: 'ok',
  ...extra,
});

export const recordingBody = (extra = {}) => ({
  video_path: '/var/clips/1.mp4',
  started_at: '2026-02-10T16:19:56Z',
  ended_at: '2026-02-10T16:20:16+00:00',
  ...extra,
});

/** A real gray PNG; `mark` makes its bytes differ. */
export function png(width = 8, height = 6, mark = 0) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc32(body), body.length + 4);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head[8] = 8;
  const rows = Buffer.alloc((width + 1) * height, mark);
  for (let y = 0; y < height; y++) rows[y * (width + 1)] = 0;
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** One request; {status, headers, json, text}. */
export async function ask(url, { method = 'POST', token, headers = {}, body } = {}) {
  const answer = await fetch(url, {
    method,
    body,
    headers: { ...(token ? { Authorization: `Bearer ${token}` } : {}), ...headers },
  });
  const text = await answer.text();
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: answer.status, headers: answer.headers, text, json };
}

/** A session of layer 1: what an agent in the field does. */
export class Layer1 {
  static async open(server, extra = {}) {
    const answer = await ask(`${server}/api/sessions/`, {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(sessionBody(extra)),
    });
    if (answer.status !== 201) throw new Error(`session: ${answer.status} ${answer.text}`);
    return new Layer1(server, answer.json.session_id, answer.json.token);
  }

  constructor(server, id, token) {
    this.server = server;
    this.id = id;
    this.token = token;
    this.path = `${server}/api/sessions/${id}`;
  }

  post(what, body, headers = {}) {
    return ask(`${this.path}/${what}/`, {
      token: this.token,
      headers: { 'Content-Type': 'application/json', ...headers },
      body: typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
    });
  }

  metric(key, body = metricBody(), headers = {}) {
    return this.post('ai-metrics', body, { 'X-Idempotency-Key': key, ...headers });
  }

  screenshot(fields = {}, { image = png(), headers = {}, token = this.token } = {}) {
    const form = new FormData();
    const all = { session_id: String(this.id), captured_at: '2026-02-10T16:19:56Z', ...fields };
    for (const [name, value] of Object.entries(all))
      if (value !== undefined) form.append(name, value);
    if (image) form.append('image', new Blob([image]), 'shot.png');
    return ask(`${this.server}/api/screenshots/`, { token, headers, body: form });
  }
}

/** A session of layer 2: the agent makes uid and token. */
export class Layer2 extends Layer1 {
  static async open(server, { agent_id = hex(16), session_uid = hex(16), token = hex(32), bearer, extra = {} } = {}) {
    const body = sessionBody({
      agent_id,
      session_uid,
      token_sha256: sha256(token),
      started_at: '2026-02-10T16:00:00Z',
      features: ['batch', 'ledger', 'policy'],
      ...extra,
    });
    const answer = await ask(`${server}/api/sessions/`, {
      token: bearer,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    const session = new Layer2(server, answer.json?.session_id, token);
    return Object.assign(session, { agent_id, session_uid, body, answer });
  }

  key(seq) {
    return sha256(`${this.session_uid}/${seq}`);
  }

  static item(seq, kind = 'metric', payload = metricBody({ source_ref: `s/${seq}` })) {
    return { seq, kind, payload: typeof payload === 'string' ? payload : JSON.stringify(payload) };
  }

  batch(items, headers = {}) {
    return this.post('batch', { items }, headers);
  }

  async ledger() {
    return (await ask(`${this.path}/ledger/`, { method: 'GET', token: this.token })).json;
  }
}
