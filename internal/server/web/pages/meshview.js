// A tile's mesh on a canvas: from above, obliquely, or as its normals. Far triangles are painted first, which is enough for ground that hides little of itself.
import { heightOf, normalOf, sides, RANGE } from './quantizedmesh.js';
import { boundsOf } from './tiles.js';
import { localOf } from './wgs84.js';

const RAMP = ['#2b5d73', '#4f8a5b', '#a9b665', '#d9b36a', '#a8643a', '#f4efe6'].map(rgb); // from the lowest vertex to the highest
const LIGHT = [-0.5, 0.5, 0.71]; // from the north-west, half way up
const MARGIN = 14; // pixels

function rgb(css) { return [1, 3, 5].map((i) => Number.parseInt(css.slice(i, i + 2), 16)); }

function colourAt(share, light) {
  const at = Math.max(0, Math.min(1, share)) * (RAMP.length - 1);
  const [a, b] = [RAMP[Math.floor(at)], RAMP[Math.ceil(at)]];
  return `rgb(${a.map((c, i) => Math.round((c + (b[i] - c) * (at % 1)) * light)).join(' ')})`;
}

/** MeshView draws into a canvas. view is top, oblique or normals; an oblique view turns by dragging and by the arrow keys. */
export class MeshView {
  constructor(canvas, view) {
    Object.assign(this, { canvas, view, turn: 25, tilt: 55, stretch: 1, seams: {} });
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
    if (view === 'oblique') this.wire();
  }

  /** show draws a decoded tile of a grid at a place in it. */
  show(tile, grid, at) {
    const [w, s, e, n] = boundsOf(grid, at);
    const lat = (s + n) / 2;
    const wide = (e - w) * Math.max(Math.cos(lat * Math.PI / 180), 0.05);
    const high = n - s;
    const metres = 111320 * Math.max(wide, high);
    Object.assign(this, { tile, w, s, e, n, lat, x: wide / Math.max(wide, high), y: high / Math.max(wide, high), metres, seams: {} });
    this.draw();
  }

  clear() {
    this.tile = undefined;
    this.draw();
  }

  /** mark tells of a border how it meets its neighbour: good, bad, or nothing known. */
  mark(side, how) {
    this.seams[side] = how;
    this.draw();
  }

  /** setStretch exaggerates the heights of the oblique view. */
  setStretch(factor) {
    this.stretch = factor;
    this.draw();
  }

