// field_agent.mjs - an agent of layer 1 that never stops sending.

import { hex, metricBody } from '../../flow/lib/wire.mjs';

/** Metrics, one after the other and each until it is taken, as an agent in the
 *  field does; what was answered to it stays. */
export class FieldAgent {
  constructor(session) {
    Object.assign(this, { session, acked: new Map(), refused: [], failed: 0 });
    this.done = this.run();
  }

  async run() {
    for (let n = 0; !this.over; n++) {
      const [key, body] = [hex(32), metricBody({ source_ref: `shots/${n}.png` })];
      for (;;) {
        const answer = await this.session.metric(key, body).catch((error) => error);
        if ([200, 201].includes(answer.status)) {
          this.acked.set(key, { id: answer.json.ai_metric_id, body });
          break;
        }
        this.failed++; // no answer, or none that takes it
        if (answer.status >= 400 && answer.status < 500) this.refused.push(`${answer.status} ${answer.text}`);
        if (this.over) return;
        await new Promise((next) => setTimeout(next, 20));
      }
    }
  }
}
