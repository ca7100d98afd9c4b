// Tests of the inspector's modules that need no page: how a tile is read, how seams are compared, the grids. inspect_test.go runs them with "node --test".
import assert from 'node:assert/strict';
import test from 'node:test';
import { decode, heightOf, normalOf, RANGE } from '../internal/server/web/pages/quantizedmesh.js';
import { compare } from '../internal/server/web/pages/seams.js';
import { gridOf, boundsOf, tileAt, sizeOf, neighbour, parent, child, exists, available } from '../internal/server/web/pages/tiles.js';
import { cartesian, placeOf, localOf, horizonNeeded } from '../internal/server/web/pages/wgs84.js';

// square writes a tile of four corners and two triangles; heights are those of south-west, south-east, north-west, north-east, 0 to 32767.
function square(heights, { min = 100, max = 200, extensions = [], lie = {} } = {}) {
  const bytes = [];
  const view = new DataView(new ArrayBuffer(8));
  const put = (size, write) => { write(view); bytes.push(...new Uint8Array(view.buffer, 0, size)); };
  const f64 = (v) => put(8, (d) => d.setFloat64(0, v, true));
  const f32 = (v) => put(4, (d) => d.setFloat32(0, v, true));
  const u32 = (v) => put(4, (d) => d.setUint32(0, v, true));
  const u16 = (v) => put(2, (d) => d.setUint16(0, v, true));
  [1, 2, 3].forEach(f64);
  [min, max].forEach(f32);
  [4, 5, 6, 7, 8, 9, 10].forEach(f64);
  u32(lie.vertices ?? 4);
  const zigzag = (list) => list.forEach((v, i) => { const d = v - (list[i - 1] ?? 0); u16(((d << 1) ^ (d >> 31)) & 0xffff); });
  zigzag([0, RANGE, 0, RANGE]);
  zigzag([0, 0, RANGE, RANGE]);
  zigzag(heights);
  u32(2);
  [0, 0, 0, 2, 0, 2].forEach(u16); // 0 1 2, 1 3 2 by high water mark
  for (const list of [[0, 2], [0, 1], lie.east ?? [1, 3], [2, 3]]) { u32(list.length); list.forEach(u16); }
  for (const [id, data] of extensions) { bytes.push(id); u32(data.length); bytes.push(...data); }
  return new Uint8Array(bytes).buffer;
}

test('a tile is decoded as it was written', () => {
  const tile = decode(square([0, RANGE, 0, 16384], { extensions: [[1, [127, 127, 255, 127, 0, 127, 127, 255]], [2, [255]], [9, [1, 2, 3]]] }));
  assert.deepEqual(tile.header, { centre: [1, 2, 3], min: 100, max: 200, sphere: { centre: [4, 5, 6], radius: 7 }, horizon: [8, 9, 10] });
  assert.deepEqual([...tile.indices], [0, 1, 2, 1, 3, 2]);
  assert.deepEqual([0, 1, 2].map((i) => heightOf(tile, i)), [100, 200, 100]);
  assert.deepEqual(tile.extensions.map(({ id, name, bytes }) => [id, name, bytes]), [[1, 'octvertexnormals', 8], [2, 'watermask', 1], [9, 'unknown', 3]]);
  assert.deepEqual([...tile.edges.east], [1, 3]);
  assert.ok(normalOf(tile, 0)[2] > 0.999 && normalOf(tile, 1)[0] > 0.999 && normalOf(tile, 2)[0] < -0.999 && normalOf(tile, 3)[1] > 0.999);
  assert.deepEqual([tile.water.length, tile.indexBits, tile.faults], [1, 16, []]);
});

test('a tile that is cut anywhere is an error with a sentence, or a fault', () => {
  const whole = square([0, 1, 2, 3], { extensions: [[2, [0]]] });
  for (let n = 0; n < whole.byteLength; n++) {
    try {
      const { faults, extensions } = decode(whole.slice(0, n));
      assert.ok(faults.length > 0 || extensions.length === 0, `${n} bytes`);
    } catch (error) {
      assert.match(error.message, /^(The tile ends in the middle|A tile has a header)/, `${n} bytes`);
    }
  }
  assert.throws(() => decode(square([0, 0, 0, 0], { lie: { vertices: 0xffffffff } })), /4294967295 vertices/);
  assert.throws(() => decode(new Uint8Array([31, 139, 8, 0]).buffer), /gzip/);
});

