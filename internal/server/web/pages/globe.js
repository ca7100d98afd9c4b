// The globe: CesiumJS with one terrain dataset or none, and pictures on it. Nothing here knows of the page's controls.
import { terrainURL } from './datasets.js';
import { Imagery, baseMap } from './imagery.js';
import { surfaceMaterial, tellMaterial, floodMaterial } from './surface.js';

const EQUINOX = '2026-03-20T12:00:00Z'; // the sun stands over the equator: fair light on both hemispheres

/** Globe wraps a CesiumWidget. report(message) is called for everything that goes wrong while it runs. */
export class Globe {
  constructor(Cesium, container, credits, report) {
    this.Cesium = Cesium;
    this.report = report;
    Cesium.CreditDisplay.cesiumCredit = new Cesium.Credit('CesiumJS, Natural Earth', true);
    this.widget = new Cesium.CesiumWidget(container, {
      baseLayer: baseMap(Cesium),
      creditContainer: credits,
      requestRenderMode: true,
      maximumRenderTimeChange: Infinity,
      shouldAnimate: false,
      showRenderLoopErrors: false,
    });
    this.scene = this.widget.scene;
    this.globe = this.scene.globe;
    this.widget.resolutionScale = Math.min(devicePixelRatio, 2);
    this.scene.renderError.addEventListener((_, error) => report(`Drawing stopped: ${error}`));
    // Multisampling would take heights from beyond the edge of a tile's skirt, and colour lines along the borders.
    this.scene.msaaSamples = 1;
    this.scene.postProcessStages.fxaa.enabled = true;
    this.globe.depthTestAgainstTerrain = true;
    this.globe.dynamicAtmosphereLighting = false;
    this.globe.baseColor = Cesium.Color.fromCssColorString('#33424a');
    this.imagery = new Imagery(Cesium, this.widget.imageryLayers, report);
  }

  /**
   * show replaces the terrain: ground is a terrain dataset, or undefined for the smooth ellipsoid. It resolves when layer.json has been read. dataset
   * is what the globe is about: home flies there. Its bounds are [w, s, e, n] in degrees.
   */
  async show(ground, dataset) {
    const { Cesium } = this;
    this.scene.terrainProvider = ground ? await this.terrainOf(ground) : new Cesium.EllipsoidTerrainProvider();
    this.ground = ground;
    this.dataset = dataset;
    this.setLighting(this.lighting);
    this.setHour(this.hour ?? 9.5);
    this.setWater(this.globe.showWaterEffect);
    this.setExaggeration(this.scene.verticalExaggeration);
    if (this.gridLayer) this.setGrid(true);
    this.draw();
  }

  async terrainOf(ground) {
    const provider = await this.Cesium.CesiumTerrainProvider.fromUrl(terrainURL(ground), { requestVertexNormals: true, requestWaterMask: true });
    provider.errorEvent.addEventListener((error) => this.report(error.message));
    return provider;
  }

  /** setLayers shows these layers over the base map, lowest first; see imagery.js. */
  setLayers(entries) {
    this.imagery.show(entries);
    if (this.gridLayer) this.widget.imageryLayers.raiseToTop(this.gridLayer);
    this.draw();
  }

  setBase(on) {
    this.imagery.setBase(on);
    this.draw();
  }

  get terrain() { return this.scene.terrainProvider; }

  draw() { this.scene.requestRender(); }

  /** home flies to the dataset. */
  home(seconds) { return this.lookAt(this.dataset.bounds, seconds); }

