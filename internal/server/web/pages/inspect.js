// The tile inspector: joins the controls of inspect.html, the address bar and what is read of a tile. The hash names the dataset and the tile, so a link shows
// the same tile to somebody else: dataset=alps@2&tile=z/x/y, rows from the south.
import { list, layersOf, atVersion, terrainURL, viewerURL, nameOf, bytes } from './datasets.js';
import { decode, sides } from './quantizedmesh.js';
import { compare, facing } from './seams.js';
import { gridOf, boundsOf, tileAt, sizeOf, neighbour, parent, exists, available } from './tiles.js';
import { meshFacts, groundText, transferText, waterText } from './tilefacts.js';
import { MeshView } from './meshview.js';
import { SeamTable } from './seamtable.js';
import { showAround } from './around.js';
import { copyText } from './copy.js';
import { ask, withToken, keepToken } from './token.js';

const byId = (id) => document.getElementById(id);
const ACCEPT = 'application/vnd.quantized-mesh;extensions=octvertexnormals-watermask-metadata,application/octet-stream;q=0.9,*/*;q=0.01';
const label = ({ z, x, y }) => `${z}/${x}/${y}`;

function fill(dl, pairs) {
  dl.replaceChildren(...pairs.flatMap(([name, value]) => {
    const dd = document.createElement('dd');
    dd.append(value);
    return [Object.assign(document.createElement('dt'), { textContent: name }), dd];
  }));
}

function linkTo(url) { return Object.assign(document.createElement('a'), { href: url, textContent: url }); }

// fetchTile reads a URL as { buffer, type, packed, plain, etag }; buffer is undefined where the server has no tile.
async function fetchTile(url, accept, signal) {
  const answer = await ask(url, { headers: { Accept: accept }, signal });
  if (answer.status === 404 || answer.status === 204) return {};
  if (!answer.ok) throw new Error(`The server answered ${answer.status} for ${url}.`);
  const buffer = await answer.arrayBuffer();
  const gzip = answer.headers.get('Content-Encoding') === 'gzip';
  return {
    buffer, type: answer.headers.get('Content-Type'), etag: answer.headers.get('ETag'), plain: buffer.byteLength,
    packed: gzip ? Number(answer.headers.get('Content-Length')) : 0,
  };
}

/** Inspector is the page: a dataset in one of its versions, and a tile of it. */
class Inspector {
  constructor(datasets) {
    this.datasets = datasets;
    this.views = ['top', 'oblique', 'normals'].map((id) => new MeshView(byId(id), id));
    this.seams = new SeamTable((tile) => this.go(tile));
  }

  /** follow takes over what the address bar says. */
  async follow() {
    const query = new URLSearchParams(location.hash.slice(1));
    const [name, version] = (query.get('dataset') ?? this.datasets[0].name).split('@');
    const dataset = this.datasets.find((d) => d.name === name);
    if (!dataset) throw new Error(`There is no dataset named ${name}.`);
    await this.take(dataset, version ?? '');
    const [z, x, y] = (query.get('tile') ?? '').split('/').map(Number);
    const tile = query.has('tile') ? { z, x, y } : this.first();
    await this.go(tile);
  }

  /** take makes a dataset the one to look at, in a version or, with an empty one, in the current one. */
  async take(dataset, version) {
    this.ref = version ? `${dataset.name}@${version}` : dataset.name;
    this.dataset = version ? await atVersion(dataset, version) : dataset;
    this.of = { ...this.dataset, name: this.ref };
    this.grid = gridOf(this.dataset.grid);
    this.layer = {};
    if (dataset.kind === 'terrain') {
      const answer = await ask(new URL('layer.json', terrainURL(this.of)), { headers: { Accept: 'application/json' } });
      if (!answer.ok) throw new Error(`The layer.json of ${this.ref} answered ${answer.status}.`);
      this.layer = await answer.json();
    }
    byId('dataset').value = dataset.name;
    const versions = (dataset.versions ?? []).toReversed();
    byId('version').replaceChildren(new Option(`The current one, ${dataset.version}`, ''), ...versions.map((v) => new Option(v, v)));
    byId('version').value = version;
    byId('version').disabled = versions.length < 2;
  }

  /** first is a tile to begin with: the one in the middle of the data, of the level whose tiles are about as large as those. */
  first() {
    const { bounds: [w, s, e, n], levels: [low, high] } = this.dataset;
    const level = Math.round(Math.log2(360 / this.grid.roots / Math.max(n - s, e - w, 1e-6))) + 1;
    return tileAt(this.grid, Math.max(low, Math.min(high, level)), (w + e) / 2, (s + n) / 2);
  }

