// The two grids that tiles are cut in, and how to walk through them. Rows count from the south, as in terrain URLs; a tile is { z, x, y }. Angles are degrees.

const LIMIT = 85.0511287798066; // of Mercator, EPSG:3857
const radians = (degrees) => degrees * Math.PI / 180;

// A position is a share of the grid's width and height, from the west and the south.
const geographic = {
  roots: 2,
  position: (lon, lat) => [(lon + 180) / 360, (lat + 90) / 180],
  place: (x, y) => [x * 360 - 180, y * 180 - 90],
};
const mercator = {
  roots: 1,
  position: (lon, lat) => [(lon + 180) / 360, 0.5 + Math.asinh(Math.tan(radians(Math.max(-LIMIT, Math.min(LIMIT, lat))))) / (2 * Math.PI)],
  place: (x, y) => [x * 360 - 180, Math.atan(Math.sinh((y - 0.5) * 2 * Math.PI)) * 180 / Math.PI],
};

/** gridOf returns the grid of a name: geographic with two roots, or mercator with one. */
export const gridOf = (name) => (name === 'mercator' ? mercator : geographic);

/** sizeOf returns [columns, rows] of a level. */
export const sizeOf = (grid, z) => [grid.roots * 2 ** z, 2 ** z];

/** tileAt returns the tile of a level in which a place lies. Longitudes may be beyond 180. */
export function tileAt(grid, z, lon, lat) {
  const [columns, rows] = sizeOf(grid, z);
  const [x, y] = grid.position(((lon + 180) % 360 + 360) % 360 - 180, lat);
  const within = (share, n) => Math.max(0, Math.min(n - 1, Math.floor(share * n)));
  return { z, x: within(x, columns), y: within(y, rows) };
}

/** boundsOf returns [w, s, e, n] of a tile. */
export function boundsOf(grid, { z, x, y }) {
  const [columns, rows] = sizeOf(grid, z);
  return [...grid.place(x / columns, y / rows), ...grid.place((x + 1) / columns, (y + 1) / rows)];
}

/** neighbour returns the tile so many columns to the east and rows to the north, round the globe; nothing beyond the poles. */
export function neighbour(grid, { z, x, y }, east, north) {
  const [columns, rows] = sizeOf(grid, z);
  if (y + north < 0 || y + north >= rows) return undefined;
  return { z, x: (x + east + columns) % columns, y: y + north };
}

/** parent returns the tile above, nothing above a root. */
export const parent = ({ z, x, y }) => (z > 0 ? { z: z - 1, x: x >> 1, y: y >> 1 } : undefined);

/** child returns one of the four tiles below: east and north are 0 or 1. */
export const child = ({ z, x, y }, east, north) => ({ z: z + 1, x: 2 * x + east, y: 2 * y + north });

/** exists tells whether a tile can be. */
export function exists(grid, { z, x, y }) {
  const [columns, rows] = sizeOf(grid, z);
  return [z, x, y].every((n) => Number.isInteger(n) && n >= 0) && z <= 30 && x < columns && y < rows;
}

/** available tells what layer.json says of a tile: true or false; undefined where it does not say. */
export function available({ available: levels }, { z, x, y }) {
  if (!Array.isArray(levels)) return undefined;
  return (levels[z] ?? []).some((r) => r.startX <= x && x <= r.endX && r.startY <= y && y <= r.endY);
}
