// What there is to say of one tile, as [label, text] pairs.
import { bytes, count, degrees } from './datasets.js';
import { heightOf, sides, RANGE } from './quantizedmesh.js';
import { boundsOf } from './tiles.js';
import { cartesian, placeOf, distance, horizonNeeded } from './wgs84.js';

const metres = (v) => `${v.toFixed(Math.abs(v) < 1000 ? 3 : 1)} m`;
const vector = (v, digits) => v.map((n) => n.toFixed(digits)).join(', ');
const place = ({ lon, lat, height }) => `${degrees(lon, 'E', 'W', 5)}, ${degrees(lat, 'N', 'S', 5)}, ${metres(height)}`;

/** groundText writes the bounds of a tile. */
export function groundText(grid, at) {
  const [w, s, e, n] = boundsOf(grid, at);
  return `${degrees(w, 'E', 'W', 5)} to ${degrees(e, 'E', 'W', 5)}, ${degrees(s, 'N', 'S', 5)} to ${degrees(n, 'N', 'S', 5)}`;
}

/** transferText says how much came over the wire and how much that was unpacked. */
export function transferText({ packed, plain }) {
  return packed ? `${bytes(packed)} as gzip, ${bytes(plain)} plain (${count(packed)} and ${count(plain)} bytes)` : `${bytes(plain)} (${count(plain)} bytes), not packed`;
}

/** meshFacts tells of a decoded terrain tile; answer is { packed, plain, etag }. */
export function meshFacts(tile, grid, at, answer) {
  const { header: { centre, min, max, sphere, horizon }, u, indices, edges, extensions } = tile;
  const heights = Array.from(u, (_, i) => heightOf(tile, i));
  const low = heights.reduce((a, b) => Math.min(a, b), Infinity);
  const high = heights.reduce((a, b) => Math.max(a, b), -Infinity);
  const points = pointsOf(tile, grid, at, heights);
  return [
    ['Ground', groundText(grid, at)],
    ['Size', transferText(answer)],
    ['Centre', `${vector(centre, 3)} (${place(placeOf(centre))})`],
    ['Heights', `${metres(min)} to ${metres(max)} in the header, ${metres(low)} to ${metres(high)} of its vertices`],
    ['Step of heights', metres((max - min) / RANGE)],
    ['Bounding sphere', `${vector(sphere.centre, 3)}, radius ${metres(sphere.radius)}; ${sphereText(points, sphere)}`],
    ['Horizon point', `${vector(horizon, 6)}; ${horizonText(points, horizon)}`],
    ['Counts', `${count(u.length)} vertices, ${count(indices.length / 3)} triangles, indices of ${tile.indexBits} bits`],
    ['On borders', sides.map((side) => `${side} ${edges[side].length}`).join(', ')],
    ['Extensions', extensions.map(({ id, name, bytes: size }) => `${name} (${id}), ${count(size)} ${size === 1 ? 'byte' : 'bytes'}`).join('; ') || 'none'],
    ['Metadata', tile.metadata ? JSON.stringify(tile.metadata).slice(0, 400) : ''],
    ['ETag', answer.etag ?? ''],
  ].filter(([, text]) => text !== '');
}

function pointsOf({ u, v }, grid, at, heights) {
  const [w, s, e, n] = boundsOf(grid, at);
  return heights.map((height, i) => cartesian(w + (e - w) * u[i] / RANGE, s + (n - s) * v[i] / RANGE, height));
}

// A metre is forgiven: it is below what a pixel shows.
function sphereText(points, { centre, radius }) {
  const out = points.reduce((most, point) => Math.max(most, distance(point, centre)), 0) - radius;
  return out <= 1 ? 'holds all vertices' : `a vertex lies ${metres(out)} outside`;
}

function horizonText(points, horizon) {
  const needed = horizonNeeded(points, horizon);
  if (!Number.isFinite(needed)) return 'no point would do for this tile';
  const short = (needed - Math.hypot(...horizon)) * 6378137; // metres of the longest half axis
  return short <= 1 ? 'hides no vertex too early' : `too low by ${metres(short)}: the tile goes too early`;
}

/** waterText says what a water mask holds. */
export function waterText(water) {
  if (water.length === 1) return water[0] ? 'Water mask: water everywhere.' : 'Water mask: land everywhere.';
  const share = water.reduce((sum, value) => sum + value, 0) / 255 / water.length;
  return `Water mask, 256 x 256: ${(share * 100).toFixed(1)} % water (blue).`;
}
