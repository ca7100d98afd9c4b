// A decoder of quantized-mesh 1.0 tiles (the CesiumGS/quantized-mesh specification), written to be looked at: it keeps what the file says as it says it, and
// lists what a client would stumble over. It needs nothing of a page, so Node runs it as well.
//
// Little endian. Header of 88 bytes; u, v, height of each vertex as zigzag differences, 0 to 32767 from west to east, from south to north, from the header's
// minimum to its maximum; triangles as indices by high water mark, 16 bits up to 65,536 vertices, else 32; the vertices on each border; then extensions, each
// with an id and a length.

/** RANGE is the largest u, v and height. */
export const RANGE = 32767;

const HEADER = 88;
const MOST = 1 << 24; // vertices or triangles: more are not a tile but a mistake

/** extensionNames are those that the specification knows. */
export const extensionNames = { 1: 'octvertexnormals', 2: 'watermask', 4: 'metadata' };

/** sides are the borders in the order in which a tile lists them. */
export const sides = ['west', 'south', 'east', 'north'];

// Reader walks through the bytes; what is not there is an error that says where.
class Reader {
  constructor(buffer) {
    this.view = new DataView(buffer);
    this.at = 0;
  }

  get left() { return this.view.byteLength - this.at; }

  take(bytes, what) {
    if (bytes > this.left) throw new Error(`The tile ends in the middle: ${what} needs ${bytes} bytes from byte ${this.at}, and ${this.left} are left.`);
    this.at += bytes;
    return this.at - bytes;
  }

  u8(what) { return this.view.getUint8(this.take(1, what)); }

  u32(what) { return this.view.getUint32(this.take(4, what), true); }

  f32(what) { return this.view.getFloat32(this.take(4, what), true); }

  f64(what) { return this.view.getFloat64(this.take(8, what), true); }

  vector(what) { return [this.f64(what), this.f64(what), this.f64(what)]; }

  count(what) {
    const n = this.u32(what);
    if (n > MOST) throw new Error(`The tile says that it has ${n} ${what}.`);
    return n;
  }

  /** numbers reads so many of them, of 2 or 4 bytes, as Uint32Array. */
  numbers(n, size, what) {
    const from = this.take(n * size, what);
    return Uint32Array.from({ length: n }, (_, i) => (size === 2 ? this.view.getUint16(from + 2 * i, true) : this.view.getUint32(from + 4 * i, true)));
  }

  bytes(n, what) { return new Uint8Array(this.view.buffer, this.view.byteOffset + this.take(n, what), n); }

  /** align goes on to a multiple of size. */
  align(size) { this.take((size - (this.at % size)) % size, 'padding'); }
}

/**
 * decode reads a tile from an ArrayBuffer. It returns { header: { centre, min, max, sphere: { centre, radius }, horizon }, u, v, h, indices, indexBits, edges:
 * { west, south, east, north }, extensions: [{ id, name, bytes }], normals, water, metadata, faults }; normals are two bytes a vertex, water is one byte or
 * 256 x 256, both absent if the tile has none; faults are sentences. It throws an Error with a sentence on what cannot be read at all.
 */
export function decode(buffer) {
  if (new Uint8Array(buffer.slice(0, 2)).join() === '31,139') throw new Error('The tile is still packed with gzip: the server did not send Content-Encoding.');
  if (buffer.byteLength < HEADER) throw new Error(`A tile has a header of ${HEADER} bytes; this has ${buffer.byteLength} in all.`);
  const r = new Reader(buffer);
  const tile = { header: header(r), faults: [] };
  const vertices = r.count('vertices');
  for (const key of ['u', 'v', 'h']) tile[key] = zigzag(r.numbers(vertices, 2, `${key} of ${vertices} vertices`));
  const size = vertices > 65536 ? 4 : 2;
  tile.indexBits = size * 8;
  r.align(size);
  const triangles = r.count('triangles');
  tile.indices = highWater(r.numbers(triangles * 3, size, `indices of ${triangles} triangles`));
  tile.edges = Object.fromEntries(sides.map((side) => [side, r.numbers(r.count(`vertices on the ${side} border`), size, `the ${side} border`)]));
  readExtensions(r, tile);
  tile.faults.push(...faultsOf(tile));
  return tile;
}

