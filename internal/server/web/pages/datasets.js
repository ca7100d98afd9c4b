// What both pages know about datasets: how to ask for them, and how to say their facts in words.

/** list asks the server for its datasets. It throws an Error with a sentence for the reader. */
export async function list() {
  const answer = await fetch('datasets', { headers: { Accept: 'application/json' } });
  if (!answer.ok) throw new Error(`The catalogue answered ${answer.status}.`);
  const body = await answer.json();
  if (!Array.isArray(body)) throw new Error('The catalogue did not answer with a list.');
  return body;
}

/** terrainURL is the folder of a dataset's layer.json, as this page's visitor reaches it (a proxy may have added a prefix). */
export function terrainURL(dataset) {
  return new URL(`terrain/${encodeURIComponent(dataset.name)}/`, document.baseURI).href;
}

/** viewerURL opens the viewer on a dataset. */
export function viewerURL(dataset) {
  return `viewer#dataset=${encodeURIComponent(dataset.name)}`;
}

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** count writes 4219 as 4,219. */
export const count = (n) => number.format(n);

/** bytes writes a size in SI units, three digits: 10.8 MB. */
export function bytes(n) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let i = 0;
  for (; n >= 999.5 && i < units.length - 1; i++) n /= 1000;
  return `${i ? n.toPrecision(3) : n} ${units[i]}`;
}

/** degrees writes a coordinate with its hemisphere: 42.500° N. Longitudes beyond 180 are taken back into the circle. */
export function degrees(value, positive, negative, digits = 3) {
  if (positive === 'E' && Math.abs(value) > 180) value = ((value + 540) % 360) - 180;
  return `${Math.abs(value).toFixed(digits)}° ${value < 0 ? negative : positive}`;
}

/** bounds writes [w, s, e, n] as two spans. */
export function bounds([w, s, e, n]) {
  const digits = e - w < 0.1 ? 4 : 2;
  return `${degrees(w, 'E', 'W', digits)} to ${degrees(e, 'E', 'W', digits)}, ` +
    `${degrees(s, 'N', 'S', digits)} to ${degrees(n, 'N', 'S', digits)}`;
}

/** facts lists what a reader wants to know of a dataset, as [label, text] pairs. */
export function facts(d) {
  return [
    ['Ground', bounds(d.bounds)],
    ['Levels', `${d.levels[0]} to ${d.levels[1]}, ${count(d.tiles)} tiles`],
    ['Size', bytes(d.bytes)],
    ['Heights', d.vertical],
    ['Version', d.version],
  ].filter(([, text]) => text !== undefined && text !== '');
}

/** snippets are lines to paste, as [label, text] pairs. They hold the address that the visitor used. */
export function snippets(d) {
  const url = terrainURL(d);
  return [
    ['CesiumJS', `viewer.terrainProvider =\n  await Cesium.CesiumTerrainProvider.fromUrl(\n    "${url}",\n    { requestVertexNormals: true });`],
    ['CesiumJS 1.48', `viewer.terrainProvider =\n  new Cesium.CesiumTerrainProvider({\n    url: "${url}",\n    requestVertexNormals: true });`],
    ['curl', `curl ${url}layer.json\ncurl --compressed -o root.terrain \\\n  ${url}0/1/0.terrain`],
  ];
}
