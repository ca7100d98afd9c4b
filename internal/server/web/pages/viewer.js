// The viewer page: joins the controls of viewer.html, the address bar and the globe.
import './noeval.js';
import { list, degrees, bytes, count } from './datasets.js';
import { Globe } from './globe.js';
import { watchOrigins } from './origins.js';
import { readLink, writeLink, hasCamera } from './link.js';
import { copyText } from './copy.js';

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
  exaggeration: { key: 'valueAsNumber', apply: (globe, v) => globe.setExaggeration(v), say: (v) => `${v.toFixed(1)} x` },
  hour: { key: 'valueAsNumber', apply: (globe, v) => globe.setHour(v), say: (v) => `${Math.floor(v)}:${String(v % 1 * 60).padStart(2, '0')}` },
  lighting: { key: 'checked', apply: (globe, v) => globe.setLighting(v) },
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

function remember(globe) {
  writeLink({ dataset: globe.dataset.name, ...globe.view(), ...settings() });
}

// choose shows a dataset and brings the camera to it: at once for the first, in a flight for the next ones.
async function choose(globe, dataset, view, seconds) {
  byId('dataset').value = dataset.name;
  byId('facts').textContent =
    `Levels ${dataset.levels[0]} to ${dataset.levels[1]}, ${count(dataset.tiles)} tiles, ${bytes(dataset.bytes)}\n` +
    `Heights: ${dataset.vertical || 'not stated'}` + (dataset.attribution ? `\n${dataset.attribution}` : '');
  document.title = `${dataset.title || dataset.name}: Terrane`;
  try {
    await globe.show(dataset);
  } catch (error) {
    report(`Dataset ${dataset.name}: ${error.message ?? error}`);
    return;
  }
  if (hasCamera(view)) globe.setView(view);
  else await globe.home(seconds);
}

function fillPicker(datasets) {
  byId('dataset').replaceChildren(...datasets.map((d) => new Option(d.title ? `${d.name}: ${d.title}` : d.name, d.name)));
}

function wireControls(globe, datasets) {
  for (const id of Object.keys(controls)) {
    byId(id).addEventListener('input', () => { applyControl(globe, id); remember(globe); });
  }
  byId('dataset').addEventListener('change', () => choose(globe, datasets.find((d) => d.name === byId('dataset').value), {}, 2));
  byId('home').addEventListener('click', () => globe.home(1.5));
  byId('link').addEventListener('click', async () => {
    remember(globe);
    const done = await copyText(location.href, byId('facts'));
    byId('link').textContent = done ? 'Copied' : 'See address bar';
    setTimeout(() => { byId('link').textContent = 'Copy link'; }, 2000);
  });
  byId('dismiss').addEventListener('click', () => { problems.clear(); byId('problems').hidden = true; });
}

function wireGlobe(globe) {
  const { Cesium, scene } = globe;
  const say = (position) => {
    const p = globe.at(position);
    byId('cursor').textContent = p
      ? `${degrees(p.lon, 'E', 'W', 5)}  ${degrees(p.lat, 'N', 'S', 5)}  ${p.height.toFixed(1)} m`
      : 'Sky';
  };
  const handler = new Cesium.ScreenSpaceEventHandler(scene.canvas);
  let waiting; // at most one pick a frame, whatever the mouse sends
  handler.setInputAction(({ endPosition }) => {
    if (!waiting) requestAnimationFrame(() => { say(waiting); waiting = undefined; });
    waiting = Cesium.Cartesian2.clone(endPosition);
  }, Cesium.ScreenSpaceEventType.MOUSE_MOVE);
  handler.setInputAction(({ position }) => say(position), Cesium.ScreenSpaceEventType.LEFT_CLICK);
  globe.globe.tileLoadProgressEvent.addEventListener((n) => { byId('progress').textContent = n ? `loading ${n} tiles` : ''; });
  scene.camera.moveEnd.addEventListener(() => { if (globe.dataset) remember(globe); });
}

function wireKeys(globe) {
  const { canvas, camera } = globe.scene;
  canvas.tabIndex = 0;
  canvas.setAttribute('role', 'application');
  canvas.setAttribute('aria-label', 'Globe. Arrow keys move, plus and minus zoom, Q and E turn, R and F tilt, Home flies to the data.');
  const step = () => Math.max(50, camera.positionCartographic.height) * 0.1;
  const moves = {
    ArrowLeft: () => camera.moveLeft(step()), ArrowRight: () => camera.moveRight(step()),
    ArrowUp: () => camera.moveUp(step()), ArrowDown: () => camera.moveDown(step()),
    '+': () => camera.zoomIn(step() * 2), '=': () => camera.zoomIn(step() * 2), '-': () => camera.zoomOut(step() * 2),
    q: () => camera.lookLeft(0.05), e: () => camera.lookRight(0.05), r: () => camera.lookUp(0.05), f: () => camera.lookDown(0.05),
  };
  canvas.addEventListener('keydown', (event) => {
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move();
    globe.draw();
  });
  const toggles = { l: 'lighting', w: 'wireframe', g: 'grid' };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('select, input[type="range"]')) return;
    if (event.key === 'Home') globe.home(1.5);
    else if (toggles[event.key]) byId(toggles[event.key]).click();
  });
}

// applyLink takes over what the address bar says; a dataset that it does not name is the first.
async function applyLink(globe, datasets) {
  const view = readLink();
  const dataset = datasets.find((d) => d.name === view.dataset);
  if (view.dataset !== undefined && !dataset) report(`There is no dataset named ${view.dataset}.`);
  for (const id of Object.keys(controls)) {
    if (id in view) byId(id)[controls[id].key] = view[id];
    applyControl(globe, id);
  }
  await choose(globe, dataset ?? datasets[0], dataset ? view : {}, 0);
}

async function start() {
  watchOrigins(showOrigins);
  document.addEventListener('securitypolicyviolation', (event) => report(`Blocked by this server's policy: ${event.blockedURI || event.violatedDirective}`));
  if (matchMedia('(max-width: 40rem)').matches) byId('panel').open = false;
  const Cesium = await import('../cesium/index.js').catch(() => {
    throw new Error('CesiumJS did not load, so there is no globe. This server may have been built without it; terrain is served all the same.');
  });
  const globe = new Globe(Cesium, byId('globe'), byId('credits'), report);
  globalThis.terrane = globe; // for the console, and for the tests
  const datasets = (await list()).filter((d) => d.kind === 'terrain');
  if (datasets.length === 0) throw new Error('There is no terrain dataset on this server yet. Tile one: terrane ingest terrain dem.tif');
  fillPicker(datasets);
  wireControls(globe, datasets);
  wireGlobe(globe);
  wireKeys(globe);
  addEventListener('hashchange', () => applyLink(globe, datasets));
  await applyLink(globe, datasets);
}

start().catch((error) => report(error.message ?? String(error)));
