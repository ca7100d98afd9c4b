// What all pages know about datasets: how to ask for them, and how to say their facts in words.
import { ask, withToken } from './token.js';

/** list asks the server for its datasets. It throws an Error with a sentence for the reader. */
export async function list() {
  const answer = await ask('datasets', { headers: { Accept: 'application/json' } });
  if (!answer.ok) throw new Error(`The catalogue answered ${answer.status}.`);
  const body = await answer.json();
  if (!Array.isArray(body)) throw new Error('The catalogue did not answer with a list.');
  return body.map(here);
}

// here gives the addresses in a dataset the origin and the prefix by which this page's visitor reached it: behind a proxy the server may know itself
// by others, and pictures may come from the page's own origin only.
function here(dataset) {
  const self = dataset.links?.self ?? '';
  const theirs = self.slice(0, self.lastIndexOf('/datasets/') + 1);
  const ours = new URL('.', document.baseURI).href;
  if (!theirs || theirs === ours) return dataset;
  return JSON.parse(JSON.stringify(dataset), (_, value) => (typeof value === 'string' ? value.replaceAll(theirs, ours) : value));
}

/** timesOf lists the times that a dataset shows, the latest first, as { time, version }: none where there is no choice. */
export const timesOf = ({ times = [] }) => (times.length > 1 ? times.toReversed() : []);

/** asOf returns a dataset as it is at one of its times, or as it is listed for an empty one: the latest. It throws an Error with a sentence. */
export async function asOf(dataset, time) {
  if (!time) return dataset;
  const moment = dataset.times?.find((m) => m.time === time);
  if (!moment) throw new Error(`Dataset ${dataset.name} has nothing of ${dayOf(time)}.`);
  if (moment.version === dataset.version) return dataset;
  return atVersion(dataset, moment.version);
}

/** atVersion returns a dataset as it is in one of its versions. It throws an Error with a sentence. */
export async function atVersion(dataset, version) {
  const answer = await ask(`datasets/${encodeURIComponent(dataset.name)}@${version}`, { headers: { Accept: 'application/json' } });
  if (!answer.ok) throw new Error(`Dataset ${dataset.name}, version ${version}: the catalogue answered ${answer.status}.`);
  return here(await answer.json());
}

/** dayOf writes a time as short as it can be said. */
export const dayOf = (time) => time.replace('T00:00:00Z', '').replace('T', ' ').replace('Z', ' UTC');

/** terrainURL is the folder of a dataset's layer.json, as this page's visitor reaches it (a proxy may have added a prefix). */
export function terrainURL(dataset) {
  return withToken(new URL(`terrain/${encodeURIComponent(dataset.name)}/`, document.baseURI).href);
}

/** layersOf lists the ways to see a dataset as pictures: one of imagery, one a style of terrain, none of terrain without heights. */
export const layersOf = (dataset) => dataset.layers ?? [];

/** viewerURL opens the viewer on a dataset. */
export function viewerURL(dataset) {
  return withToken(`viewer#dataset=${encodeURIComponent(dataset.name)}`);
}

/** compareURL opens the viewer on the two newest versions of a dataset, side by side. It is undefined where there are no two. */
export function compareURL(dataset) {
  const [b, a] = (dataset.versions ?? []).toReversed();
  return a === undefined || layersOf(dataset).length === 0 ? undefined : `${viewerURL(dataset)}&split=${encodeURIComponent(`${dataset.name}**${a}*${b}`)}`;
}

/** inspectURL opens the inspector on a dataset, and on one of its tiles if that is given: {z, x, y}, rows from the south. */
export function inspectURL(dataset, tile) {
  return withToken(`inspect#dataset=${encodeURIComponent(dataset.name)}${tile ? `&tile=${tile.z}/${tile.x}/${tile.y}` : ''}`);
}

/** nameOf is a dataset's name with its title, if it has one. */
export const nameOf = (d) => (d.title && d.title !== d.name ? `${d.name}: ${d.title}` : d.name);

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

const formats = { 'image/png': 'PNG', 'image/jpeg': 'JPEG', 'image/webp': 'WebP' };
const grids = { mercator: 'Web Mercator', geographic: 'geographic' };

/** cut says how a dataset's pictures are cut: JPEG, 256 pixels, Web Mercator. Of terrain it says nothing. */
export function cut(d) {
  if (d.kind !== 'imagery') return '';
  const size = layersOf(d)[0]?.tileSize;
  return [formats[d.format] ?? d.format, size && `${size} pixels`, grids[d.grid]].filter(Boolean).join(', ');
}

/** heights says what a terrain's heights are, and what those of its sources counted from. */
export function heights(d) {
  return [d.vertical, d.datum && `(${d.datum.replaceAll('->', '\u2192')})`].filter(Boolean).join(' ');
}

/** facts lists what a reader wants to know of a dataset, as [label, text] pairs. */
export function facts(d) {
  return [
    ['Ground', bounds(d.bounds)],
    ['Levels', `${d.levels[0]} to ${d.levels[1]}, ${count(d.tiles)} tiles`],
    ['Pictures', cut(d)],
    ['Size', bytes(d.bytes)],
    ['Heights', d.kind === 'terrain' ? heights(d) : ''],
    ['Time', timeText(d)],
    ['Version', versionText(d)],
  ].filter(([, text]) => text !== undefined && text !== '');
}

// timeText says when a dataset's pictures are of, and how many other times there are.
function timeText({ time, times = [] }) {
  if (!time) return '';
  return dayOf(time) + (times.length > 1 ? `, the latest of ${times.length}` : '');
}

// versionText says which version is shown, and how many there are.
const versionText = ({ version, versions = [] }) => (versions.length > 1 ? `${version}, one of ${versions.length}` : version);

const clients = {
  cesium: 'CesiumJS', ion: 'Cesium ion swap', 'cesium-wmts': 'CesiumJS, WMTS', 'cesium-1.48': 'CesiumJS 1.48', openlayers: 'OpenLayers', maplibre: 'MapLibre', leaflet: 'Leaflet',
  qgis: 'QGIS', unreal: 'Unreal', curl: 'curl',
};

/** snippets asks the server for lines to paste, as [client, title, text]; they hold the address that the visitor used. */
export async function snippets(d) {
  const answer = await ask(`datasets/${encodeURIComponent(d.name)}`, { headers: { Accept: 'application/json' } });
  if (!answer.ok) throw new Error(`The catalogue answered ${answer.status}.`);
  const texts = here(await answer.json()).snippets ?? {};
  const known = Object.keys(clients).filter((client) => client in texts);
  const others = Object.keys(texts).filter((client) => !(client in clients));
  return [...known, ...others].map((client) => [client, clients[client] ?? client, texts[client]]);
}

/** services are addresses that other programs ask for, as [label, URL]. */
export function services({ links = {} }) {
  const query = 'service=WMS&request=GetCapabilities';
  return [
    ['layer.json', links.layerjson ?? links.layer], ['TileJSON', links.tilejson], ['TMS', links.tms], ['Terrain-RGB', links.rgb], ['WMTS', links.wmts],
    ['WMS', links.wms && links.wms + (links.wms.includes('?') ? '' : '?') + query],
  ].filter(([, url]) => url).map(([label, url]) => [label, withToken(url)]);
}
