// The address bar holds the view: datasets, camera and settings live in the hash, so a link shows the same picture to somebody else.
//
// dataset is the terrain, empty for none; it may also name imagery, which is then shown over the terrain that lies there. Each layer is one
// "layer", lowest first: name*style*opacity in percent, then *off for one that is hidden and *at= for one that is not seen at its latest time. All
// but the name may be missing. split is name*style*A*B*percent: two versions of a dataset, left and right of a divider.

const texts = ['dataset', 'surface', 'base', 'split'];
const numbers = ['lon', 'lat', 'height', 'heading', 'pitch', 'exaggeration', 'hour'];
const switches = ['lighting', 'water', 'wireframe', 'grid'];

/** readLink returns what the hash says: texts, finite numbers, booleans, and layers; what it does not say, or says badly, is absent. */
export function readLink() {
  const query = new URLSearchParams(location.hash.slice(1));
  const view = { layers: query.getAll('layer').map(readLayer) };
  for (const key of texts) if (query.has(key)) view[key] = query.get(key);
  for (const key of numbers) {
    const value = Number.parseFloat(query.get(key));
    if (Number.isFinite(value)) view[key] = value;
  }
  for (const key of switches) if (query.has(key)) view[key] = query.get(key) === '1';
  return view;
}

function readLayer(text) {
  const [name, style = '', percent = '', ...rest] = text.split('*');
  const opacity = Number.parseFloat(percent) / 100;
  const time = rest.find((part) => part.startsWith('at='))?.slice(3) ?? '';
  return { name, style, opacity: opacity >= 0 && opacity <= 1 ? opacity : 1, shown: !rest.includes('off'), time };
}

function writeLayer({ name, style, opacity, shown, time }) {
  return [name, style, Math.round(opacity * 100), ...(shown ? [] : ['off']), ...(time ? [`at=${time}`] : [])].join('*');
}

/** hasCamera tells whether a view says where the camera is. */
export const hasCamera = (view) => ['lon', 'lat', 'height'].every((key) => key in view);

/** writeLink puts the view into the address bar without a step in the history. */
export function writeLink({ layers, ...view }) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(view)) {
    if (value !== undefined) query.set(key, switches.includes(key) ? Number(value) : String(value));
  }
  for (const layer of layers) query.append('layer', writeLayer(layer));
  history.replaceState(null, '', `#${query}`);
}
