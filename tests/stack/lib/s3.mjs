// s3.mjs - S3 services that run here: s3rver of npm, radosgw of Debian trixie.
//
// s3rver answers as S3 does but accepts any V4 signature; radosgw checks them.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Proc, freePort, run, tempDir, waitFor } from '../../flow/lib/procs.mjs';

const stack = resolve(dirname(fileURLToPath(import.meta.url)), '..');
export const KEY = 'S3RVER';
export const SECRET = 'S3RVER';
export const BUCKET = 'pictures';

/** Where s3rver is, installed by its lock file when it is missing. */
async function s3rver() {
  const bin = join(stack, 'node_modules/.bin/s3rver');
  if (!existsSync(bin))
    await promisify(execFile)('npm', ['install', '--no-save', '--loglevel=error'], { cwd: stack });
  return bin;
}

/** Every file below a folder. */
export function filesBelow(dir) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

/** Start s3rver; {url, address, key, secret, objects(), proc}. The same dir and
 *  port again: the service came back. */
export async function startS3rver(t, { dir = tempDir(null, 'ws-s3-'), port } = {}) {
  const at = port ?? (await freePort());
  const proc = new Proc(process.execPath, [
    await s3rver(), '-d', dir, '-a', '127.0.0.1', '-p', String(at), '--no-vhost-buckets',
    '--configure-bucket', BUCKET,
  ]);
  t?.after?.(() => proc.kill());
  await waitFor('s3rver answers', async () => {
    if (proc.end) throw new Error(`s3rver ended: ${proc.out} ${proc.err}`);
    return (await fetch(`http://127.0.0.1:${at}/`)).status < 500;
  });
  return service({
    name: 's3rver', port: at, dir, proc, key: KEY, secret: SECRET,
    objects: () =>
      filesBelow(join(dir, BUCKET))
        .filter((f) => f.endsWith('._S3rver_object'))
        .map((f) => f.slice(join(dir, BUCKET).length + 1, -'._S3rver_object'.length)),
  });
}

function service(s) {
  s.url = `http://127.0.0.1:${s.port}`;
  s.address = `s3://${BUCKET}?endpoint=${s.url}&region=us-east-1`;
  return s;
}

/** The root of a trixie with radosgw in it: WS_RADOSGW, or made by mmdebstrap
 *  (about 500 MB, once a machine). Null, with the reason, when it can't be had. */
async function radosgwRoot() {
  const root = process.env.WS_RADOSGW ?? '/var/tmp/worksight-radosgw';
  if (existsSync(join(root, 'usr/bin/radosgw'))) return { root };
  if (process.env.WS_RADOSGW) return { why: `no radosgw in ${root}` };
  const made = await run(
    'mmdebstrap',
    ['--quiet', '--variant=minbase', '--include=radosgw', 'trixie', root],
    { timeoutMs: 600000 },
  );
  return made.code === 0 ? { root } : { why: `mmdebstrap: ${made.err.trim().split('\n').pop()}` };
}

/** Start radosgw with its own database; null and a reason when it can't be. */
export async function startRadosgw(t) {
  const { root, why } = await radosgwRoot();
  if (!root) return { why };
  const port = await freePort();
  const home = mkdtempSync(join(root, 'root/rgw-'));
  const dir = home.slice(root.length);
  writeFileSync(join(home, 'ceph.conf'), [
    '[global]', 'rgw_backend_store = dbstore', `dbstore_db_dir = ${dir}`,
    'rgw_config_store = dbstore', `dbstore_config_uri = file:${dir}/config.db`,
    'auth_supported = none', `run_dir = ${dir}`, `admin_socket = ${dir}/asok`,
    `log_file = ${dir}/log`, 'mon_host = 127.0.0.1', '',
  ].join('\n'));
  const args = ['-c', `${dir}/ceph.conf`, '-n', 'client.rgw', '--no-mon-config', '--rgw-data', dir];
  const key = 'WORKSIGHTKEY';
  const secret = 'worksightsecret';
  // Where cores are busy it sometimes hangs once its work is done: then the user is there.
  const there = (made) => made?.code === 0 || /user: worksight exists/.test(made?.err);
  let user;
  for (let tries = 0; tries < 3 && !there(user); tries++)
    user = await run('chroot', [root, 'radosgw-admin', ...args, 'user', 'create', '--uid=worksight', '--display-name=worksight', `--access-key=${key}`, `--secret-key=${secret}`], { timeoutMs: 20000 });
  if (!there(user)) return { why: `radosgw-admin: ${user.err.trim().split('\n').pop()}` };
  const proc = new Proc('chroot', [
    root, 'radosgw', ...args, '-f', `--rgw-frontends=beast endpoint=127.0.0.1:${port}`,
  ]);
  t?.after?.(async () => {
    await proc.kill();
    await run('rm', ['-rf', home]);
  });
  const url = `http://127.0.0.1:${port}`;
  try {
    await waitFor('radosgw answers', async () => {
      if (proc.end) throw new Error(`radosgw ended: ${proc.out} ${proc.err}`);
      return (await fetch(url)).status < 500;
    }, { ms: 60000 });
  } catch (error) {
    return { why: error.message };
  }
  const s3 = service({ name: 'radosgw', port, dir, proc, key, secret });
  const empty = createHash('sha256').digest('hex');
  const made = await run('curl', ['-sS', '-f', '--aws-sigv4', 'aws:amz:us-east-1:s3', '-u', `${key}:${secret}`, '-H', `x-amz-content-sha256: ${empty}`, '-X', 'PUT', `${s3.url}/${BUCKET}`]);
  return made.code === 0 ? s3 : { why: `make the bucket: ${made.err}` };
}
