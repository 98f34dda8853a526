// PNG files, as a browser writes them (8 bits a channel, no interlacing), with 256 colours: a third of the size.
import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const COLOURS = 256;

/** The same picture with a palette. Rare colours, such as the edges of letters, become the nearest that it has. */
export function withPalette(file) {
  const { width, height, pixels } = decode(file);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const { palette, places } = paletteOf(counts);
  const rows = Buffer.alloc((width + 1) * height); // each begins with its filter, 0: none
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = places.get(pixels[y * width + x]);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8); // 8 bits, palette
  const colours = Buffer.from(palette.flatMap(channels));
  const parts = [
    chunk("IHDR", header),
    chunk("PLTE", colours),
    chunk("IDAT", deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ];
  return Buffer.concat([SIGNATURE, ...parts]);
}

function channels(colour) {
  return [colour >> 16, (colour >> 8) & 255, colour & 255];
}

/** Each next colour is the one that most would be lost without: pixels times squared distance to the nearest so far. */
function paletteOf(counts) {
  const colours = [...counts].map(([colour, count]) => ({ colour, count, place: 0, distance: Number.POSITIVE_INFINITY }));
  const palette = [];
  let next = colours.reduce((a, b) => (b.count > a.count ? b : a));
  while (palette.length < COLOURS && next.distance > 0) {
    const [red, green, blue] = channels(next.colour);
    for (const each of colours) {
      const [r, g, b] = channels(each.colour);
      const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
      if (distance < each.distance) Object.assign(each, { distance, place: palette.length });
    }
    palette.push(next.colour);
    next = colours.reduce((a, b) => (b.count * b.distance > a.count * a.distance ? b : a));
  }
  return { palette, places: new Map(colours.map(({ colour, place }) => [colour, place])) };
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

function decode(file) {
  const data = [];
  let [width, height, bytes] = [0, 0, 3];
  for (let at = SIGNATURE.length; at < file.length; ) {
    const length = file.readUInt32BE(at);
    const type = file.toString("latin1", at + 4, at + 8);
    const body = file.subarray(at + 8, at + 8 + length);
    if (type === "IHDR") [width, height, bytes] = [body.readUInt32BE(0), body.readUInt32BE(4), body[9] === 6 ? 4 : 3];
    if (type === "IDAT") data.push(body);
    at += length + 12;
  }
  const rows = unfiltered(inflateSync(Buffer.concat(data)), width * bytes, bytes);
  const pixels = Array.from({ length: width * height }, (_, at) => rows.readUIntBE(at * bytes, 3));
  return { width, height, pixels };
}

/** PNG, section 9: each byte was written as its difference from what the row's filter expects. */
function unfiltered(filtered, stride, bytes) {
  const rows = Buffer.alloc((filtered.length / (stride + 1)) * stride);
  for (let at = 0; at < rows.length; at++) {
    const [y, x] = [Math.floor(at / stride), at % stride];
    const left = x >= bytes ? rows[at - bytes] : 0;
    const up = y > 0 ? rows[at - stride] : 0;
    const corner = x >= bytes && y > 0 ? rows[at - stride - bytes] : 0;
    const expected = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filtered[y * (stride + 1)]];
    rows[at] = filtered[y * (stride + 1) + 1 + x] + expected;
  }
  return rows;
}

function paeth(left, up, corner) {
  const [toLeft, toUp, toCorner] = [left, up, corner].map((value) => Math.abs(left + up - corner - value));
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}
