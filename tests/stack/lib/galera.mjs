// galera.mjs - a cluster of three nodes as a test sees it: Galera's of
// tests/stack/galera.sh, or what WS_STACK_SCRIPT starts (tests/stack/group.sh).

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { run, tempDir, waitFor } from '../../flow/lib/procs.mjs';

const script = process.env.WS_STACK_SCRIPT ?? resolve(dirname(fileURLToPath(import.meta.url)), '../galera.sh');
export const NODES = [1, 2, 3];
/** May every node be written to? */
export const writesAnywhere = !script.endsWith('group.sh');

// What a node has applied: equal on all that have applied the same.
const position = writesAnywhere ? "SHOW STATUS LIKE 'wsrep_last_committed'" : 'SELECT @@global.gtid_executed';

/** Three nodes and haproxy: those of WS_STACK_DIR, or its own. The first address
 *  leads to all nodes, the other to one as long as it is there. A node is 1 to
 *  3, undefined: all. */
export async function startCluster() {
  const given = process.env.WS_STACK_DIR;
  const dir = given ?? tempDir(null, 'ws-galera-');
  const rig = async (what, node) => {
    const { code, out, err } = await run(script, [what, dir, ...(node ? [String(node)] : [])], { timeoutMs: 120000 });
    assert.equal(code, 0, err);
    return out.trim();
  };
  const ask = async (node, sql, ...options) => {
    const { code, out, err } = await run('mariadb', [
      '--no-defaults', '-uroot', `-S${join(dir, String(node), 'sock')}`, '-BN', ...options, '-e', sql, 'worksight',
    ]);
    if (code !== 0) throw new Error(`node ${node}: ${err}`);
    return out.trim();
  };
  const address = await rig('start');
  const other = join(dir, 'address-one');
  const addresses = [address, existsSync(other) ? readFileSync(other, 'utf8').trim() : address];
  // One node's own address, past haproxy.
  const direct = (node) => address.replace(/:\d+\/worksight$/, `:${readFileSync(join(dir, String(node), 'ports'), 'utf8').split('\n')[0]}/worksight`);
  return { dir, addresses, direct, rig, ask, stop: () => (given ? undefined : rig('stop')) };
}

/** Rows of one node, as lists of texts. */
export async function rows(cluster, sql, node = 1) {
  const text = await cluster.ask(node, sql);
  return text ? text.split('\n').map((line) => line.split('\t')) : [];
}

/** The checksum of every table, by name, once all nodes have applied the same;
 *  they must be equal. */
export async function equalTables(cluster) {
  const at = (node) => cluster.ask(node, position);
  await waitFor('the nodes stand at one position', async () => new Set(await Promise.all(NODES.map(at))).size === 1);
  const names = (await rows(cluster, 'SHOW TABLES')).map(([name]) => name);
  const sums = await Promise.all(
    NODES.map((node) => cluster.ask(node, `CHECKSUM TABLE ${names.map((name) => `\`${name}\``).join(', ')} EXTENDED`)),
  );
  for (const sum of sums) assert.equal(sum, sums[0], 'the nodes hold the same rows');
  return names.length;
}
