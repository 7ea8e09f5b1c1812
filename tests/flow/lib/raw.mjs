// raw.mjs - a client that sends any bytes and reads answers one by one.

import { connect } from 'node:net';
import { program, Proc, tempDir, waitFor } from './procs.mjs';

/** A server on a port of its own choice, known by the line it prints. */
export async function serve(t, { args = [], data } = {}) {
  const dir = data ?? tempDir(t, 'ws-http-');
  const proc = new Proc(program('worksight-server'), [
    'serve', '--listen', '127.0.0.1:0', '--data', dir, ...args,
  ]);
  t?.after?.(() => proc.stop());
  proc.data = dir;
  proc.url = await waitFor('the server prints its address', () => {
    if (proc.end) throw new Error(`it ended: ${JSON.stringify(proc.end)} ${proc.err}`);
    return /http:\/\/[0-9.]+:[0-9]+/.exec(proc.out)?.[0];
  });
  proc.port = Number(new URL(proc.url).port);
  return proc;
}

export class Raw {
  /** Connect; options are those of net.connect (allowHalfOpen is on). */
  static open(port, options = {}) {
    return new Promise((done, fail) => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, ...options });
      socket.once('connect', () => done(new Raw(socket)));
      socket.once('error', fail);
    });
  }

  constructor(socket) {
    this.socket = socket;
    this.bytes = Buffer.alloc(0);
    this.ended = false; // the server's end closed
    this.error = null;
    socket.on('data', (chunk) => (this.bytes = Buffer.concat([this.bytes, chunk])));
    socket.on('end', () => (this.ended = true));
    socket.on('close', () => (this.ended = true));
    socket.on('error', (error) => (this.error = error));
  }

  send(text) {
    if (!this.socket.destroyed) this.socket.write(text);
    return this;
  }

  /** The next answer: {status, headers, body}; null when none will come. */
  async answer(ms = 15000) {
    return waitFor('an answer', () => this.#cut() ?? (this.ended && { status: 0 }), { ms, every: 5 });
  }

  /** Wait until the server closed; true. */
  closed(ms = 15000) {
    return waitFor('the server closes', () => this.ended, { ms, every: 5 });
  }

  close() {
    this.socket.destroy();
  }

  #cut() {
    const end = this.bytes.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const [first, ...lines] = this.bytes.subarray(0, end).toString('latin1').split('\r\n');
    const status = Number(first.split(' ')[1]);
    const headers = Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const bodiless = this.head || status === 100 || status === 204 || status === 304;
    const length = bodiless ? 0 : Number(headers['content-length'] ?? 0);
    if (this.bytes.length < end + 4 + length) return undefined;
    const body = this.bytes.subarray(end + 4, end + 4 + length).toString();
    this.bytes = this.bytes.subarray(end + 4 + length);
    return { status, headers, body };
  }
}

/** One request on a connection of its own: its answer, and the socket. */
export async function say(port, text, { head = false } = {}) {
  const raw = await Raw.open(port);
  raw.head = head;
  raw.send(text);
  const answer = await raw.answer();
  return { ...answer, raw };
}
