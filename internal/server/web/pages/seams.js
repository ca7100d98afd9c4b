// Do two neighbours meet? Compares the vertices on a tile's borders with those of the tiles beyond. Where one has a vertex and the other has none, the other's
// edge is as high as the straight line between its own.
import { heightOf, normalOf, RANGE } from './quantizedmesh.js';

/** facing names the border of the neighbour that lies along each of ours, and where that neighbour is: columns to the east, rows to the north. */
export const facing = {
  west: { other: 'east', step: [-1, 0] }, south: { other: 'north', step: [0, -1] }, east: { other: 'west', step: [1, 0] }, north: { other: 'south', step: [0, 1] },
};

/** MILLIMETRE is how far apart heights may be and still be called equal: rounding of the header's 32-bit numbers. */
export const MILLIMETRE = 0.001;

// border lists the vertices of a side as { at, height, index } along it: from west to east, or from south to north.
function border(tile, side) {
  const along = side === 'west' || side === 'east' ? tile.v : tile.u;
  return [...tile.edges[side]].map((index) => ({ at: along[index], height: heightOf(tile, index), index })).sort((a, b) => a.at - b.at);
}

// heightAt returns how high a border is at a place along it, and the vertex there if there is one. A border without vertices has no height.
function heightAt(line, at) {
  const i = line.findIndex((p) => p.at >= at);
  if (line[i]?.at === at) return { height: line[i].height, vertex: line[i] };
  const [before, after] = [line[i - 1], line[i]];
  if (!before || !after) return { height: NaN };
  return { height: before.height + (after.height - before.height) * (at - before.at) / (after.at - before.at) };
}

/**
 * compare returns { shared, onlyHere, onlyThere, largest, angle, differing } of a side of a tile and the opposite one of the neighbour beyond: counts of vertices;
 * the largest difference in height, metres, NaN where an edge does not reach; the largest angle between normals of shared vertices, degrees, undefined
 * without; and the places where heights differ, [{ at, here, there, difference }], at from 0 to 1 from the west or the south, the worst first.
 */
export function compare(tile, side, neighbour) {
  const [here, there] = [border(tile, side), border(neighbour, facing[side].other)];
  const places = [...new Set([...here, ...there].map((p) => p.at))].sort((a, b) => a - b);
  const result = { shared: 0, onlyHere: 0, onlyThere: 0, largest: 0, angle: undefined, differing: [] };
  for (const at of places) {
    const [a, b] = [heightAt(here, at), heightAt(there, at)];
    if (a.vertex && b.vertex) result.shared++;
    else result[a.vertex ? 'onlyHere' : 'onlyThere']++;
    const difference = a.height - b.height;
    if (Number.isNaN(difference) || Math.abs(difference) > Math.abs(result.largest)) result.largest = difference;
    if (!(Math.abs(difference) <= MILLIMETRE)) result.differing.push({ at: at / RANGE, here: a.height, there: b.height, difference });
    const angle = angleBetween(tile, a.vertex, neighbour, b.vertex);
    if (angle !== undefined) result.angle = Math.max(result.angle ?? 0, angle);
  }
  result.differing.sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference));
  if (places.length === 0) result.largest = NaN;
  return result;
}

function angleBetween(tile, a, neighbour, b) {
  if (!a || !b || !tile.normals || !neighbour.normals) return undefined;
  const [m, n] = [normalOf(tile, a.index), normalOf(neighbour, b.index)];
  const dot = m[0] * n[0] + m[1] * n[1] + m[2] * n[2];
  return Math.acos(Math.min(1, Math.max(-1, dot))) * 180 / Math.PI;
}
