import { crc32, deflateSync, inflateSync } from 'node:zlib';

const signature = Buffer.from('89504e470d0a1a0a', 'hex');
const mostColours = 256;

/** The same picture in 256 colours, a third of the size: of a page with a few colours nothing is seen to change. */
export function smallPng(png) {
  const { width, height, pixels } = decode(png);
  const { palette, indexOf } = choosePalette(pixels);
  const rows = Buffer.alloc((width + 1) * height); // each row begins with its filter: none
  for (let at = 0; at < pixels.length; at += 1) {
    rows[at + Math.floor(at / width) + 1] = indexOf.get(pixels[at]);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3], 8); // 8 bits, by palette
  const colours = Buffer.from(palette.flatMap((colour) => channels(colour)));
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('PLTE', colours),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Of an 8-bit picture without interlacing, as browsers write it: one number 0xRRGGBB for each pixel. */
function decode(png) {
  const parts = { IDAT: [] };
  for (let at = signature.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const data = png.subarray(at + 8, at + 8 + length);
    if (type === 'IDAT') parts.IDAT.push(data);
    else parts[type] = data;
    at += length + 12;
  }
  const [width, height] = [parts.IHDR.readUInt32BE(0), parts.IHDR.readUInt32BE(4)];
  const size = { 2: 3, 6: 4 }[parts.IHDR[9]];
  if (parts.IHDR[8] !== 8 || size === undefined || parts.IHDR[12] !== 0)
    throw new Error('not a picture as a browser takes it');
  const stride = width * size;
  const raw = inflateSync(Buffer.concat(parts.IDAT));
  const pixels = new Uint32Array(width * height);
  let above = Buffer.alloc(stride);
  for (let y = 0; y < height; y += 1) {
    const start = y * (stride + 1);
    const row = unfilter(raw[start], raw.subarray(start + 1, start + 1 + stride), above, size);
    for (let x = 0; x < width; x += 1) pixels[y * width + x] = row.readUIntBE(x * size, 3);
    above = row;
  }
  return { width, height, pixels };
}

/** The five filters of the PNG specification, section 9. */
function unfilter(filter, row, above, size) {
  for (let at = 0; at < row.length; at += 1) {
    const left = at < size ? 0 : row[at - size];
    const corner = at < size ? 0 : above[at - size];
    row[at] += [0, left, above[at], (left + above[at]) >> 1, paeth(left, above[at], corner)][filter];
  }
  return row;
}

function paeth(left, up, corner) {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

/** The most frequent colours; what is left takes the nearest of them. */
function choosePalette(pixels) {
  const counts = new Map();
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const byCount = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));
  const palette = byCount.slice(0, mostColours);
  const indexOf = new Map(palette.map((colour, index) => [colour, index]));
  for (const colour of byCount.slice(mostColours)) {
    const far = palette.map((other) => distance(channels(colour), channels(other)));
    indexOf.set(colour, far.indexOf(Math.min(...far)));
  }
  return { palette, indexOf };
}

const channels = (colour) => [colour >> 16, (colour >> 8) & 255, colour & 255];
const distance = (one, other) => one.reduce((sum, value, at) => sum + (value - other[at]) ** 2, 0);

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
