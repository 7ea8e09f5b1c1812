// png.mjs - a picture of a made-up desktop, for the development server and the tests of pages.
import { crc32, deflateSync } from 'node:zlib';

function chunk(type, data) {
  const out = Buffer.alloc(data.length + 12);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, 'latin1');
  data.copy(out, 8);
  out.writeUInt32BE(crc32(out.subarray(4, data.length + 8)), data.length + 8);
  return out;
}

/** A desktop of width x height whose windows stand where `seed` says, as a PNG. */
export function desktopPng(width, height, seed) {
  const px = Buffer.alloc(height * (width * 3 + 1));
  const rect = (x, y, w, h, [r, g, b]) => {
    for (let row = Math.max(0, y); row < Math.min(height, y + h); row++)
      for (let col = Math.max(0, x); col < Math.min(width, x + w); col++) {
        const at = row * (width * 3 + 1) + 1 + col * 3;
        px[at] = r;
        px[at + 1] = g;
        px[at + 2] = b;
      }
  };
  const unit = width / 64;
  const u = (n) => Math.round(n * unit);
  rect(0, 0, width, height, [38, 62, 74]);
  rect(0, 0, width, u(1.2), [20, 30, 36]);
  const shift = (seed * 7) % 5;
  rect(u(2 + shift), u(3), u(34), u(28), [250, 250, 248]);
  rect(u(2 + shift), u(3), u(34), u(1.4), [225, 229, 228]);
  for (let i = 0; i < 20; i++)
    rect(
      u(4 + shift + (i % 4) * 0.8),
      u(6 + i * 1.2),
      u(8 + ((i * 13 + seed * 5) % 20)),
      u(0.5),
      [90, 110, 120],
    );
  rect(u(38), u(5 + (seed % 3)), u(23), u(20), [24, 30, 33]);
  for (let i = 0; i < 12; i++)
    rect(u(39.5), u(7.5 + (seed % 3) + i * 1.3), u(4 + ((i * 11 + seed * 3) % 16)), u(0.5), [112, 190, 170]);
  rect(u(40), u(28), u(14), u(3), [10, 10, 10]);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(px)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
