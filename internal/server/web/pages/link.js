// The address bar holds the view: dataset, camera and settings live in the hash, so a link shows the same picture to somebody else.

const numbers = ['lon', 'lat', 'height', 'heading', 'pitch', 'exaggeration', 'hour'];
const switches = ['lighting', 'wireframe', 'grid'];

/** readLink returns what the hash says: texts, finite numbers, booleans; what it does not say, or says badly, is absent. */
export function readLink() {
  const query = new URLSearchParams(location.hash.slice(1));
  const view = {};
  for (const key of ['dataset', 'surface']) if (query.has(key)) view[key] = query.get(key);
  for (const key of numbers) {
    const value = Number.parseFloat(query.get(key));
    if (Number.isFinite(value)) view[key] = value;
  }
  for (const key of switches) if (query.has(key)) view[key] = query.get(key) === '1';
  return view;
}

/** hasCamera tells whether a view says where the camera is. */
export const hasCamera = (view) => ['lon', 'lat', 'height'].every((key) => key in view);

/** writeLink puts the view into the address bar without a step in the history. */
export function writeLink(view) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(view)) {
    query.set(key, switches.includes(key) ? Number(value) : String(value));
  }
  history.replaceState(null, '', `#${query}`);
}
