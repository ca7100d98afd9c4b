// A small map that says where on Earth a dataset lies, from the base map that comes with CesiumJS. The drawing's units are degrees.

const SVG = 'http://www.w3.org/2000/svg';
const BASE = 'cesium/Assets/Textures/NaturalEarthII';

function element(name, attributes) {
  const e = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  return e;
}

/** locator returns an SVG of about five times the dataset's extent, and at least a part of the continent around it. */
export function locator([w, s, e, n]) {
  const width = Math.min(360, Math.max(50, (e - w) * 5, (n - s) * 2.5 * 3));
  const height = width / 2.5;
  const lon = (w + e) / 2;
  const lat = Math.max(-90 + height / 2, Math.min(90 - height / 2, (s + n) / 2));
  const [left, top] = [lon - width / 2, lat + height / 2];
  const svg = element('svg', { viewBox: `${left} ${-top} ${width} ${height}`, preserveAspectRatio: 'xMidYMid slice', 'aria-hidden': 'true' });
  svg.append(...baseTiles(left, top, width, height));
  svg.append(element('rect', { class: 'ground', x: w, y: -n, width: e - w, height: n - s }));
  if (e - w < width / 12) svg.append(element('circle', { class: 'ring', cx: lon, cy: -(s + n) / 2, r: width / 22 }));
  return svg;
}

// baseTiles covers the window with tiles of the level that has about as many pixels; the base map ends at level 2, rows from the south.
function baseTiles(left, top, width, height) {
  const z = width > 180 ? 1 : 2;
  const side = 180 / 2 ** z;
  const columns = 2 ** (z + 1);
  const tiles = [];
  for (let x = Math.floor((left + 180) / side); -180 + x * side < left + width; x++) {
    for (let y = Math.max(0, Math.floor((top - height + 90) / side)); -90 + y * side < top && y < 2 ** z; y++) {
      const column = ((x % columns) + columns) % columns;
      // A hair larger than the tile, so that no seam shows.
      tiles.push(element('image', {
        href: `${BASE}/${z}/${column}/${y}.jpg`, preserveAspectRatio: 'none',
        x: -180 + x * side, y: -(-90 + (y + 1) * side), width: side * 1.002, height: side * 1.002,
      }));
    }
  }
  return tiles;
}