function header(r) {
  const centre = r.vector('centre');
  const [min, max] = [r.f32('minimum height'), r.f32('maximum height')];
  const sphere = { centre: r.vector('sphere'), radius: r.f64('radius') };
  return { centre, min, max, sphere, horizon: r.vector('horizon point') };
}

function zigzag(codes) {
  let value = 0;
  return Int32Array.from(codes, (code) => { value += (code >> 1) ^ -(code & 1); return value; });
}

function highWater(codes) {
  let highest = 0;
  return Uint32Array.from(codes, (code) => { const index = highest - code; if (code === 0) highest++; return index; });
}

function readExtensions(r, tile) {
  tile.extensions = [];
  while (r.left > 0) {
    if (r.left < 5) {
      tile.faults.push(`${r.left} bytes are left at the end, too few for an extension.`);
      return;
    }
    const [id, bytes] = [r.u8('extension'), r.u32('extension')];
    const name = extensionNames[id] ?? 'unknown';
    const data = r.bytes(bytes, `extension ${id}, ${name},`);
    tile.extensions.push({ id, name, bytes });
    if (id === 1) tile.normals = data;
    else if (id === 2) tile.water = data;
    else if (id === 4) tile.metadata = metadata(data, tile.faults);
  }
}

function metadata(data, faults) {
  try {
    return JSON.parse(new TextDecoder().decode(data.subarray(4)));
  } catch (error) {
    faults.push(`The metadata is no JSON: ${error.message}.`);
    return undefined;
  }
}

// faultsOf looks for what the format forbids.
function* faultsOf({ header: { min, max, sphere }, u, v, h, indices, edges, normals, water }) {
  const n = u.length;
  if (!(min <= max)) yield `The least height is ${min}, the greatest ${max}.`;
  if (!(sphere.radius >= 0)) yield `The bounding sphere has a radius of ${sphere.radius}.`;
  if ([u, v, h].some((list) => list.some((value) => value < 0 || value > RANGE))) yield `A vertex lies outside 0 to ${RANGE}.`;
  if (indices.some((i) => i >= n)) yield 'A triangle names a vertex that is not there.';
  const along = { west: [u, 0], south: [v, 0], east: [u, RANGE], north: [v, RANGE] };
  for (const side of sides) {
    const [list, value] = along[side];
    const inside = edges[side].filter((i) => list[i] !== value).length;
    if (inside > 0) yield `${inside} vertices of the ${side} border do not lie on it.`;
    const listed = new Set(edges[side]);
    const missing = list.reduce((sum, at, i) => sum + (at === value && !listed.has(i)), 0);
    if (missing > 0) yield `${missing} vertices on the ${side} border are not listed there: there is no skirt below them.`;
  }
  if (normals && normals.length !== 2 * n) yield `There are ${normals.length} bytes of normals for ${n} vertices.`;
  if (water && water.length !== 1 && water.length !== 65536) yield `The water mask has ${water.length} bytes: 1 and 65536 are allowed.`;
}

/** heightOf returns the height of a vertex, metres above the ellipsoid. */
export const heightOf = ({ header: { min, max }, h }, i) => min + (h[i] / RANGE) * (max - min);

/** normalOf returns the normal of a vertex as a unit vector in the axes of the Earth, from its two bytes (octahedral, Meyer et al. 2010). */
export function normalOf({ normals }, i) {
  let [x, y] = [normals[2 * i] / 127.5 - 1, normals[2 * i + 1] / 127.5 - 1];
  const z = 1 - Math.abs(x) - Math.abs(y);
  if (z < 0) [x, y] = [(1 - Math.abs(y)) * Math.sign(x || 1), (1 - Math.abs(x)) * Math.sign(y || 1)];
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}
