// Applications as people have them, of 2018 and of today, that were told another host and nothing else.
//
//   address  ?build=/lib/cesium-1.48/Build/Cesium/&app=ion&host=http://127.0.0.1:8080&tileset=/stk-terrain/world&places=[[lon, lat], ...]
//   report   the text of #report, JSON, when the globe stands still: { heights: [...], ms } or { error }

const query = new URLSearchParams(location.search);
const host = query.get('host');
const places = JSON.parse(query.get('places'));
const patience = 120_000;

/** load brings a build of CesiumJS, as the script tag of an application does. */
function load(build) {
  globalThis.CESIUM_BASE_URL = build;
  const script = Object.assign(document.createElement('script'), { src: `${build}Cesium.js` });
  const style = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: `${build}Widgets/widgets.css` });
  const loaded = new Promise((resolve, reject) => { script.onload = resolve; script.onerror = reject; });
  document.head.append(style, script);
  return loaded.then(() => globalThis.Cesium);
}

/** quiet is what applications without ion switch off. */
const quiet = { baseLayerPicker: false, geocoder: false };

/** What is done otherwise today than in 2018: terrain of an address, pictures of TMS and WMS, a viewer of the world's terrain. */
const today = {
  terrain: (Cesium, url, options) => Cesium.CesiumTerrainProvider.fromUrl(url, options),
  naturalEarth: (Cesium) => ({
    baseLayer: Cesium.ImageryLayer.fromProviderAsync(
      Cesium.TileMapServiceImageryProvider.fromUrl(Cesium.buildModuleUrl('Assets/Textures/NaturalEarthII'))),
  }),
  wms: (Cesium, options) => ({ baseLayer: new Cesium.ImageryLayer(new Cesium.WebMapServiceImageryProvider(options)) }),
  world: (Cesium) => new Cesium.Viewer('cesiumContainer', {
    terrain: Cesium.Terrain.fromWorldTerrain({ requestVertexNormals: true, requestWaterMask: true }),
  }),
};
const of2018 = {
  terrain: (Cesium, url, options) => new Cesium.CesiumTerrainProvider({ url, ...options }),
  naturalEarth: (Cesium) => ({
    imageryProvider: Cesium.createTileMapServiceImageryProvider({ url: Cesium.buildModuleUrl('Assets/Textures/NaturalEarthII') }),
  }),
  wms: (Cesium, options) => ({ imageryProvider: new Cesium.WebMapServiceImageryProvider(options) }),
  world(Cesium) {
    const viewer = new Cesium.Viewer('cesiumContainer');
    viewer.terrainProvider = Cesium.createWorldTerrain({ requestVertexNormals: true, requestWaterMask: true });
    return viewer;
  },
};

const applications = {
  /** retired has the address of the service that was switched off in 2018. */
  async retired(Cesium, cesium) {
    const terrainProvider = await cesium.terrain(Cesium, host + query.get('tileset'), { requestVertexNormals: true, requestWaterMask: true });
    return new Cesium.Viewer('cesiumContainer', { ...quiet, ...cesium.naturalEarth(Cesium), terrainProvider });
  },
  /** own brings its own terrain and its own WMS. */
  async own(Cesium, cesium) {
    const terrainProvider = await cesium.terrain(Cesium, `${host}/terrain/slope/`, { requestVertexNormals: true });
    return new Cesium.Viewer('cesiumContainer', { ...quiet, ...cesium.wms(Cesium, { url: `${host}/wms`, layers: 'tint' }), terrainProvider });
  },
  /** ion asks for the world of Cesium ion; picker and search are on. */
  ion(Cesium, cesium) {
    Cesium.Ion.defaultServer = `${host}/`;
    return cesium.world(Cesium);
  },
};

/** still resolves after some frames in a row in which nothing was missing: neither of what is drawn, nor the terrain that is waited for. */
function still({ scene }, layers) {
  return new Promise((resolve, reject) => {
    scene.renderError.addEventListener((_, error) => reject(error));
    let frames = 0;
    const stop = scene.postRender.addEventListener(() => {
      const ready = scene.globe.terrainProvider?.availability && layers().every((l) => l.ready ?? l.imageryProvider.ready);
      frames = ready && scene.globe.tilesLoaded ? frames + 1 : 0;
      if (frames === 5) {
        stop();
        resolve();
      }
    });
  });
}

async function run() {
  const from = performance.now();
  const Cesium = await load(query.get('build'));
  const viewer = await applications[query.get('app')](Cesium, Cesium.Terrain ? today : of2018);
  viewer.camera.setView({ destination: Cesium.Cartesian3.fromDegrees(10.5, 47.5, 300_000) });
  await still(viewer, () => Array.from({ length: viewer.imageryLayers.length }, (_, i) => viewer.imageryLayers.get(i)));
  const points = places.map(([lon, lat]) => Cesium.Cartographic.fromDegrees(lon, lat));
  await Cesium.sampleTerrainMostDetailed(viewer.scene.globe.terrainProvider, points);
  viewer.useDefaultRenderLoop = false;
  return { heights: points.map((p) => p.height ?? null), version: Cesium.VERSION, ms: Math.round(performance.now() - from) };
}

const late = new Promise((_, reject) => { setTimeout(() => reject(new Error('the globe did not come to rest')), patience); });
const report = await Promise.race([run(), late]).catch((error) => ({ error: `${error?.stack ?? error}` }));
document.querySelector('#report').textContent = JSON.stringify(report);
