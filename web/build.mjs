// build.mjs - the whole build of the pages.
//
// Flow:   src/ + ../api/openapi.yaml -> [build] -> OUT/site/ -> embed.mjs -> OUT/assets.{c,S}
// Usage:  node build.mjs OUT [DEPFILE]     (meson calls it; `make dist` with web/dist)
// Output: OUT/site/index.html, favicon.svg, assets/NAME-HASH.{js,css}, api/openapi.json;
//         OUT/manifest.json says which entry became which file
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { embed } from './embed.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, '../build/web'));
const depfile = process.argv[3];
const site = join(out, 'site');
const spec = resolve(here, '../api/openapi.yaml');
const page = join(here, 'src/index.html');
const icon = join(here, 'src/favicon.svg');

let esbuild;
let yaml;
try {
  esbuild = await import('esbuild');
  yaml = await import('yaml');
} catch {
  console.error(
    'web: esbuild or yaml is not installed: run `npm ci` in web/ (`make deps` does), or configure with -Dweb=off',
  );
  process.exit(1);
}

rmSync(site, { recursive: true, force: true });
mkdirSync(join(site, 'api'), { recursive: true });

const result = await esbuild.build({
  absWorkingDir: here,
  entryPoints: { app: 'src/main.tsx', style: 'src/styles/index.css' },
  outdir: join(site, 'assets'),
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  bundle: true,
  minify: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
});

const manifest = {};
for (const [file, info] of Object.entries(result.metafile.outputs)) {
  if (info.entryPoint) manifest[info.entryPoint] = `/${relative(site, join(here, file))}`;
}
// what the app imports is asked for with it, not after it was read
const app = Object.values(result.metafile.outputs).find((o) => o.entryPoint === 'src/main.tsx');
const preloads = app.imports
  .filter((i) => i.kind === 'import-statement')
  .map((i) => `<link rel="modulepreload" href="/${relative(site, join(here, i.path))}">`);
const html = readFileSync(page, 'utf8')
  .replaceAll('{{preloads}}', preloads.join('\n    '))
  .replaceAll('{{style}}', manifest['src/styles/index.css'])
  .replaceAll('{{app}}', manifest['src/main.tsx']);
writeFileSync(join(site, 'index.html'), html);
writeFileSync(join(site, 'favicon.svg'), readFileSync(icon));
writeFileSync(join(site, 'api/openapi.json'), `${JSON.stringify(yaml.parse(readFileSync(spec, 'utf8')))}\n`);
writeFileSync(join(out, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);

embed(site, out);

if (depfile) {
  const inputs = [...Object.keys(result.metafile.inputs).map((f) => join(here, f)), spec, page, icon];
  writeFileSync(
    depfile,
    `${join(out, 'assets.c')} ${join(out, 'assets.S')}: ${inputs.map((f) => f.replaceAll(' ', '\\ ')).join(' ')}\n`,
  );
}
