// embed.mjs - turn a folder of files into a C table and its bytes.
//
// Flow:    OUT/site/ -> [embed] -> OUT/site/*.{gz,br} + OUT/assets.c + OUT/assets.S
// Shapes:  server/http/assets.h declares the table; rows sorted by path in byte order
// Source:  ui.md section 3 "Embedding": .incbin, compressed here once, never by the server
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const MIME = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

function* walk(dir, prefix = '') {
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    if (statSync(path).isDirectory()) yield* walk(path, `${prefix}/${name}`);
    else yield `${prefix}/${name}`;
  }
}

const gz = (bytes) => gzipSync(bytes, { level: 9 });
const br = (bytes) =>
  brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });

const byBytes = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

export function embed(site, out) {
  const rows = [];
  const blobs = [];
  for (const path of [...walk(site)].sort(byBytes)) {
    const mime = MIME[extname(path)];
    if (!mime) throw new Error(`embed: no media type for ${path}; known: ${Object.keys(MIME).join(' ')}`);
    const bytes = readFileSync(join(site, path));
    const form = (suffix, data) => {
      if (data.length >= bytes.length && suffix) return '{NULL, 0}';
      if (suffix) writeFileSync(join(site, path + suffix), data);
      blobs.push(`site${path}${suffix}`);
      return `{assets_blob_${blobs.length - 1}, ${data.length}}`;
    };
    const etag = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
    rows.push({
      path,
      mime,
      etag,
      immutable: /-[A-Z0-9]{8}\.\w+$/.test(path),
      identity: form('', bytes),
      gz: form('.gz', gz(bytes)),
      br: form('.br', br(bytes)),
    });
  }
  const assembly = blobs.map(
    (file, i) =>
      `    .globl assets_blob_${i}\n    .type assets_blob_${i}, %object\n    .balign 8\nassets_blob_${i}:\n    .incbin "${file}"\n    .size assets_blob_${i}, . - assets_blob_${i}\n`,
  );
  writeFileSync(
    join(out, 'assets.S'),
    `/* made by web/embed.mjs */\n    .section .rodata\n${assembly.join('')}    .section .note.GNU-stack, "", %progbits\n`,
  );
  writeFileSync(
    join(out, 'assets.c'),
    `/* assets.c - the pages; made by web/embed.mjs */
#include "server/http/assets.h"

${blobs.map((_, i) => `extern const unsigned char assets_blob_${i}[];`).join('\n')}

const struct assets_file assets_table[] = {
${rows.map((r) => `    {"${r.path}", "${r.mime}", "\\"${r.etag}\\"", ${r.immutable},\n     ${r.identity}, ${r.gz}, ${r.br}},`).join('\n')}
};
const size_t assets_count = sizeof(assets_table) / sizeof(assets_table[0]);
`,
  );
}
