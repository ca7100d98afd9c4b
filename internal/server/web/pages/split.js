// The split view: two versions of a dataset, one on each side of a divider. Imagery is seen as it is, terrain as a picture in one of its styles: a globe has
// one ground at a time, so what is split are pictures on it, which CesiumJS cuts at any place of the window.
import { layersOf, atVersion, nameOf } from './datasets.js';

const byId = (id) => document.getElementById(id);
const STYLE = 'hillshade'; // of terrain, unless another is chosen
const SIDES = ['left', 'right'];

/** Split is the part of the panel of that name, and the divider. changed() is called after every change, report(message) when something fails. */
export class Split {
  constructor(globe, datasets, { changed, report }) {
    Object.assign(this, { globe, changed, report, entries: [], position: 50 });
    this.datasets = datasets.filter((d) => (d.versions?.length ?? 0) > 1 && layersOf(d).length > 0);
    byId('split-dataset').replaceChildren(...this.datasets.map((d) => new Option(nameOf(d), d.name)));
    byId('split').hidden = this.datasets.length === 0;
    byId('split-dataset').addEventListener('change', () => { this.fill(); this.again(); });
    for (const id of ['split-style', 'split-a', 'split-b']) byId(id).addEventListener('change', () => this.again());
    byId('split-on').addEventListener('click', () => (this.on ? this.stop() : this.start()));
    this.wireDivider(byId('divider'));
    if (this.datasets.length > 0) this.fill();
  }

  get on() { return this.entries.length > 0; }

  get dataset() { return this.datasets.find((d) => d.name === byId('split-dataset').value); }

  // fill offers the styles and versions of the chosen dataset: the newest on the right, the one before it on the left.
  fill() {
    const { dataset } = this;
    const styles = layersOf(dataset);
    byId('split-style').replaceChildren(...styles.map((layer) => new Option(layer.title, layer.style)));
    byId('split-style').value = (styles.find((layer) => layer.style === STYLE) ?? styles[0]).style;
    byId('split-style').hidden = styles.length < 2;
    const versions = dataset.versions.toReversed();
    for (const id of ['split-a', 'split-b']) byId(id).replaceChildren(...versions.map((v) => new Option(`Version ${v}`, v)));
    [byId('split-b').value, byId('split-a').value] = versions;
  }

  /** link returns what a link says of the split: name*style*A*B*percent, or nothing. */
  link() {
    if (!this.on) return undefined;
    return [this.dataset.name, ...['split-style', 'split-a', 'split-b'].map((id) => byId(id).value), Math.round(this.position)].join('*');
  }

  /** set takes over what a link says. */
  async set(text) {
    const [name, style, a, b, percent] = (text ?? '').split('*');
    if (!name) {
      this.stop();
      return;
    }
    if (!this.datasets.some((d) => d.name === name)) {
      this.report(`Dataset ${name} has no two versions to compare.`);
      return;
    }
    byId('split-dataset').value = name;
    this.fill();
    for (const [id, value] of [['split-style', style], ['split-a', a], ['split-b', b]]) {
      if ([...byId(id).options].some((option) => option.value === value)) byId(id).value = value;
    }
    this.move(Number.isFinite(Number.parseFloat(percent)) ? Number.parseFloat(percent) : 50);
    await this.start();
  }

  again() { if (this.on) this.start(); }

  async start() {
    const { dataset } = this;
    const style = byId('split-style').value;
    const versions = [byId('split-a').value, byId('split-b').value];
    const wanted = this.wanted = [dataset.name, style, ...versions].join('*');
    let two;
    try {
      two = await Promise.all(versions.map((version) => atVersion(dataset, version)));
    } catch (error) {
      this.report(error.message ?? String(error));
      return;
    }
    if (this.wanted !== wanted) return; // something else was chosen meanwhile
    this.entries = two.map((of, i) => ({ dataset, of, style, opacity: 1, shown: true, side: SIDES[i] }));
    this.say();
    this.changed();
  }

  stop() {
    this.wanted = undefined;
    if (!this.on) return;
    this.entries = [];
    this.say();
    this.changed();
  }

  say() {
    byId('split-on').textContent = this.on ? 'Stop comparing' : 'Compare';
    byId('split-on').setAttribute('aria-pressed', this.on);
    byId('divider').hidden = !this.on;
    byId('divider').querySelector('.left').textContent = byId('split-a').selectedOptions[0]?.textContent ?? '';
    byId('divider').querySelector('.right').textContent = byId('split-b').selectedOptions[0]?.textContent ?? '';
    this.move(this.position);
  }

  /** move puts the divider so many percent from the left of the window. */
  move(percent) {
    this.position = Math.min(100, Math.max(0, percent));
    const divider = byId('divider');
    divider.style.left = `${this.position}%`;
    divider.setAttribute('aria-valuenow', Math.round(this.position));
    this.globe.scene.splitPosition = this.position / 100;
    this.globe.draw();
  }

  wireDivider(divider) {
    divider.addEventListener('pointerdown', (event) => {
      divider.setPointerCapture(event.pointerId);
      divider.focus();
      event.preventDefault();
    });
    divider.addEventListener('pointermove', (event) => {
      if (divider.hasPointerCapture(event.pointerId)) this.move(event.clientX / innerWidth * 100);
    });
    divider.addEventListener('lostpointercapture', () => this.changed());
    divider.addEventListener('keydown', (event) => {
      const stride = event.shiftKey ? 10 : 2;
      const to = {
        ArrowLeft: this.position - stride, ArrowDown: this.position - stride, ArrowRight: this.position + stride, ArrowUp: this.position + stride,
        PageDown: this.position - 10, PageUp: this.position + 10, Home: 0, End: 100,
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      event.stopPropagation(); // Home flies otherwise
      this.move(to);
      this.changed();
    });
  }
}