  /**
   * lookAt flies to bounds [w, s, e, n], degrees: obliquely from the south to a region, from above to a continent. Who asks the
   * browser for less motion is there at once.
   */
  async lookAt([w, s, e, n], seconds) {
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) seconds = 0;
    const { Cesium } = this;
    const rectangle = Cesium.Rectangle.fromDegrees(w, s, e > 180 ? e - 360 : e, n);
    const { camera } = this.scene;
    if (e - w > 40 || n - s > 40) {
      camera.flyTo({ destination: rectangle, duration: seconds });
      return;
    }
    const centre = Cesium.Rectangle.center(rectangle);
    const [{ height }] = await Cesium.sampleTerrainMostDetailed(this.terrain, [centre]).catch(() => [{}]);
    const sphere = Cesium.BoundingSphere.fromRectangle3D(rectangle, Cesium.Ellipsoid.WGS84, height ?? 0);
    sphere.center = Cesium.Cartographic.toCartesian(new Cesium.Cartographic(centre.longitude, centre.latitude, height ?? 0));
    const aspect = this.scene.canvas.clientWidth / this.scene.canvas.clientHeight;
    const range = sphere.radius * (aspect > 1 ? 1.7 : 1.25 / Math.max(aspect, 0.4));
    const offset = new Cesium.HeadingPitchRange(0, Cesium.Math.toRadians(-38), Math.max(range, 200));
    camera.flyToBoundingSphere(sphere, { duration: seconds, offset });
  }

  /** view returns the camera as numbers for a link: degrees and metres. */
  view() {
    const { Cesium, scene: { camera } } = this;
    const { longitude, latitude, height } = camera.positionCartographic;
    const degrees = (radians, digits) => Number(Cesium.Math.toDegrees(radians).toFixed(digits));
    return {
      lon: degrees(longitude, 6), lat: degrees(latitude, 6), height: Number(height.toFixed(1)),
      heading: degrees(camera.heading, 2) % 360, pitch: degrees(camera.pitch, 2),
    };
  }

  setView({ lon, lat, height, heading = 0, pitch = -90 }) {
    const { Cesium } = this;
    const orientation = { heading: Cesium.Math.toRadians(heading), pitch: Cesium.Math.toRadians(pitch), roll: 0 };
    this.scene.camera.setView({ destination: Cesium.Cartesian3.fromDegrees(lon, lat, height), orientation });
    this.draw();
  }

  /** at returns {lon, lat, height} of the ground under a window position, or undefined. Height is the drawn mesh's, exaggeration taken out. */
  at(position) {
    const { Cesium, scene } = this;
    const ray = scene.camera.getPickRay(position);
    const point = ray && this.globe.pick(ray, scene);
    if (!point) return undefined;
    const c = Cesium.Cartographic.fromCartesian(point);
    return { lon: Cesium.Math.toDegrees(c.longitude), lat: Cesium.Math.toDegrees(c.latitude), height: c.height / scene.verticalExaggeration };
  }

  /** tileAt returns {z, x, y} of the terrain tile that is drawn there, rows from the south: CesiumJS keeps the list of them to itself. */
  tileAt({ lon, lat }) {
    const place = this.Cesium.Cartographic.fromDegrees(lon, lat);
    const tile = this.globe._surface._tilesToRender.find(({ rectangle }) => this.Cesium.Rectangle.contains(rectangle, place));
    return tile && { z: tile.level, x: tile.x, y: this.terrain.tilingScheme.getNumberOfYTilesAtLevel(tile.level) - 1 - tile.y };
  }

  /** mark puts a dot and a name on the ground at { label, point: [lon, lat] }, or takes them away. */
  mark(place) {
    const { Cesium, scene } = this;
    this.marks ??= scene.primitives.add(new Cesium.LabelCollection({ scene }));
    this.marks.removeAll();
    for (const [text, pixels, up] of place ? [['\u25cf', 18, 0], [place.label, 15, -14]] : []) {
      this.marks.add({
        position: Cesium.Cartesian3.fromDegrees(...place.point), heightReference: Cesium.HeightReference.CLAMP_TO_GROUND, disableDepthTestDistance: 5e6,
        text, font: `bold ${pixels}px sans-serif`, fillColor: Cesium.Color.fromCssColorString(up ? '#ffffff' : '#ffd23f'), style: Cesium.LabelStyle.FILL_AND_OUTLINE, outlineWidth: 5,
        horizontalOrigin: Cesium.HorizontalOrigin.CENTER, verticalOrigin: up ? Cesium.VerticalOrigin.BOTTOM : Cesium.VerticalOrigin.CENTER, pixelOffset: new Cesium.Cartesian2(0, up),
      });
    }
    this.draw();
  }

  setSurface(name) {
    this.globe.material = surfaceMaterial(this.Cesium, name);
    this.setWater(this.globe.showWaterEffect);
    this.setExaggeration(this.scene.verticalExaggeration);
  }

  setExaggeration(factor) {
    this.scene.verticalExaggeration = factor;
    if (this.ground) tellMaterial(this.Cesium, this.globe.material, factor, this.ground.bounds);
    this.draw();
  }

  /** setLighting lights terrain. The smooth ellipsoid has nothing to show by light but night. */
  setLighting(on) {
    this.lighting = on;
    this.globe.enableLighting = on && Boolean(this.ground);
    this.draw();
  }

  /** setWater lets the ocean glitter where the terrain's water mask says so; terrain without a mask has none. */
  setWater(on) {
    this.globe.showWaterEffect = on;
    floodMaterial(this.globe.material, on && this.terrain.hasWaterMask);
    this.draw();
  }

  /** setHour puts the sun where it stands at that local solar time over the dataset. */
  setHour(hour) {
    this.hour = hour;
    const { Cesium, dataset } = this;
    const lon = dataset ? (dataset.bounds[0] + dataset.bounds[2]) / 2 : 0;
    const noon = Cesium.JulianDate.fromIso8601(EQUINOX);
    this.widget.clock.currentTime = Cesium.JulianDate.addHours(noon, hour - 12 - lon / 15, noon);
    this.draw();
  }

  /** setWireframe uses a switch that CesiumJS keeps for its own inspector; it has no public name. */
  setWireframe(on) {
    this.globe._surface.tileProvider._debug.wireframe = on;
    this.draw();
  }

  /** setGrid draws each tile's border and its z/x/y as the server has it, rows from the south. */
  setGrid(on) {
    const layers = this.widget.imageryLayers;
    if (this.gridLayer) layers.remove(this.gridLayer);
    this.gridLayer = on ? layers.addImageryProvider(this.gridProvider()) : undefined;
    this.draw();
  }

  // CesiumJS picks a picture's level by its pixels on the ground. At the equator 256 of them make it the terrain's level; towards
  // the poles a tile narrows, and so must its count of pixels.
  gridProvider() {
    const { Cesium, dataset } = this;
    const lat = dataset ? Cesium.Math.toRadians((dataset.bounds[1] + dataset.bounds[3]) / 2) : 0;
    const tileWidth = Math.max(16, Math.round(256 * Math.cos(lat)));
    const tilingScheme = new Cesium.GeographicTilingScheme();
    const provider = new Cesium.TileCoordinatesImageryProvider({ tilingScheme, tileWidth, tileHeight: tileWidth });
    provider.requestImage = async (x, y, level) => label(`${level}/${x}/${tilingScheme.getNumberOfYTilesAtLevel(level) - 1 - y}`);
    return provider;
  }
}

function label(text) {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 256;
  const context = canvas.getContext('2d');
  context.strokeStyle = '#ffe36b';
  context.lineWidth = 2;
  context.strokeRect(1, 1, 254, 254);
  context.font = 'bold 24px sans-serif';
  context.textAlign = 'center';
  context.lineWidth = 5;
  context.strokeStyle = 'rgb(0 0 0 / 70%)';
  context.strokeText(text, 128, 136, 240);
  context.fillStyle = '#fff6cf';
  context.fillText(text, 128, 136, 240);
  return canvas;
}
