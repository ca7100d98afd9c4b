// MapLibre: raster sources, which are Mercator. Its library is a module; pages and snippets know it as maplibregl.
import * as maplibregl from '/lib/maplibre-gl/dist/maplibre-gl.mjs';
import { stage } from './stage.js';

globalThis.maplibregl = maplibregl;

function show({ view }, source) {
  return new maplibregl.Map({
    container: 'map', bounds: view, fadeDuration: 0,
    style: { version: 8, sources: { pictures: { type: 'raster', ...source } }, layers: [{ id: 'pictures', type: 'raster', source: 'pictures' }] },
  });
}

// ground is the terrain of a dataset by its TileJSON, under shaded relief.
function ground({ base, dataset, view }, tiles) {
  const source = { type: 'raster-dem', url: `${base}/${tiles.replace('/', `/${dataset}/`)}` };
  return new maplibregl.Map({
    container: 'map', bounds: view, fadeDuration: 0,
    style: {
      version: 8, sources: { heights: source, shaded: source },
      layers: [{ id: 'relief', type: 'hillshade', source: 'shaded' }], terrain: { source: 'heights', exaggeration: 1 },
    },
  });
}

const wms = ({ base, dataset }, more) => ({
  tileSize: 256,
  tiles: [`${base}/wms?service=WMS&request=GetMap&layers=${dataset}&styles=&format=image/png&transparent=true&width=256&height=256`
    + `&bbox={bbox-epsg-3857}${more}`],
});

stage({
  element: 'map',
  cases: {
    'TileJSON': (t) => show(t, { url: `${t.base}/imagery/${t.dataset}/tilejson.json` }),
    'TileJSON @2x': (t) => show(t, { url: `${t.base}/imagery/${t.dataset}/tilejson@2x.json` }),
    'tiles': (t) => show(t, { tiles: [`${t.base}/imagery/${t.dataset}/{z}/{x}/{y}.png`], tileSize: 256, maxzoom: t.deepest, bounds: t.bounds }),
    'tiles TMS': (t) => show(t, { tiles: [`${t.base}/tms/${t.dataset}/{z}/{x}/{y}.png`], scheme: 'tms', tileSize: 256, maxzoom: t.deepest, bounds: t.bounds }),
    'terrain-RGB': (t) => ground(t, 'rgb/tilejson.json'),
    'terrain-RGB @2x WebP': (t) => ground(t, 'rgb/tilejson@2x.json?format=webp'),
    'Terrarium': (t) => ground(t, 'terrarium/tilejson.json'),
    'WMS 1.1.1': (t) => show(t, wms(t, '&version=1.1.1&srs=EPSG:3857')),
    'WMS 1.3.0': (t) => show(t, wms(t, '&version=1.3.0&crs=EPSG:3857')),
  },
  settle: (map) => new Promise((resolve) => { map.once('idle', resolve); map.triggerRepaint(); }),
  pixel(map, place) {
    const { x, y } = map.project(place);
    return [x, y];
  },
  facts: (map, task) => (map.getTerrain() ? task.places.map((place) => map.queryTerrainElevation(place)) : undefined),
  remove(map) { map.remove(); },
});
