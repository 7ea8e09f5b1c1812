// left_behind.mjs - everything an agent stored and sent, with what may differ
// between two runs taken out by name: times, measures of load, random names.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { sqlite } from './procs.mjs';

/** Every file under a folder, with its bytes. */
export function filesUnder(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => ({ name, path: join(folder, name) }))
    .filter(({ path }) => statSync(path).isFile())
    .map(({ name, path }) => ({ name, bytes: readFileSync(path) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Members and columns that are a time or random; the kind of value stays. */
const TIMES = /(_wall_ns|_boot_ns|_mono_ns|_at|_ms|timestamp)$|^(at|until|day|uptime_s)$/;
const RANDOM = /^(agent_id|session_uid|uid|token|token_sha256|request)$/;
/** Measures of the machine and its load, which come when they are known. */
const MEASURES = /^(cpu_share|pss_bytes|disk_free_bytes|busy_ms|clock_offset_ms)$/;
/** What a heartbeat says of its moment: a heartbeat comes any time. */
const MOMENT = /^(head_seq|pending|bytes|oldest_s)$/;

/** A text with what is named differently in each run taken out. */
const unnamed = (text, names) => names.reduce((now, [name, word]) => now.replaceAll(name, word), text);

/** A value of JSON without those members; texts that are JSON are read. */
function plain(value, names, more) {
  if (Array.isArray(value)) return value.map((one) => plain(one, names, more));
  if (typeof value === 'string') return unnamed(value, names);
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).filter(([name]) => !MEASURES.test(name));
  return Object.fromEntries(
    members.map(([name, held]) => {
      if ([TIMES, RANDOM, more].some((list) => list?.test(name)))
        return [name, held === null ? null : `some ${typeof held}`];
      if (name === 'payload' && typeof held === 'string')
        return [name, plain(JSON.parse(held), names, more)];
      return [name, plain(held, names, more)];
    }),
  );
}

/** All rows of all tables, column by column. */
async function tables(file, names) {
  const out = {};
  for (const { name } of await sqlite(file, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")) {
    const columns = await sqlite(file, `SELECT name FROM pragma_table_info('${name}')`);
    const list = columns.map(({ name: c }) => (c === 'request' ? `hex(${c}) AS ${c}` : `CAST(${c} AS TEXT) AS ${c}`));
    const rows = await sqlite(file, `SELECT ${list} FROM ${name} ORDER BY 1`);
    // Rows of (name, value): the name says what the value is.
    out[name] = rows.map((row) => {
      const key = row.key ?? row.name;
      return plain(key === undefined ? row : { [key]: row.v }, names);
    });
  }
  return out;
}

/** STATE/baseline, by agent/ai/baseline.c and score.h: the newer slot without
 *  its key, checksum and times. */
const STREAM = [['hour_mean', 24], ['hour_weight', 24], ['mean', 1], ['spread', 1], ['recent', 1],
  ['low', 1], ['high', 1], ['bins', 96], ['weight', 1], ['samples', 1]];
const FEATURES = 8;

function baseline(bytes) {
  const slots = [0, 65536].filter((at) => at < bytes.length).map((at) => bytes.subarray(at));
  const slot = slots.sort((a, b) => Number(b.readBigUInt64LE(8) - a.readBigUInt64LE(8)))[0];
  let at = 24 + 32;
  const streams = Array.from({ length: FEATURES }, () =>
    Object.fromEntries(STREAM.map(([name, count]) => {
      const values = Array.from({ length: count }, (_, i) =>
        name === 'samples' ? Number(slot.readBigInt64LE(at + 8 * i)) : slot.readDoubleLE(at + 8 * i));
      at += 8 * count;
      // Which hour of the day it was is a time.
      return [name, name.startsWith('hour_') ? values.filter(Boolean) : values];
    })));
  assert.equal(slot.readBigUInt64LE(16), BigInt(at + 4 * 8 - 24), 'the shape of score.h changed: change STREAM');
  return { version: slot.readUInt32LE(4), streams, samples: Number(slot.readBigInt64LE(at + 16)) };
}

/** Log lines without when, and without which process. */
function lines(text, names) {
  return text.split('\n').filter(Boolean).map((line) => {
    const { ts: _ts, pid: _pid, msg, ...rest } = JSON.parse(line);
    return JSON.stringify({ ...rest, msg: unnamed(msg, names).replace(/-?\d+ ms\b/g, 'N ms') });
  }).sort(); // roles write in any order
}

/** One request: its headers too; a body that is JSON is read. */
function request({ method, url, headers, body }, names) {
  const beat = url.endsWith('/heartbeat/');
  const pairs = headers.map((text, i) => {
    const name = headers[i - 1]?.toLowerCase();
    if (i % 2 === 1 && name === 'authorization') return 'Bearer of this run';
    // Compressed, random names are of any length.
    if (i % 2 === 1 && name === 'content-length') return 'its length';
    return unnamed(text, names);
  });
  return { method, url, headers: pairs, body: body && plain(JSON.parse(body), names, beat ? MOMENT : undefined) };
}

/** Everything. Of logs and requests what came `from` these places on. */
export async function leftBehind({ state, hash, agent, fake, display }, from) {
  const names = [[state, 'STATE'], [hash, 'NOTICE'], [fake.url.slice('http://'.length), 'SERVER'], [display, 'DISPLAY']];
  const files = {};
  for (const { name, bytes } of filesUnder(state)) {
    if (name === 'outbox.db') files[name] = await tables(join(state, name), names);
    else if (name === 'baseline') files[name] = baseline(bytes);
    else if (name === 'logs/agent.log') files[name] = lines(bytes.subarray(from.logged).toString(), names);
    else if (name === 'agent.lock') files[name] = /^\d+\n$/.test(bytes) ? 'a pid' : bytes.toString();
    else files[name] = unnamed(bytes.toString('latin1'), names);
  }
  const sent = fake.requests.slice(from.sent).map((one) => request(one, names));
  const isBeat = ({ url }) => url.endsWith('/heartbeat/');
  return {
    files,
    requests: sent.filter((one) => !isBeat(one)),
    heartbeats: [...new Set(sent.filter(isBeat).map((one) => JSON.stringify(one)))].sort(),
    out: unnamed(agent.out, names),
  };
}