test('what the format forbids is a fault', () => {
  assert.match(decode(square([0, 0, 0, 0], { lie: { east: [0, 3] } })).faults.join(' '), /1 vertices of the east border do not lie on it.*1 vertices on the east border are not listed/);
  assert.match(decode(square([0, 0, 0, 0], { min: 5, max: 1 })).faults.join(), /least height is 5/);
  assert.match(decode(square([0, 0, 0, 0], { extensions: [[1, [1]]] })).faults.join(), /1 bytes of normals for 4/);
});

test('seams are as wide as the edges are apart, between vertices as well', () => {
  const flat = decode(square([0, 0, 0, 0]));
  const even = compare(flat, 'east', flat);
  assert.deepEqual([even.shared, even.onlyHere, even.onlyThere, even.largest, even.differing.length], [2, 0, 0, 0, 0]);
  const higher = compare(decode(square([0, RANGE, 0, 0])), 'east', flat);
  assert.deepEqual(higher.differing, [{ at: 0, here: 200, there: 100, difference: 100 }]);
  const shifted = compare(flat, 'north', decode(square([0, 0, 0, 0], { min: 100.5 })));
  assert.ok(Math.abs(shifted.largest + 0.5) < 1e-6 && shifted.differing.length === 2, JSON.stringify(shifted));
  const middle = decode(square([0, 0, 0, 0]));
  middle.v[3] = 16384; // the border ends half way up
  const short = compare(middle, 'east', flat);
  assert.ok(Number.isNaN(short.largest) && short.onlyHere === 1 && short.onlyThere === 1, JSON.stringify(short));
});

test('the grids are those of terrain and of Mercator', () => {
  for (const [name, at, bounds] of [
    ['geographic', { z: 0, x: 1, y: 0 }, [0, -90, 180, 90]], ['geographic', { z: 2, x: 7, y: 3 }, [135, 45, 180, 90]],
    ['mercator', { z: 0, x: 0, y: 0 }, [-180, -85.0511287798066, 180, 85.0511287798066]], ['mercator', { z: 1, x: 1, y: 1 }, [0, 0, 180, 85.0511287798066]],
  ]) {
    const got = boundsOf(gridOf(name), at);
    assert.ok(got.every((v, i) => Math.abs(v - bounds[i]) < 1e-9), `${name}: ${got}`);
    assert.deepEqual(tileAt(gridOf(name), at.z, (got[0] + got[2]) / 2 + 360, (got[1] + got[3]) / 2), at);
  }
  const grid = gridOf('geographic');
  assert.deepEqual([neighbour(grid, { z: 1, x: 0, y: 0 }, -1, 0), neighbour(grid, { z: 1, x: 0, y: 0 }, 0, -1)], [{ z: 1, x: 3, y: 0 }, undefined]);
  assert.deepEqual([parent({ z: 0, x: 1, y: 0 }), parent(child({ z: 3, x: 5, y: 2 }, 1, 0))], [undefined, { z: 3, x: 5, y: 2 }]);
  assert.deepEqual([[0, 2, 0], [1, 3, 1], [1, 3, 2], [31, 0, 0], [1, 0.5, 0], [NaN, 0, 0]].map(([z, x, y]) => exists(grid, { z, x, y })), [false, true, false, false, false, false]);
  assert.deepEqual(sizeOf(grid, 3), [16, 8]);
  const layer = { available: [[{ startX: 0, endX: 1, startY: 0, endY: 0 }], [{ startX: 2, endX: 2, startY: 1, endY: 1 }]] };
  assert.deepEqual([available(layer, { z: 1, x: 2, y: 1 }), available(layer, { z: 1, x: 3, y: 1 }), available(layer, { z: 2, x: 0, y: 0 }), available({}, { z: 0, x: 0, y: 0 })], [true, false, false, undefined]);
});

test('places go to the axes of the Earth and back', () => {
  for (const [lon, lat, height] of [[0, 0, 0], [12.5, 47.1, 3798], [-179.9, -89.9, -30], [90, 90, 100]]) {
    const back = placeOf(cartesian(lon, lat, height));
    assert.ok(Math.abs(back.lat - lat) < 1e-9 && Math.abs(back.height - height) < 1e-5, JSON.stringify(back));
  }
  assert.deepEqual(cartesian(0, 0, 0), [6378137, 0, 0]);
  assert.ok(localOf([1, 0, 0], 0, 0)[2] === 1 && localOf([0, 0, 1], 0, 0)[1] === 1 && localOf([0, 1, 0], 0, 0)[0] === 1);
  assert.ok(Math.abs(horizonNeeded([cartesian(0, 0, 6378137)], [1, 0, 0]) - 2) < 1e-9, 'what stands below the point needs it as high as itself');
  assert.equal(horizonNeeded([cartesian(90, 0, 1000)], [1, 0, 0]), Infinity);
});