  /** go shows a tile. Whatever was being read before no longer counts. */
  async go(tile) {
    this.reading?.abort();
    const { signal } = this.reading = new AbortController();
    this.tile = tile;
    byId('problem').hidden = true;
    if (!exists(this.grid, tile)) {
      const [columns, rows] = tile.z >= 0 && tile.z <= 30 ? sizeOf(this.grid, tile.z) : [];
      throw new Error(columns ? `Level ${tile.z} has ${columns} columns and ${rows} rows, counted from 0.` : 'Levels are whole numbers from 0 to 30.');
    }
    const hash = `#dataset=${this.ref}&tile=${label(tile)}`;
    if (!location.hash.includes('tile=')) history.replaceState(null, '', hash);
    else if (location.hash !== hash) history.pushState(null, '', hash);
    this.showPlace();
    byId('found').setAttribute('aria-busy', true);
    try {
      await (this.dataset.kind === 'terrain' ? this.readTerrain(tile, signal) : this.readPicture(tile, signal));
    } catch (error) {
      if (error.name === 'AbortError') return;
      this.show([], '');
      throw error;
    } finally {
      if (!signal.aborted) byId('found').setAttribute('aria-busy', false);
    }
  }

  showPlace() {
    const { tile, grid, dataset } = this;
    const [w, s, e, n] = boundsOf(grid, tile);
    for (const key of ['z', 'x', 'y']) byId(key).value = tile[key];
    byId('lon').value = Number(((w + e) / 2).toFixed(5));
    byId('lat').value = Number(((s + n) / 2).toFixed(5));
    byId('parent').disabled = !parent(tile);
    byId('viewer').href = viewerURL(dataset);
    byId('news').textContent = `${nameOf(dataset)}, ${label(tile)}`;
    document.title = `${this.ref} ${label(tile)}: Terrane`;
    showAround({ dataset, grid, tile, deepest: Math.max(dataset.levels[1], tile.z) }, (next) => this.try(next));
  }

  /** try is go for a button: what goes wrong is told. */
  try(tile) { this.go(tile).catch(problem); }

  show(kind, title) {
    for (const id of ['absent', 'header', 'mesh', 'seams', 'picture']) byId(id).hidden = !kind.includes(id);
    byId('header-title').textContent = title;
    byId('faults').hidden = true;
  }

  urlOf(tile) { return `${terrainURL(this.of).split('?')[0]}${label(tile)}.terrain`; }

  async readTerrain(tile, signal) {
    if (available(this.layer, tile) === false) {
      this.absent(tile, 'layer.json does not list it, so no client asks for it.');
      return;
    }
    const answer = await fetchTile(this.urlOf(tile), ACCEPT, signal);
    if (!answer.buffer) {
      this.absent(tile, 'The server has none.');
      return;
    }
    const mesh = decode(answer.buffer);
    this.show(['header', 'mesh', 'seams'], 'Header');
    fill(byId('facts'), [['Address', linkTo(withToken(this.urlOf(tile)))], ...meshFacts(mesh, this.grid, tile, answer)]);
    this.faults(mesh.faults);
    this.showMesh(mesh, tile);
    this.seams.clear();
    await Promise.all(sides.map((side) => this.readSeam(side, mesh, tile, signal)));
  }

  faults(list) {
    byId('faults').replaceChildren(...list.map((text) => Object.assign(document.createElement('li'), { textContent: text })));
    byId('faults').hidden = list.length === 0;
  }

  showMesh(mesh, tile) {
    byId('normals-figure').hidden = !mesh.normals;
    byId('water-figure').hidden = !mesh.water;
    for (const view of this.views) view.show(mesh, this.grid, tile);
    if (mesh.water) showWater(mesh.water);
    const { metres } = this.views[0];
    const relief = Math.max(mesh.header.max - mesh.header.min, 1);
    this.natural = Math.max(1, 0.22 * metres / relief); // heights a fifth as high as the tile is wide
    this.stretch();
  }

  // stretch exaggerates the oblique view: in the middle of the slider as much as shows the relief, at its left end not at all.
  stretch() {
    if (!this.natural) return;
    const factor = this.natural ** (byId('stretch').valueAsNumber / 50);
    byId('stretch-now').textContent = `${factor < 10 ? factor.toFixed(1) : factor.toFixed(0)} x`;
    this.views[1].setStretch(factor);
  }

  async readSeam(side, mesh, tile, signal) {
    const next = neighbour(this.grid, tile, ...facing[side].step);
    if (!next) return this.seams.none(side, undefined, 'The pole: nothing lies beyond.');
    if (available(this.layer, next) === false) return this.seams.none(side, next, 'Not stored on this level.');
    const { buffer } = await fetchTile(this.urlOf(next), ACCEPT, signal);
    if (!buffer) return this.seams.none(side, next, 'The server has none.');
    const good = this.seams.show(side, next, this.grid, tile, compare(mesh, side, decode(buffer)));
    for (const view of this.views) view.mark(side, good ? 'good' : 'bad');
    return undefined;
  }

