// The viewer page: joins the controls of viewer.html, the address bar and the globe.
import './noeval.js';
import { list, layersOf, cut, heights, bytes, count, nameOf, inspectURL } from './datasets.js';
import { Globe } from './globe.js';
import { LayerPanel, newEntry, seeAt } from './layers.js';
import { Search } from './search.js';
import { Split } from './split.js';
import { watchOrigins } from './origins.js';
import { readLink, writeLink, hasCamera } from './link.js';
import { copyText } from './copy.js';
import { wireKeys } from './keys.js';
import { Cursor } from './cursor.js';
import { Measure } from './measure.js';
import { keepToken } from './token.js';
import { wireSheets, offerLayers } from './sheets.js';
import { baseOf, fillBases } from './bases.js';

const byId = (id) => document.getElementById(id);
const problems = new Map(); // message -> times seen

function report(message) {
  problems.set(message, (problems.get(message) ?? 0) + 1);
  const items = [...problems].slice(-20).map(([text, times]) => {
    const li = document.createElement('li');
    li.textContent = times > 1 ? `${text} (${times} times)` : text;
    return li;
  });
  byId('problems').querySelector('ul').replaceChildren(...items);
  byId('problems').hidden = false;
}

function showOrigins(origins) {
  const words = ['none', 'one', 'two', 'three', 'four', 'five'];
  byId('origin-count').textContent = words[origins.size] ?? origins.size;
  byId('origin-count').classList.toggle('many', origins.size !== 1);
  byId('origins').querySelector('ul').replaceChildren(...[...origins].map(([origin, requests]) => {
    const li = document.createElement('li');
    li.textContent = `${origin} (${count(requests)} requests)`;
    return li;
  }));
}

// settings of the page: how to read a control, how to put a value into it, what it does to the globe.
const controls = {
  surface: { key: 'value', apply: (globe, v) => globe.setSurface(v) },
  base: { key: 'value', apply: (globe, v) => globe.setBase(v !== 'none') }, // a dataset as base is Page.baseEntry
  exaggeration: { key: 'valueAsNumber', apply: (globe, v) => globe.setExaggeration(v), say: (v) => `${v.toFixed(1)} x` },
  hour: { key: 'valueAsNumber', apply: (globe, v) => globe.setHour(v), say: (v) => `${Math.floor(v)}:${String(v % 1 * 60).padStart(2, '0')}` },
  lighting: { key: 'checked', apply: (globe, v) => globe.setLighting(v) },
  water: { key: 'checked', apply: (globe, v) => globe.setWater(v) },
  wireframe: { key: 'checked', apply: (globe, v) => globe.setWireframe(v) },
  grid: { key: 'checked', apply: (globe, v) => globe.setGrid(v) },
};

function settings() {
  return Object.fromEntries(Object.entries(controls).map(([id, { key }]) => [id, byId(id)[key]]));
}

function applyControl(globe, id) {
  const { key, apply, say } = controls[id];
  const value = byId(id)[key];
  apply(globe, value);
  if (say) byId(`${id}-now`).textContent = say(value);
}

// Controls that have no meaning on a smooth ellipsoid.
const ofTerrain = ['surface', 'exaggeration', 'hour', 'lighting'];

/** Page is what is seen now: the globe, the panel of layers, and the datasets that there are. */
class Page {
  constructor(globe, datasets) {
    Object.assign(this, { globe, datasets });
    this.measure = new Measure(globe, report);
    this.split = new Split(globe, datasets, { changed: () => this.layersChanged(), report });
    this.panel = new LayerPanel(datasets, { changed: () => this.layersChanged(), fly: (dataset) => this.look(dataset, {}, 2), report });
  }

  terrains() { return this.datasets.filter((d) => d.kind === 'terrain'); }

  remember() {
    if (!this.globe.dataset) return;
    writeLink({ dataset: this.globe.ground?.name ?? '', ...this.globe.view(), ...settings(), split: this.split.link(), layers: this.panel.link() });
  }

  // baseEntry is the dataset that is chosen as base map, below all layers, or nothing.
  baseEntry() {
    const dataset = this.datasets.find((d) => baseOf(d) === byId('base').value);
    if (this.base?.dataset !== dataset) this.base = dataset && newEntry(dataset);
    return dataset ? [this.base] : [];
  }

