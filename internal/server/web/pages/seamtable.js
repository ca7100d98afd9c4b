// The table of seams: a row for each border, as the neighbours come in.
import { facing, MILLIMETRE } from './seams.js';
import { sides } from './quantizedmesh.js';
import { boundsOf } from './tiles.js';
import { degrees } from './datasets.js';

const byId = (id) => document.getElementById(id);
const SHOWN = 50; // places that differ, of each border

function element(name, text, className = '') {
  return Object.assign(document.createElement(name), { textContent: text, className });
}

const metres = (v) => (Number.isNaN(v) ? 'no height' : `${v.toFixed(4)} m`);

/** SeamTable is the part of the page of that name. go(tile) is called for the link of a neighbour. */
export class SeamTable {
  constructor(go) { this.go = go; }

  /** clear makes a row for each side of a tile, with nothing known yet. */
  clear() {
    this.rows = Object.fromEntries(sides.map((side) => [side, element('tr', '')]));
    for (const side of sides) this.fill(side, undefined, ['reading']);
    byId('seam-rows').replaceChildren(...sides.map((side) => this.rows[side]));
    byId('differing').replaceChildren();
  }

  fill(side, tile, cells) {
    const first = Object.assign(element('th', side), { scope: 'row' });
    const where = element('td', tile ? '' : '-');
    if (tile) {
      const button = Object.assign(element('button', `${tile.z}/${tile.x}/${tile.y}`), { type: 'button' });
      button.addEventListener('click', () => this.go(tile));
      where.append(button);
    }
    const rest = cells.map((cell) => (cell instanceof Node ? cell : element('td', cell)));
    if (rest.length === 1) rest[0].colSpan = 5;
    this.rows[side].replaceChildren(first, where, ...rest);
  }

  /** none says why there is nothing to compare with beyond a side. */
  none(side, tile, why) { this.fill(side, tile, [why]); }

  /** show tells how a side meets its neighbour, and says whether it does. */
  show(side, tile, grid, at, result) {
    const good = result.differing.length === 0 && result.shared > 0;
    this.fill(side, tile, [
      element('td', metres(Math.abs(result.largest)), good ? 'good' : 'bad'), String(result.shared), String(result.onlyHere), String(result.onlyThere),
      result.angle === undefined ? '-' : `${result.angle.toFixed(2)}°`,
    ]);
    if (result.differing.length > 0) this.list(side, grid, at, result.differing);
    return good;
  }

  list(side, grid, at, differing) {
    const [w, s, e, n] = boundsOf(grid, at);
    const { step: [east] } = facing[side];
    const details = document.createElement('details');
    details.append(element('summary', `${side}: ${differing.length} places differ by more than ${MILLIMETRE * 1000} mm`));
    const list = document.createElement('ol');
    for (const { at: share, here, there } of differing.slice(0, SHOWN)) {
      const lon = east ? (east < 0 ? w : e) : w + (e - w) * share;
      const lat = east ? s + (n - s) * share : (side === 'south' ? s : n);
      list.append(element('li', `${degrees(lon, 'E', 'W', 6)}, ${degrees(lat, 'N', 'S', 6)}: ${metres(here)} here, ${metres(there)} there`));
    }
    if (differing.length > SHOWN) list.append(element('li', `and ${differing.length - SHOWN} more`));
    details.append(list);
    byId('differing').append(details);
  }
}
