// Leaflet: plain tiles, TMS and WMS, on maps in Mercator and in degrees.
import { stage, until } from './stage.js';

const { L } = globalThis;
const corners = ([w, s, e, n]) => [[s, w], [n, e]];

function show({ view }, layer, crs = L.CRS.EPSG3857) {
  const map = L.map('map', { crs, fadeAnimation: false, zoomAnimation: false }).fitBounds(corners(view));
  layer.addTo(map);
  return map;
}

const tiles = ({ base, dataset, deepest, bounds }, path, options) =>
  L.tileLayer(`${base}/${path}/${dataset}/{z}/{x}/{y}.png`, { maxNativeZoom: deepest, bounds: corners(bounds), ...options });

const wms = ({ base, dataset }, options) =>
  L.tileLayer.wms(`${base}/wms`, { layers: dataset, format: 'image/png', transparent: true, ...options });

/** drawn: Leaflet has every tile that it asked for, and they are no longer being faded in. */
const drawn = () => {
  const pictures = [...document.querySelectorAll('.leaflet-tile')];
  return pictures.length > 0 && pictures.every((p) => p.classList.contains('leaflet-tile-loaded') && getComputedStyle(p).opacity === '1');
};

stage({
  element: 'map',
  cases: {
    'XYZ': (t) => show(t, tiles(t, 'imagery')),
    'XYZ geographic': (t) => show(t, tiles(t, 'imagery'), L.CRS.EPSG4326),
    'TMS': (t) => show(t, tiles(t, 'tms', { tms: true })),
    'WMS 1.1.1': (t) => show(t, wms(t)),
    'WMS 1.1.1 EPSG 4326': (t) => show(t, wms(t), L.CRS.EPSG4326),
    'WMS 1.3.0': (t) => show(t, wms(t, { version: '1.3.0' })),
    'WMS 1.3.0 EPSG 4326': (t) => show(t, wms(t, { version: '1.3.0' }), L.CRS.EPSG4326),
  },
  settle: () => until(drawn),
  pixel(map, [lon, lat]) {
    const { x, y } = map.latLngToContainerPoint([lat, lon]);
    return [x, y];
  },
  remove(map) { map.remove(); },
});