  // entries are all pictures on the ground, lowest first.
  entries() { return [...this.baseEntry(), ...this.panel.entries, ...this.split.entries]; }

  // Colours of the ground lie over the layers, so who adds a layer is shown it.
  layersChanged() {
    const entries = this.entries();
    if (entries.length > (this.shown ?? 0) && byId('surface').value !== 'map') this.set('surface', 'map');
    this.shown = entries.length;
    this.globe.setLayers(entries);
    this.remember();
  }

  set(id, value) {
    byId(id)[controls[id].key] = value;
    applyControl(this.globe, id);
  }

  /** choose shows a terrain, or none; dataset is what the view is about. It tells whether that worked. */
  async choose(ground, dataset) {
    byId('dataset').value = ground?.name ?? '';
    for (const id of ofTerrain) byId(id).disabled = !ground;
    byId('water').disabled = !ground?.extensions?.includes('watermask');
    this.measure.over(ground);
    try {
      await this.globe.show(ground, dataset);
    } catch (error) {
      report(`Dataset ${ground.name}: ${error.message ?? error}`);
      return false;
    }
    return true;
  }

  /** look tells of a dataset and brings the camera to where the view says, else to the dataset: at once, or in a flight of some seconds. */
  async look(dataset, view, seconds) {
    this.globe.dataset = dataset;
    byId('facts').textContent = describe(dataset, this.globe.ground);
    document.title = `${dataset.title || dataset.name}: Terrane`;
    if (hasCamera(view)) this.globe.setView(view);
    else await this.globe.home(seconds);
  }

  /** follow takes over what the address bar says. */
  async follow() {
    const { globe, datasets, panel } = this;
    const view = readLink();
    const named = datasets.find((d) => d.name === view.dataset);
    if (view.dataset && !named) report(`There is no dataset named ${view.dataset}.`);
    const entries = (await Promise.all(view.layers.map((layer) => this.entryOf(layer)))).flat();
    const about = named ?? entries[0]?.dataset ?? this.terrains()[0] ?? datasets[0];
    if (entries.length === 0 && about.kind === 'imagery') entries.push(...await this.entryOf({ name: about.name }));
    const ground = about.kind === 'terrain' ? about : this.groundUnder(about);
    if (entries.length > 0 || view.split) view.surface ??= 'map';
    if (view.base && ![...byId('base').options].some((option) => option.value === view.base)) view.base = 'earth';
    for (const id of Object.keys(controls)) {
      if (id in view) byId(id)[controls[id].key] = view[id];
      applyControl(globe, id);
    }
    panel.set(entries);
    await this.split.set(view.split);
    this.shown = this.entries().length;
    globe.setLayers(this.entries());
    if (await this.choose(view.dataset === '' ? undefined : ground, about)) await this.look(about, named || entries.length > 0 ? view : {}, 0);
  }

  async entryOf(layer) {
    const dataset = this.datasets.find((d) => d.name === layer.name);
    if (dataset && layersOf(dataset).length > 0) {
      const entry = newEntry(dataset, layer);
      await seeAt(entry, layer.time).catch((error) => report(error.message ?? String(error)));
      return [entry];
    }
    report(dataset ? `Dataset ${layer.name} has no pictures to show.` : `There is no dataset named ${layer.name}.`);
    return [];
  }

  /** groundUnder returns the first terrain that lies where a dataset lies. */
  groundUnder({ bounds: [w, s, e, n] }) {
    const meet = (shift) => ({ bounds: [tw, ts, te, tn] }) => tw + shift < e && te + shift > w && ts < n && tn > s;
    return this.terrains().find((t) => [-360, 0, 360].some((shift) => meet(shift)(t)));
  }
}

// describe says in a few lines what a dataset is; imagery has its name in front, for the picker shows the terrain's.
function describe(d, ground) {
  const lines = [`Levels ${d.levels[0]} to ${d.levels[1]}, ${count(d.tiles)} tiles, ${bytes(d.bytes)}`];
  if (d !== ground) lines.unshift(d.title && d.title !== d.name ? `${d.name}: ${d.title}` : d.name);
  lines.push(d.kind === 'terrain' ? `Heights: ${heights(d) || 'not stated'}` : cut(d), d.attribution);
  return lines.filter(Boolean).join('\n');
}

