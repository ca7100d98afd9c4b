// OpenLayers: every source that asks a server for pictures, in views of several projections.
import { stage } from './stage.js';

const { ol } = globalThis;
const crossOrigin = 'anonymous';
const transparent = { FORMAT: 'image/png', TRANSPARENT: true };

/** show makes a map of one layer that looks at the task's view, in a projection. */
function show(task, layer, projection = 'EPSG:3857') {
  const map = new ol.Map({ target: 'map', layers: [layer], view: new ol.View({ projection }) });
  map.getView().fit(ol.proj.transformExtent(task.view, 'EPSG:4326', projection));
  return map;
}

const tiles = (source, extent) => new ol.layer.Tile({ source, extent });

const extentOf = ({ bounds: [w, s, e, n] }, projection) =>
  ol.proj.transformExtent([w, Math.max(s, -85.05), e, Math.min(n, 85.05)], 'EPSG:4326', projection);

const mercator = ({ base, dataset, deepest }, query = '') =>
  new ol.source.XYZ({ url: `${base}/imagery/${dataset}/{z}/{x}/{y}.png${query}`, maxZoom: deepest, crossOrigin });

const geographic = ({ base, dataset, deepest }) => new ol.source.XYZ({
  url: `${base}/imagery/${dataset}/{z}/{x}/{y}.png`, projection: 'EPSG:4326', crossOrigin,
  tileGrid: ol.tilegrid.createXYZ({ extent: [-180, -90, 180, 90], maxResolution: 180 / 256, maxZoom: deepest }),
});

const tileWMS = ({ base, dataset }, params = {}) =>
  tiles(new ol.source.TileWMS({ url: `${base}/wms`, params: { LAYERS: dataset, ...transparent, ...params }, crossOrigin }));

const imageWMS = ({ base, dataset }, params = {}) =>
  new ol.layer.Image({ source: new ol.source.ImageWMS({ url: `${base}/wms`, params: { LAYERS: dataset, ...transparent, ...params }, crossOrigin }) });

/** wmts reads the capabilities and lets OpenLayers find out everything but what is named. It knows styles by their titles. */
async function wmts({ base, dataset }, from, choice) {
  const text = await (await fetch(base + from)).text();
  const capabilities = new ol.format.WMTSCapabilities().read(text);
  const options = ol.source.WMTS.optionsFromCapabilities(capabilities, { layer: dataset, format: 'image/png', crossOrigin, ...choice });
  return tiles(new ol.source.WMTS(options));
}

const kvp = '/wmts?service=WMTS&request=GetCapabilities';
const rest = '/wmts/1.0.0/WMTSCapabilities.xml';

stage({
  element: 'map',
  cases: {
    'XYZ': (t) => show(t, tiles(mercator(t), extentOf(t, 'EPSG:3857'))),
    'XYZ geographic': (t) => show(t, tiles(geographic(t), t.bounds), 'EPSG:4326'),
    'XYZ geographic reprojected to Mercator': (t) => show(t, tiles(geographic(t), extentOf(t, 'EPSG:3857'))),
    'TileWMS 1.3.0 Mercator': (t) => show(t, tileWMS(t)),
    'TileWMS 1.3.0 EPSG 4326': (t) => show(t, tileWMS(t), 'EPSG:4326'),
    'TileWMS 1.1.1 EPSG 4326': (t) => show(t, tileWMS(t, { VERSION: '1.1.1' }), 'EPSG:4326'),
    'ImageWMS 1.3.0 Mercator': (t) => show(t, imageWMS(t)),
    'ImageWMS 1.3.0 EPSG 4326': (t) => show(t, imageWMS(t), 'EPSG:4326'),
    'ImageWMS 1.3.0 UTM': (t) => show(t, imageWMS(t), 'EPSG:32633'),
    'ImageWMS 1.1.1 Mercator': (t) => show(t, imageWMS(t, { VERSION: '1.1.1' })),
    'WMTS capabilities KVP': async (t) => show(t, await wmts(t, kvp, { projection: 'EPSG:3857', requestEncoding: 'KVP' })),
    'WMTS capabilities REST': async (t) => show(t, await wmts(t, rest, { projection: 'EPSG:3857', requestEncoding: 'REST' })),
    'WMTS capabilities geographic': async (t) => show(t, await wmts(t, rest, { matrixSet: 'WorldCRS84Quad' }), 'EPSG:4326'),
    'WMTS capabilities reprojected to UTM': async (t) => show(t, await wmts(t, rest, { projection: 'EPSG:3857' }), 'EPSG:32633'),
    'XYZ hillshade': (t) => show(t, tiles(mercator(t, '?style=hillshade'), extentOf(t, 'EPSG:3857'))),
    'WMTS hillshade': async (t) => show(t, await wmts(t, rest, { projection: 'EPSG:3857', style: 'Hillshade' })),
    'TileWMS hillshade': (t) => show(t, tileWMS(t, { STYLES: 'hillshade' })),
  },
  settle: (map) => new Promise((resolve) => { map.once('rendercomplete', resolve); map.render(); }),
  pixel: (map, place) => map.getPixelFromCoordinate(ol.proj.fromLonLat(place, map.getView().getProjection())),
  remove(map) { map.setTarget(null); },
});
