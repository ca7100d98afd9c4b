// Measuring: a line over the globe, how long it is, and how the ground runs below it. Points come by clicks, or by the keyboard from the middle of the view.
import { Chart, metres } from './chart.js';
import { degrees } from './datasets.js';
import { ask } from './token.js';

const byId = (id) => document.getElementById(id);
const PAUSE = 150; // milliseconds without another point before the server is asked
const LIFT = 3; // metres above the ground at which the line is drawn

/** Measure is the sheet of that name. report(message) is called for what goes wrong. */
export class Measure {
  constructor(globe, report) {
    Object.assign(this, { globe, report, points: [], drawing: false }); // points: {lon, lat, height}, degrees and metres above the ellipsoid
    const { Cesium, scene } = globe;
    this.dots = scene.primitives.add(new Cesium.PointPrimitiveCollection());
    this.chart = new Chart(byId('chart'), (sample) => this.pick(sample));
    this.handler = new Cesium.ScreenSpaceEventHandler(scene.canvas);
    this.handler.setInputAction(({ position }) => this.drawing && this.add(globe.at(position)), Cesium.ScreenSpaceEventType.LEFT_CLICK);
    this.handler.setInputAction(() => this.draw(false), Cesium.ScreenSpaceEventType.LEFT_DOUBLE_CLICK);
    byId('measure').addEventListener('toggle', () => this.draw(byId('measure').open && this.points.length === 0));
    byId('measure-draw').addEventListener('click', () => this.draw(!this.drawing));
    byId('measure-add').addEventListener('click', () => this.addMiddle());
    byId('measure-undo').addEventListener('click', () => this.undo());
    byId('measure-clear').addEventListener('click', () => this.clear());
    byId('measure-sea').addEventListener('input', () => this.ask());
    byId('exaggeration').addEventListener('input', () => this.paint());
    scene.canvas.addEventListener('keydown', (event) => this.key(event));
    this.draw(byId('measure').open); // who opened the sheet while the page loaded wants to draw
    this.tell();
  }

  /** over takes another terrain, or none, to be measured on. */
  over(ground) {
    this.ground = ground?.links?.profile ? ground : undefined;
    byId('measure-sea').disabled = !this.ground?.links?.msl;
    this.ask();
  }

  draw(on) {
    this.drawing = on;
    byId('measure-draw').setAttribute('aria-pressed', on);
    document.body.classList.toggle('drawing', on);
    byId('crosshair').style.top = `${this.middle()[1]}px`;
  }

  key(event) {
    if (!this.drawing || event.ctrlKey || event.metaKey || event.altKey) return;
    const deed = { p: () => this.addMiddle(), Enter: () => this.draw(false), Escape: () => this.draw(false), Backspace: () => this.undo() }[event.key];
    if (!deed) return;
    event.preventDefault();
    deed();
  }

  // middle is that of the canvas, or on a phone, where the sheet covers half of it, of what is seen above the sheet.
  middle() {
    const { clientWidth, clientHeight } = this.globe.scene.canvas;
    const { width, top } = byId('measure').getBoundingClientRect();
    return [clientWidth / 2, (width >= clientWidth ? top : clientHeight) / 2];
  }

  addMiddle() {
    this.add(this.globe.at(new this.globe.Cesium.Cartesian2(...this.middle())));
  }

  add(point) {
    const last = this.points.at(-1);
    if (!point || (last && last.lon === point.lon && last.lat === point.lat)) return; // sky, or the second click of two
    this.points.push(point);
    this.changed();
  }

  undo() {
    this.points.pop();
    this.changed();
  }

  clear() {
    this.points = [];
    this.changed();
    this.draw(true);
  }

  changed() {
    this.profile = undefined;
    this.paint();
    this.tell();
    this.ask();
  }

  /** ask has the server draw the profile, a moment after the last change. */
  ask() {
    clearTimeout(this.waiting);
    this.asking?.abort();
    if (!this.ground || this.points.length < 2) {
      this.profile = undefined;
      this.tell();
      return;
    }
    this.waiting = setTimeout(() => this.fetch().catch((error) => {
      if (error.name !== 'AbortError') this.report(`Profile: ${error.message ?? error}`);
    }), PAUSE);
  }