  wire() {
    const { canvas } = this;
    canvas.addEventListener('pointerdown', (event) => canvas.setPointerCapture(event.pointerId));
    canvas.addEventListener('pointermove', (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) this.rotate(event.movementX * 0.5, event.movementY * 0.4);
    });
    canvas.addEventListener('keydown', (event) => {
      const by = { ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, -5], ArrowDown: [0, 5] }[event.key];
      if (!by) return;
      event.preventDefault();
      this.rotate(...by);
    });
  }

  rotate(turn, tilt) {
    this.turn = (this.turn + turn) % 360;
    this.tilt = Math.max(10, Math.min(90, this.tilt + tilt));
    cancelAnimationFrame(this.waiting);
    this.waiting = requestAnimationFrame(() => this.draw());
  }

  // corners returns where each vertex is: x and y on the canvas, and how near it is. z is in the unit of x and y, from the mean height.
  corners(width, height) {
    const { tile: { u, v, header: { min, max } }, tile } = this;
    const count = u.length;
    const out = { px: new Float64Array(count), py: new Float64Array(count), near: new Float64Array(count) };
    const [turn, tilt] = this.view === 'oblique' ? [this.turn, this.tilt].map((d) => d * Math.PI / 180) : [0, Math.PI / 2];
    const [ct, st, cp, sp] = [Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)];
    const room = this.view === 'oblique' ? Math.hypot(this.x, this.y) * 1.02 : Math.max(this.x / width, this.y / height) * Math.min(width, height);
    const scale = (Math.min(width, height) - 2 * MARGIN) / room;
    for (let i = 0; i < count; i++) {
      const [x, y] = [(u[i] / RANGE - 0.5) * this.x, (v[i] / RANGE - 0.5) * this.y];
      const z = (heightOf(tile, i) - (min + max) / 2) / this.metres * this.stretch;
      const [right, away] = [x * ct - y * st, x * st + y * ct];
      out.px[i] = width / 2 + right * scale;
      out.py[i] = height / 2 - (away * sp + z * cp) * scale;
      out.near[i] = z * sp - away * cp;
    }
    return out;
  }

  draw() {
    const { canvas, tile } = this;
    const context = canvas.getContext('2d');
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const ratio = Math.min(devicePixelRatio, 2);
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    context.scale(ratio, ratio);
    if (!tile || width < 60) return;
    const style = getComputedStyle(canvas);
    const at = this.corners(width, height);
    const fills = this.view === 'normals' ? this.normals() : this.heights();
    context.lineJoin = 'round';
    context.lineWidth = tile.indices.length > 3 * 4000 ? 0.3 : 0.6;
    context.strokeStyle = this.view === 'normals' ? 'transparent' : style.getPropertyValue('--wire');
    for (const k of this.order(at.near)) {
      const [a, b, c] = tile.indices.subarray(3 * k, 3 * k + 3);
      context.beginPath();
      context.moveTo(at.px[a], at.py[a]);
      context.lineTo(at.px[b], at.py[b]);
      context.lineTo(at.px[c], at.py[c]);
      context.closePath();
      context.fillStyle = fills(a, b, c);
      if (this.view === 'normals') context.strokeStyle = context.fillStyle; // no hairlines between triangles
      context.fill();
      context.stroke();
    }
    if (this.view !== 'normals') this.borders(context, at, style);
  }

  // order lists the triangles, the farthest first.
  order(near) {
    const { indices } = this.tile;
    const list = Uint32Array.from({ length: indices.length / 3 }, (_, k) => k);
    if (this.view !== 'oblique') return list;
    const depth = Float64Array.from(list, (k) => near[indices[3 * k]] + near[indices[3 * k + 1]] + near[indices[3 * k + 2]]);
    return list.sort((a, b) => depth[a] - depth[b]);
  }

  // heights colours a triangle by how high it lies within the tile, lit from the north-west.
  heights() {
    const { tile, tile: { u, v, h } } = this;
    const place = (i) => [u[i] / RANGE * this.x, v[i] / RANGE * this.y, heightOf(tile, i) / this.metres * this.stretch];
    return (a, b, c) => {
      const [p, q, r] = [place(a), place(b), place(c)];
      const [d, e] = [q.map((value, i) => value - p[i]), r.map((value, i) => value - p[i])];
      const normal = [d[1] * e[2] - d[2] * e[1], d[2] * e[0] - d[0] * e[2], d[0] * e[1] - d[1] * e[0]];
      const length = Math.hypot(...normal) || 1;
      const light = normal.reduce((sum, value, i) => sum + value / length * LIGHT[i], 0);
      return colourAt((h[a] + h[b] + h[c]) / 3 / RANGE, Math.max(0.35, Math.min(1.1, 0.45 + 0.75 * light)));
    };
  }

  // normals colours a triangle by the normals that the tile holds: red to the east, green to the north, blue up.
  normals() {
    const { tile } = this;
    if (!tile.normals) return () => 'transparent';
    const local = Array.from({ length: tile.u.length }, (_, i) => localOf(normalOf(tile, i), this.w + tile.u[i] / RANGE * (this.e - this.w), this.lat));
    return (...corners) => `rgb(${[0, 1, 2].map((k) => Math.round(127.5 + 42.5 * corners.reduce((sum, i) => sum + local[i][k], 0))).join(' ')})`;
  }

  borders(context, at, style) {
    for (const side of sides) {
      const along = side === 'west' || side === 'east' ? this.tile.v : this.tile.u;
      const line = [...this.tile.edges[side]].sort((a, b) => along[a] - along[b]);
      context.strokeStyle = context.fillStyle = style.getPropertyValue({ good: '--good', bad: '--bad' }[this.seams[side]] ?? '--quiet');
      context.lineWidth = 2.5;
      context.beginPath();
      line.forEach((i, k) => (k ? context.lineTo(at.px[i], at.py[i]) : context.moveTo(at.px[i], at.py[i])));
      context.stroke();
      for (const i of line) {
        context.beginPath();
        context.arc(at.px[i], at.py[i], 2.2, 0, 2 * Math.PI);
        context.fill();
      }
    }
  }
}