  // absent says that there is no such tile, and offers the nearest one above.
  absent(tile, why) {
    this.show(['absent'], '');
    byId('absent-why').textContent = `${label(tile)}: ${why}`;
    let above = parent(tile);
    while (above && available(this.layer, above) === false) above = parent(above);
    byId('ancestor').hidden = !above;
    byId('ancestor').textContent = above ? `Go to the one above, ${label(above)}` : '';
    byId('ancestor').onclick = () => this.try(above);
  }

  async readPicture(tile, signal) {
    const [picture] = layersOf(this.dataset);
    const row = sizeOf(this.grid, tile.z)[1] - 1 - tile.y; // templates count from the north
    const url = picture.tiles.replace('{z}', tile.z).replace('{x}', tile.x).replace('{y}', row);
    const outside = tile.z < this.dataset.levels[0] || tile.z > this.dataset.levels[1];
    const answer = outside ? {} : await fetchTile(url, 'image/*', signal);
    if (!answer.buffer) {
      this.absent(tile, outside ? `The dataset has levels ${this.dataset.levels.join(' to ')}.` : 'Nothing is to be seen there.');
      return;
    }
    this.show(['header', 'picture'], 'Tile');
    const image = byId('picture-image');
    URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(new Blob([answer.buffer], { type: answer.type }));
    image.alt = `Tile ${label(tile)}`;
    await image.decode();
    fill(byId('facts'), [
      ['Address', linkTo(withToken(url))], ['Row from the north', String(row)], ['Ground', groundText(this.grid, tile)], ['Format', answer.type],
      ['Pixels', `${image.naturalWidth} x ${image.naturalHeight}, ${clearText(image)}`], ['Size', answer.packed ? transferText(answer) : bytes(answer.plain)], ['ETag', answer.etag ?? ''],
    ].filter(([, text]) => text !== ''));
  }
}

function clearText(image) {
  const canvas = Object.assign(document.createElement('canvas'), { width: image.naturalWidth, height: image.naturalHeight });
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let clear = 0;
  for (let i = 3; i < data.length; i += 4) clear += data[i] === 0;
  return clear === 0 ? 'none of them transparent' : `${(400 * clear / data.length).toFixed(1)} % transparent`;
}

// showWater draws a mask; one of a single byte needs words only.
function showWater(water) {
  byId('water').hidden = water.length === 1;
  byId('water-text').textContent = waterText(water);
  byId('water').setAttribute('aria-label', waterText(water));
  if (water.length === 1) return;
  const context = byId('water').getContext('2d');
  const picture = context.createImageData(256, 256);
  for (let i = 0; i < 65536; i++) {
    const share = water[i] / 255;
    picture.data.set([222 - 180 * share, 210 - 90 * share, 178 + 20 * share, 255], 4 * i);
  }
  context.putImageData(picture, 0, 0);
}

function problem(error) {
  byId('problem').textContent = error.message ?? String(error);
  byId('problem').hidden = false;
}

function wire(page) {
  const number = (id) => byId(id).valueAsNumber;
  const chosen = (version) => page.take(page.datasets.find((d) => d.name === byId('dataset').value), version);
  byId('dataset').addEventListener('change', () => chosen('').then(() => page.go(page.first())).catch(problem));
  byId('version').addEventListener('change', () => chosen(byId('version').value).then(() => page.go(page.tile)).catch(problem));
  for (const id of ['z', 'x', 'y']) byId(id).addEventListener('change', () => page.try({ z: number('z'), x: number('x'), y: number('y') }));
  const there = () => page.try(tileAt(page.grid, number('z'), number('lon'), number('lat')));
  byId('there').addEventListener('click', there);
  for (const id of ['lon', 'lat']) byId(id).addEventListener('keydown', (event) => { if (event.key === 'Enter') there(); });
  byId('parent').addEventListener('click', () => page.try(parent(page.tile)));
  byId('stretch').addEventListener('input', () => page.stretch());
  byId('link').addEventListener('click', async () => {
    byId('link').textContent = (await copyText(location.href, byId('news'))) ? 'Copied' : 'See address bar';
    setTimeout(() => { byId('link').textContent = 'Copy link'; }, 2000);
  });
  addEventListener('hashchange', () => page.follow().catch(problem));
}

async function start() {
  keepToken();
  const datasets = (await list()).filter((d) => d.kind === 'terrain' || layersOf(d).length > 0);
  if (datasets.length === 0) throw new Error('There is no dataset on this server yet. Make one: terrane ingest terrain dem.tif');
  byId('dataset').replaceChildren(...datasets.map((d) => new Option(nameOf(d), d.name)));
  const page = new Inspector(datasets);
  wire(page);
  await page.follow();
}

start().catch(problem);