  async fetch() {
    this.asking = new AbortController();
    const url = new URL(`profile/${encodeURIComponent(this.ground.name)}`, document.baseURI);
    this.sea = byId('measure-sea').checked && !byId('measure-sea').disabled;
    if (this.sea) url.searchParams.set('vertical', 'msl');
    const answer = await ask(url, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, signal: this.asking.signal, body: JSON.stringify(this.points.map(({ lon, lat }) => [lon, lat])),
    });
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.error ?? answer.status);
    this.profile = body;
    this.paint();
    this.tell();
  }

  // legs are the distances of the points from the first, along the shortest lines on the ellipsoid.
  legs() {
    const { Cesium } = this.globe;
    const place = ({ lon, lat }) => Cesium.Cartographic.fromDegrees(lon, lat);
    let sum = 0;
    return this.points.map((p, i) => {
      if (i > 0) sum += new Cesium.EllipsoidGeodesic(place(this.points[i - 1]), place(p)).surfaceDistance;
      return sum;
    });
  }

  tell() {
    const legs = this.legs();
    const known = this.profile && this.profile.min !== null;
    byId('measure-sum').textContent = this.points.length > 1 ? metres(legs.at(-1)) : '';
    byId('measure-undo').disabled = byId('measure-clear').disabled = this.points.length === 0;
    byId('measure-hint').hidden = this.points.length > 1;
    byId('chart').toggleAttribute('hidden', !known);
    byId('chart-at').textContent = '';
    byId('measure-facts').textContent = this.points.length > 1 ? this.facts(legs.at(-1)) : '';
    byId('crosshair').style.top = `${this.middle()[1]}px`;
    this.chart.show(known ? this.profile.points : [], legs);
    if (known) byId('chart').setAttribute('aria-label', `Profile: ${byId('measure-facts').textContent}. Arrow keys walk along it.`);
  }

  facts(length) {
    const { profile } = this;
    const facts = [`Distance ${metres(length)}`];
    if (profile && profile.min !== null) {
      const over = profile.points.reduce((sum, p, i, all) => (i === 0 ? 0 : sum + Math.hypot(p.distance - all[i - 1].distance, (p.height ?? 0) - (all[i - 1].height ?? 0))), 0);
      if (profile.missing === 0) facts.push(`over the ground ${metres(over)}`);
      facts.push(`up ${profile.gain.toFixed(0)} m`, `down ${profile.loss.toFixed(0)} m`, `${profile.min.toFixed(1)} to ${profile.max.toFixed(1)} m`);
      if (this.sea) facts.push('above sea level');
    } else if (profile) facts.push('no heights there');
    return facts.join(', ');
  }

  /** pick shows a sample of the profile, or none, on the globe. */
  pick(sample) {
    this.picked = sample;
    byId('chart-at').textContent = sample
      ? `${metres(sample.distance)}: ${sample.height === null ? 'no data' : `${sample.height.toFixed(1)} m`}  ${degrees(sample.lon, 'E', 'W', 5)}  ${degrees(sample.lat, 'N', 'S', 5)}`
      : '';
    this.paintDots();
  }

  position({ lon, lat, height }) {
    const { Cesium, scene } = this.globe;
    return Cesium.Cartesian3.fromDegrees(lon, lat, (height ?? 0) * scene.verticalExaggeration + LIFT);
  }

  // along are the points to be drawn: those of the profile, if all their heights are known and the globe's, else the line's own.
  along() { return this.profile?.missing === 0 && !this.sea ? this.profile.points : this.points; }

  paint() {
    const { Cesium, scene } = this.globe;
    if (this.line) scene.primitives.remove(this.line);
    this.line = undefined;
    if (this.points.length > 1) {
      const geometry = new Cesium.PolylineGeometry({
        positions: this.along().map((p) => this.position(p)), width: 4, arcType: this.along() === this.points ? Cesium.ArcType.GEODESIC : Cesium.ArcType.NONE,
        vertexFormat: Cesium.PolylineMaterialAppearance.VERTEX_FORMAT,
      });
      const appearance = (alpha) => new Cesium.PolylineMaterialAppearance({
        material: Cesium.Material.fromType('Color', { color: Cesium.Color.fromCssColorString('#ffd23f').withAlpha(alpha) }),
      });
      this.line = scene.primitives.add(new Cesium.Primitive({
        geometryInstances: new Cesium.GeometryInstance({ geometry }), appearance: appearance(1), depthFailAppearance: appearance(0.45), asynchronous: false,
      }));
    }
    this.paintDots();
  }

  paintDots() {
    const { Cesium } = this.globe;
    const dot = (p, pixelSize, css) => this.dots.add({
      position: this.position(p), pixelSize, color: Cesium.Color.fromCssColorString(css), outlineColor: Cesium.Color.fromCssColorString('#1d2629'), outlineWidth: 2,
      disableDepthTestDistance: Number.POSITIVE_INFINITY,
    });
    this.dots.removeAll();
    for (const p of this.points) dot(p, 9, '#ffd23f');
    if (this.picked) dot(this.sea ? { ...this.picked, height: this.points[0].height } : this.picked, 13, '#ffffff');
    this.globe.draw();
  }
}
