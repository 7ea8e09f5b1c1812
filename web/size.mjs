// size.mjs - the gate on what a visit costs: node size.mjs OUT (the folder of build.mjs)
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const LIMITS = { js: 80 * 1024, css: 10 * 1024 };
const dir = join(process.argv[2] ?? '../build/web', 'site/assets');
let over = false;
for (const [kind, limit] of Object.entries(LIMITS)) {
  const files = readdirSync(dir).filter((f) => f.endsWith(`.${kind}`));
  if (files.length === 0) throw new Error(`size: no .${kind} file in ${dir}`);
  const total = files.reduce((sum, f) => sum + gzipSync(readFileSync(join(dir, f)), { level: 9 }).length, 0);
  console.log(`${kind}: ${total} bytes gzipped in ${files.length} files, limit ${limit}`);
  over ||= total > limit;
}
process.exit(over ? 1 : 0);
