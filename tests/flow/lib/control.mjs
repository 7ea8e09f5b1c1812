// control.mjs - one request to a running agent, over STATE/control.sock.

import { createConnection } from 'node:net';
import { join } from 'node:path';

/** Send one object; the answer. Throws when nobody answers. */
export function ask(state, request) {
  return new Promise((done, fail) => {
    const socket = createConnection(join(state, 'control.sock'));
    let text = '';
    socket.setTimeout(5000, () => socket.destroy(new Error('no answer')));
    socket.on('error', fail);
    socket.on('data', (chunk) => (text += chunk));
    socket.on('end', () => {
      try {
        done(JSON.parse(text));
      } catch (error) {
        fail(error);
      }
    });
    socket.write(`${JSON.stringify(request)}\n`);
  });
}

/** The board: what each role says of itself. */
export async function board(state) {
  return (await ask(state, { verb: 'status' })).board;
}

/** One role's row of the board. */
export async function roleOf(state, name) {
  return (await board(state)).roles.find((role) => role.name === name);
}

/** The newest metric's payload. */
export async function lastMetric(state) {
  const answer = await ask(state, { verb: 'explain' });
  if (!answer.ok) throw new Error(answer.detail);
  return answer.payload;
}