function fillPicker(terrains) {
  byId('dataset').replaceChildren(...terrains.map((d) => new Option(nameOf(d), d.name)), new Option('None: smooth ellipsoid', ''));
}

// inspect sends the reader to the tile in the middle of the view.
function inspect(page, a) {
  const { globe } = page;
  const { clientWidth, clientHeight } = globe.scene.canvas;
  const place = globe.at(new globe.Cesium.Cartesian2(clientWidth / 2, clientHeight / 2));
  if (globe.ground) a.href = inspectURL(globe.ground, place && globe.tileAt(place));
  else if (globe.dataset) a.href = inspectURL(globe.dataset);
}

function wireControls(page) {
  const { globe } = page;
  for (const id of Object.keys(controls)) {
    byId(id).addEventListener('input', () => { applyControl(globe, id); page.remember(); });
  }
  byId('base').addEventListener('input', () => page.layersChanged());
  byId('inspect').addEventListener('click', (event) => inspect(page, event.currentTarget));
  byId('dataset').addEventListener('change', async () => {
    const ground = page.terrains().find((d) => d.name === byId('dataset').value);
    if (!(await page.choose(ground, ground ?? globe.dataset))) return;
    if (ground) await page.look(ground, {}, 2);
    page.remember();
  });
  byId('home').addEventListener('click', () => globe.home(1.5));
  byId('link').addEventListener('click', async () => {
    page.remember();
    const done = await copyText(location.href, byId('facts'));
    byId('link').textContent = done ? 'Copied' : 'See address bar';
    setTimeout(() => { byId('link').textContent = 'Copy link'; }, 2000);
  });
  byId('dismiss').addEventListener('click', () => { problems.clear(); byId('problems').hidden = true; });
}

function wireGlobe(page) {
  const { globe } = page;
  const { Cesium, scene } = globe;
  const cursor = new Cursor(globe, byId('cursor'));
  const handler = new Cesium.ScreenSpaceEventHandler(scene.canvas);
  let waiting; // at most one pick a frame, whatever the mouse sends
  handler.setInputAction(({ endPosition }) => {
    if (!waiting) requestAnimationFrame(() => { cursor.say(waiting); waiting = undefined; });
    waiting = Cesium.Cartesian2.clone(endPosition);
  }, Cesium.ScreenSpaceEventType.MOUSE_MOVE);
  handler.setInputAction(({ position }) => cursor.say(position), Cesium.ScreenSpaceEventType.LEFT_CLICK);
  globe.globe.tileLoadProgressEvent.addEventListener((n) => { byId('progress').textContent = n ? `loading ${n} tiles` : ''; });
  scene.camera.moveEnd.addEventListener(() => page.remember());
}

// wireSearch has the globe go to what is found and put a dot there.
function wireSearch({ globe }) {
  return new Search(async ({ label, point, bounds }) => {
    globe.mark(point && { label, point });
    await globe.lookAt(bounds, 2);
  });
}

async function start() {
  keepToken();
  watchOrigins(showOrigins);
  document.addEventListener('securitypolicyviolation', (event) => report(`Blocked by this server's policy: ${event.blockedURI || event.violatedDirective}`));
  wireSheets();
  const Cesium = await import('../cesium/index.js').catch(() => {
    throw new Error('CesiumJS did not load, so there is no globe. This server may have been built without it; terrain is served all the same.');
  });
  const globe = new Globe(Cesium, byId('globe'), byId('credits'), report);
  globalThis.terrane = globe; // for the console, and for the tests
  const datasets = (await list()).filter((d) => d.kind === 'terrain' || layersOf(d).length > 0);
  if (datasets.length === 0) {
    throw new Error('There is no dataset on this server yet. Make one: terrane ingest terrain dem.tif, or terrane ingest imagery photo.tif');
  }
  const page = new Page(globe, datasets);
  fillPicker(page.terrains());
  fillBases(datasets);
  wireSearch(page);
  wireControls(page);
  wireGlobe(page);
  wireKeys(globe);
  addEventListener('hashchange', () => page.follow());
  const arrived = page.follow();
  offerLayers(datasets.some((d) => d.kind === 'imagery') || readLink().split);
  await arrived;
}

start().catch((error) => report(error.message ?? String(error)));
