// wire.mjs - an agent made of fetch: what the pages show comes in by the wire, as in the field.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { desktopPng } from '../../../web/dev/png.mjs';

const iso = (t) => new Date(t).toISOString();

/** A session of layer 2 that can send metrics, heartbeats and pictures. */
export async function openSession(base, { username = 'ana', hostname = 'ws-01', version = '0.1.0' } = {}) {
  const token = randomBytes(32).toString('hex');
  const uid = randomBytes(16).toString('hex');
  const answer = await fetch(`${base}/api/sessions/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      agent_name: 'worksight-agent',
      agent_version: version,
      hostname,
      username,
      ip_address: '127.0.0.1',
      agent_id: randomBytes(16).toString('hex'),
      session_uid: uid,
      token_sha256: createHash('sha256').update(token).digest('hex'),
      started_at: iso(Date.now()),
      features: ['batch', 'ledger', 'policy'],
    }),
  });
  const body = await answer.json();
  assert.equal(answer.status, 201, JSON.stringify(body));
  return new Agent(base, body.session_id, token, uid);
}

class Agent {
  constructor(base, id, token, uid) {
    this.base = base;
    this.id = id;
    this.uid = uid;
    this.headers = { authorization: `Bearer ${token}` };
    this.seq = 1; // the session itself
  }

  key(seq) {
    return createHash('sha256').update(`${this.uid}/${seq}`).digest('hex');
  }

  async send(path, init) {
    const answer = await fetch(`${this.base}${path}`, { ...init, headers: { ...this.headers, ...init.headers } });
    const body = await answer.json();
    assert.ok(answer.ok, `${path}: ${answer.status} ${JSON.stringify(body)}`);
    return body;
  }

  /** Metrics in one batch; each is the changes to makeMetric(). Returns their ids. */
  async metrics(list) {
    const items = list.map((m) => ({ seq: ++this.seq, kind: 'metric', payload: JSON.stringify(makeMetric(m)) }));
    const { results } = await this.send(`/api/sessions/${this.id}/batch/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ items }),
    });
    for (const r of results) assert.equal(r.status, 'accepted', JSON.stringify(r));
    return results.map((r) => r.id);
  }

  async heartbeat(changes = {}) {
    const names = ['outbox', 'capture', 'ai', 'upload', 'heartbeat'];
    await this.send(`/api/sessions/${this.id}/heartbeat/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        agent_version: '0.1.0',
        uptime_s: 600,
        workers: names.map((name) => ({ name, alive: true, restarts: 0, busy_ms: 10 })),
        queue: { pending: 2, oldest_s: 4, dead: 0, bytes: 4096 },
        head_seq: this.seq + 2,
        last_ai_upload_at: iso(Date.now() - 1000),
        last_observation_at: iso(Date.now() - 500),
        cpu_share: 0.004,
        pss_bytes: 50_000_000,
        disk_free_bytes: 50_000_000_000,
        clock_offset_ms: 3,
        policy_revision: 0,
        state: 'recording',
        ...changes,
      }),
    });
  }

  async events(list) {
    const items = list.map(({ at, ...rest }) => {
      const seq = ++this.seq;
      return { seq, kind: 'event', payload: JSON.stringify({ ...rest, at: iso(at) }) };
    });
    const { results } = await this.send(`/api/sessions/${this.id}/batch/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ items }),
    });
    for (const r of results) assert.equal(r.status, 'accepted', JSON.stringify(r));
  }

  /** One picture of 640 x 400. */
  async picture(capturedAt, seed = 1) {
    const seq = ++this.seq;
    const bytes = desktopPng(640, 400, seed);
    const form = new FormData();
    form.set('image', new Blob([bytes], { type: 'image/png' }), 'shot.png');
    form.set('session_id', String(this.id));
    form.set('captured_at', iso(capturedAt));
    form.set('seq', String(seq));
    form.set('sha256', createHash('sha256').update(bytes).digest('hex'));
    form.set('output', 'screen');
    form.set('width', '640');
    form.set('height', '400');
    form.set('masks', '2');
    await this.send('/api/screenshots/', {
      method: 'POST',
      headers: { 'x-idempotency-key': this.key(seq) },
      body: form,
    });
  }
}

/** A metric as agent/ai writes it; its contributions sum to its score. */
export function makeMetric({ at = Date.now(), score = 71.4, scored = true, words = 212, anomaly = 0.12, ...rest } = {}) {
  const base = 50;
  const engagement = 6.35;
  const switches = -1.15;
  const category = score - base - engagement - switches;
  return {
    agent_timestamp: iso(at),
    source_type: 'screenshot',
    source_ref: `frame/${at}`,
    feature_version: '1',
    features: {
      schema: '1',
      scored,
      category: 'development',
      category_rule: 'editor',
      coverage: scored ? 0.9 : 0.3,
      confidence: scored ? 0.8 : 0,
      activity: 0.4,
      words: scored ? words : null,
      values: { input: 2, change: 3, switches: 1 },
      productivity: {
        base,
        reason: scored ? null : 'too little was seen to judge: OCR is away',
        contributions: scored
          ? [
              { name: 'category', value: 1, weight: 20, contribution: category, text: 'an editor is a focus application' },
              { name: 'engagement', value: 0.5, weight: 12.7, contribution: engagement, text: 'there is input' },
              { name: 'switches', value: 1, weight: -1.15, contribution: switches, text: 'one switch in the last minute' },
            ]
          : [],
      },
      anomaly: {
        mode: 'statistical',
        scored,
        learning: false,
        suppressed: false,
        reason: null,
        thresholds: { unusual: 0.95, very_unusual: 0.999 },
        parts: [{ name: 'input', value: 2, expected: 1.6, scale: 0.8, contribution: anomaly }],
      },
      ...rest.features,
    },
    productivity_score: scored ? score : 50,
    anomaly_score: anomaly,
    anomaly_label: anomaly >= 0.999 ? 'critical' : anomaly >= 0.95 ? 'suspicious' : 'normal',
    model_info: { productivity: 'rules-1', anomaly: 'streams-1', ocr: scored ? 'tesseract-eng' : 'none' },
    pipeline_status: scored ? 'ok' : 'partial',
    error_code: scored ? null : 'OCR_AWAY',
    error_message: scored ? null : 'worksight-ocr did not answer',
    ...rest.members,
  };
}
