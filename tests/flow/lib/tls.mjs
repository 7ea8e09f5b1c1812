// tls.mjs - certificates made on the spot, and requests that trust them.

import assert from 'node:assert/strict';
import { request } from 'node:https';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './procs.mjs';

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

async function openssl(...args) {
  const done = await run('openssl', args);
  assert.equal(done.code, 0, done.err);
}

/** A CA of its own in a folder; issue() makes certificates by it. */
export async function makeCa(dir, name = 'test CA') {
  const file = (what) => join(dir, what);
  const id = name.replace(/\W/g, '-');
  const ca = { pem: file(`${id}.pem`), key: file(`${id}.key`) };
  await openssl('req', '-x509', ...curve, '-days', '40', '-subj', `/CN=${name}`, '-keyout', ca.key, '-out', ca.pem);
  ca.issue = async (what, { names = 'IP:127.0.0.1,DNS:localhost', days = 30 } = {}) => {
    const made = { cert: file(`${what}.pem`), key: file(`${what}.key`) };
    writeFileSync(file(`${what}.san`), `subjectAltName=${names}\n`);
    await openssl('req', ...curve, '-subj', `/CN=${what}`, '-keyout', made.key, '-out', file(`${what}.csr`));
    await openssl('x509', '-req', '-in', file(`${what}.csr`), '-CA', ca.pem, '-CAkey', ca.key, '-CAcreateserial',
      '-days', String(days), '-extfile', file(`${what}.san`), '-out', made.cert);
    made.args = ['--tls-cert', made.cert, '--tls-key', made.key];
    return made;
  };
  return ca;
}

/** One request; {status, headers, body, certificate}. */
export function get(port, path, { ca, method = 'GET', headers = {}, body, ...tls }) {
  return new Promise((done, fail) => {
    const sent = request(
      { host: '127.0.0.1', port, path, method, headers, ca, agent: false, ...tls },
      (answer) => {
        const chunks = [];
        const certificate = answer.socket.getPeerCertificate();
        const protocol = answer.socket.getProtocol();
        answer.on('data', (chunk) => chunks.push(chunk));
        answer.on('error', fail);
        answer.on('end', () => {
          const { statusCode: status, headers: found } = answer;
          done({ status, headers: found, body: Buffer.concat(chunks), certificate, protocol });
        });
      },
    );
    sent.on('error', fail);
    sent.end(body);
  });
}
