// pictures.mjs - pages of text as PNG files, drawn by ImageMagick.

import { run } from './procs.mjs';

/** Draw lines of text, black on white; the file. */
export async function drawPage(file, lines, { size = '1600x1000', points = 16 } = {}) {
  const text = lines.flatMap((line, i) => ['-annotate', `+20+${40 + i * 2 * points}`, line]);
  const made = await run('convert', ['-size', size, 'xc:white', '-depth', '8', '-fill', 'black',
    '-font', 'DejaVu-Sans', '-pointsize', `${points}`, ...text, file]);
  if (made.code !== 0) throw new Error(`convert: ${made.err}`);
  return file;
}
