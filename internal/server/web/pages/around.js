// The little map of the inspector: the tile in the middle, the eight around it, and its four children, each a button over a picture of the ground.
import { sizeOf, neighbour, child, boundsOf } from './tiles.js';
import { locator } from './locator.js';
import { layersOf } from './datasets.js';
import { withToken } from './token.js';

const byId = (id) => document.getElementById(id);
const PIXELS = 480;
const HALF = Math.PI * 6378137; // of the square of EPSG:3857, metres
const names = { '-1,1': 'North-west', '0,1': 'North', '1,1': 'North-east', '-1,0': 'West', '1,0': 'East', '-1,-1': 'South-west', '0,-1': 'South', '1,-1': 'South-east' };
const quarters = [[0, 1, 'north-western'], [1, 1, 'north-eastern'], [0, 0, 'south-western'], [1, 0, 'south-eastern']];

const label = ({ z, x, y }) => `${z}/${x}/${y}`;

function button(words, tile, go) {
  const b = Object.assign(document.createElement('button'), { type: 'button', title: tile ? `${words}: ${label(tile)}` : words, disabled: !tile });
  b.setAttribute('aria-label', b.title);
  if (tile) b.addEventListener('click', () => go(tile));
  return b;
}

/** showAround draws the surroundings of a tile. deepest is the last level that has children; go(tile) is called for the one that is pressed. */
export function showAround({ dataset, grid, tile, deepest }, go) {
  const cells = [];
  for (const north of [1, 0, -1]) {
    for (const east of [-1, 0, 1]) {
      if (east || north) cells.push(button(names[`${east},${north}`], neighbour(grid, tile, east, north), go));
      else cells.push(middle(tile, deepest, go));
    }
  }
  const had = byId('around').contains(document.activeElement) && document.activeElement.getAttribute('data-key');
  cells.forEach((cell, i) => cell.setAttribute('data-key', `cell-${i}`));
  byId('around').replaceChildren(byId('around-picture'), ...cells);
  if (had) byId('around').querySelector(`[data-key="${had}"]`)?.focus();
  const image = byId('around-picture');
  image.hidden = layersOf(dataset).length === 0;
  if (!image.hidden) image.src = pictureURL(dataset, tile, grid);
  byId('locator').replaceChildren(locator(boundsOf(grid, tile)));
}

function middle(tile, deepest, go) {
  const cell = Object.assign(document.createElement('div'), { className: 'middle' });
  cell.append(...quarters.map(([east, north, words], i) => {
    const b = button(`The ${words} child`, tile.z < deepest ? child(tile, east, north) : undefined, go);
    b.setAttribute('data-key', `child-${i}`);
    return b;
  }));
  return cell;
}

// pictureURL is a map of three by three tiles, in the reference system of the grid, in which tiles are squares. Maps are of the current version.
function pictureURL({ name, grid: gridName }, { z, x, y }, grid) {
  const [columns, rows] = sizeOf(grid, z);
  const [crs, width, height, west, south] = gridName === 'mercator' ? ['EPSG:3857', 2 * HALF, 2 * HALF, -HALF, -HALF] : ['CRS:84', 360, 180, -180, -90];
  const at = (column, row) => [west + width * column / columns, south + height * row / rows];
  const bbox = [...at(x - 1, y - 1), ...at(x + 2, y + 2)];
  const query = new URLSearchParams({
    service: 'WMS', version: '1.3.0', request: 'GetMap', layers: name, styles: '', crs, bbox: bbox.join(), width: PIXELS, height: PIXELS, format: 'image/png', transparent: 'true',
  });
  return withToken(`wms?${query}`);
}
