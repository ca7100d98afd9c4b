// CesiumJS: the five kinds of imagery provider, on the bare ellipsoid, seen from above.
import { stage } from './stage.js';

globalThis.CESIUM_BASE_URL = '/cesium/';
const { Cesium } = globalThis;
const transparent = { format: 'image/png', transparent: true };
const rectangle = ({ bounds }) => Cesium.Rectangle.fromDegrees(...bounds);
const degrees = () => new Cesium.GeographicTilingScheme();
const mercator = () => new Cesium.WebMercatorTilingScheme();

/** ground is a base map of one colour. CesiumJS stretches the edges of the lowest layer over the whole globe: nobody has imagery there. */
function ground() {
  const dot = Object.assign(document.createElement('canvas'), { width: 1, height: 1 });
  const context = dot.getContext('2d');
  context.fillStyle = 'rgb(136, 0, 136)';
  context.fillRect(0, 0, 1, 1);
  return Cesium.ImageryLayer.fromProviderAsync(Cesium.SingleTileImageryProvider.fromUrl(dot.toDataURL()));
}

/** plain leaves nothing in the picture but imagery: no air, no fog, no stars, no smoothing. */
function plain({ scene }) {
  for (const decoration of [scene.skyAtmosphere, scene.skyBox, scene.sun, scene.moon]) if (decoration) decoration.show = false;
  scene.globe.showGroundAtmosphere = false;
  scene.fog.enabled = false;
  scene.msaaSamples = 1;
}

let globe;

function widget() {
  globe ??= new Cesium.CesiumWidget('cesiumContainer', { baseLayer: ground(), skyBox: false, skyAtmosphere: false, shouldAnimate: false });
  return globe;
}

async function show({ view }, provider) {
  const it = widget();
  it.useDefaultRenderLoop = true;
  it.imageryLayers.addImageryProvider(await provider);
  it.camera.setView({ destination: Cesium.Rectangle.fromDegrees(...view) });
  return it;
}

const template = (t, more) => new Cesium.UrlTemplateImageryProvider({
  url: `${t.base}/imagery/${t.dataset}/{z}/{x}/{y}.png`, rectangle: rectangle(t), maximumLevel: t.deepest, ...more,
});

const tms = ({ base, dataset }) => Cesium.TileMapServiceImageryProvider.fromUrl(`${base}/tms/${dataset}`);

/** wms tells the version twice: a click would be of 1.1.1 otherwise, with the axes of 1.3.0. */
const wms = ({ base, dataset }, version, more) => new Cesium.WebMapServiceImageryProvider({
  url: `${base}/wms`, layers: dataset, parameters: { ...transparent, version }, getFeatureInfoParameters: { version }, ...more,
});

const wmts = (t, path, set, more) => new Cesium.WebMapTileServiceImageryProvider({
  url: t.base + path, layer: t.dataset, style: 'default', format: 'image/png', tileMatrixSetID: set, rectangle: rectangle(t), maximumLevel: t.deepest,
  ...more,
});

const tile = ({ dataset }) => `/wmts/1.0.0/${dataset}/{Style}/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}`;

const single = (t, query) => Cesium.SingleTileImageryProvider.fromUrl(
  `${t.base}/wms?service=WMS&request=GetMap&layers=${t.dataset}&styles=&format=image/png&transparent=true&width=2048&height=1024&${query}`,
  { rectangle: rectangle(t) });

/** still resolves after some frames in a row in which nothing was missing, and stops the clock: software takes long to draw a frame. */
function still(map) {
  const { scene } = map;
  return new Promise((resolve) => {
    let frames = 0;
    const stop = scene.postRender.addEventListener(() => {
      const layers = Array.from({ length: scene.imageryLayers.length }, (_, i) => scene.imageryLayers.get(i));
      frames = scene.globe.tilesLoaded && layers.every((l) => l.ready) ? frames + 1 : 0;
      if (frames === 5) {
        stop();
        map.useDefaultRenderLoop = false;
        resolve();
      }
    });
  });
}

function pixel({ scene }, [lon, lat]) {
  const place = Cesium.Cartographic.fromDegrees(lon, lat);
  place.height = scene.globe.getHeight(place) ?? 0;
  const at = Cesium.SceneTransforms.worldToWindowCoordinates(scene, Cesium.Cartographic.toCartesian(place));
  return [at.x, at.y];
}

/** pick clicks on a place and returns what the server tells of it. */
async function pick(map, place) {
  const ray = map.camera.getPickRay(new Cesium.Cartesian2(...pixel(map, place)));
  const found = await map.scene.imageryLayers.pickImageryLayerFeatures(ray, map.scene);
  return found?.map(({ name, data }) => ({ name, properties: data?.properties })) ?? [];
}

stage({
  element: 'cesiumContainer',
  cases: {
    'UrlTemplate Mercator': (t) => show(t, template(t)),
    'UrlTemplate geographic': (t) => show(t, template(t, { tilingScheme: degrees() })),
    'TileMapService': (t) => show(t, tms(t)),
    'WebMapService 1.1.1': (t) => show(t, wms(t, '1.1.1')),
    'WebMapService 1.3.0 CRS 84': (t) => show(t, wms(t, '1.3.0')),
    'WebMapService 1.3.0 EPSG 4326': (t) => show(t, wms(t, '1.3.0', { crs: 'EPSG:4326' })),
    'WebMapService 1.3.0 Mercator': (t) => show(t, wms(t, '1.3.0', { tilingScheme: mercator() })),
    'WebMapService as it asks by itself': (t) => show(t, new Cesium.WebMapServiceImageryProvider({ url: `${t.base}/wms`, layers: t.dataset })),
    'WebMapTileService KVP': (t) => show(t, wmts(t, '/wmts', 'WebMercatorQuad')),
    'WebMapTileService REST': (t) => show(t, wmts(t, `${tile(t)}.png`, 'WebMercatorQuad', { getFeatureInfoUrl: `${t.base}${tile(t)}/{j}/{i}.json` })),
    'WebMapTileService REST geographic': (t) => show(t, wmts(t, `${tile(t)}.png`, 'WorldCRS84Quad', { tilingScheme: degrees() })),
    'SingleTile 1.1.1': (t) => show(t, single(t, `version=1.1.1&srs=EPSG:4326&bbox=${t.bounds}`)),
    'SingleTile 1.3.0': (t) => show(t, single(t, `version=1.3.0&crs=CRS:84&bbox=${t.bounds}`)),
  },
  settle(map) {
    plain(map);
    return still(map);
  },
  pixel,
  facts: (map, task) => (task.pick ? pick(map, task.pick) : undefined),
  remove(map) {
    if (map === globe) map.imageryLayers.remove(map.imageryLayers.get(1));
    else map.destroy();
  },
});
