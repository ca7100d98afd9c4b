// The panel of layers: adds, removes and orders them, sets their opacity, style and time. It knows nothing of the globe; it holds entries as
// imagery.js wants them, lowest first, and shows them as a map is read, topmost first.
import { layersOf, timesOf, asOf, dayOf, nameOf } from './datasets.js';
import { withToken } from './token.js';
import { pictureOf } from './imagery.js';

const byId = (id) => document.getElementById(id);

/** newEntry makes an entry of a dataset that has pictures, as a link names it or with defaults. */
export function newEntry(dataset, { style = '', opacity = 1, shown = true } = {}) {
  return { dataset, style: pictureOf({ dataset, style }).style, opacity, shown, time: '' };
}

/** seeAt gives an entry a time, empty for the latest. It throws an Error, and leaves the entry as it is, if there is nothing of that time. */
export async function seeAt(entry, time) {
  const of = await asOf(entry.dataset, time);
  Object.assign(entry, { of, time: of === entry.dataset ? '' : time });
}

/** LayerPanel calls changed() after every change that the user made, fly(dataset) to look at one, and report(message) when something fails. */
export class LayerPanel {
  constructor(datasets, { changed, fly, report }) {
    Object.assign(this, { changed, fly, report, entries: [], items: new Map() }); // items: entry -> li
    this.pictured = datasets.filter((d) => layersOf(d).length > 0);
    const group = (label, kind) => {
      const options = this.pictured.filter((d) => d.kind === kind).map((d) => new Option(nameOf(d), d.name));
      const element = Object.assign(document.createElement('optgroup'), { label });
      element.append(...options);
      return options.length > 0 ? [element] : [];
    };
    byId('add').replaceChildren(...group('Imagery', 'imagery'), ...group('Terrain, drawn as a map', 'terrain'));
    byId('add-layer').disabled = byId('add').disabled = this.pictured.length === 0;
    byId('add-layer').addEventListener('click', () => this.add());
  }

  /** set shows other entries; changed is not called. */
  set(entries) {
    this.entries = entries;
    this.draw();
  }

  /** link returns the entries as a link names them. */
  link() { return this.entries.map(({ dataset, of, ...rest }) => ({ name: dataset.name, ...rest })); }

  add() {
    const dataset = this.pictured.find((d) => d.name === byId('add').value);
    const used = this.entries.filter((entry) => entry.dataset === dataset).map((entry) => entry.style);
    const free = layersOf(dataset).find((layer) => !used.includes(layer.style));
    this.entries = [...this.entries, newEntry(dataset, { style: free?.style })];
    this.tell(`${dataset.name} added on top`);
  }

  remove(entry) {
    const next = this.items.get(entry).nextElementSibling ?? this.items.get(entry).previousElementSibling;
    this.entries = this.entries.filter((other) => other !== entry);
    this.tell(`${entry.dataset.name} removed`);
    (next?.querySelector('.remove') ?? byId('add')).focus();
  }

  // move takes an entry up (1) or down (-1), and leaves the button that did it in focus.
  move(entry, step, button) {
    const from = this.entries.indexOf(entry);
    const to = from + step;
    if (to < 0 || to >= this.entries.length) return;
    const entries = [...this.entries];
    [entries[from], entries[to]] = [entries[to], entries[from]];
    this.entries = entries;
    this.tell(`${entry.dataset.name} is now ${this.entries.length - to} of ${this.entries.length} from the top`);
    button.focus();
  }

  tell(words) {
    this.draw();
    byId('layer-news').textContent = words;
    this.changed();
  }

  draw() {
    for (const [entry, li] of this.items) {
      if (this.entries.includes(entry)) continue;
      li.remove();
      this.items.delete(entry);
    }
    const list = byId('layer-list');
    this.entries.toReversed().forEach((entry, i) => {
      if (!this.items.has(entry)) this.items.set(entry, this.item(entry));
      const li = this.items.get(entry);
      if (list.children[i] !== li) list.insertBefore(li, list.children[i] ?? null);
      li.querySelector('.up').setAttribute('aria-disabled', i === 0);
      li.querySelector('.down').setAttribute('aria-disabled', i === this.entries.length - 1);
    });
    byId('layer-count').textContent = this.entries.length || '';
    byId('no-layers').hidden = this.entries.length > 0;
  }

  item(entry) {
    const li = byId('layer').content.firstElementChild.cloneNode(true);
    const find = (selector) => li.querySelector(selector);
    const { name, title } = entry.dataset;
    find('.name').textContent = name;
    find('.title').textContent = title && title !== name ? title : '';
    for (const button of li.querySelectorAll('button')) button.setAttribute('aria-label', `${button.title}: ${name}`);
    find('.up').addEventListener('click', (event) => this.move(entry, 1, event.currentTarget));
    find('.down').addEventListener('click', (event) => this.move(entry, -1, event.currentTarget));
    find('.fly').addEventListener('click', () => this.fly(entry.of ?? entry.dataset));
    find('.remove').addEventListener('click', () => this.remove(entry));
    find('.shown').checked = entry.shown;
    find('.shown').addEventListener('input', (event) => { entry.shown = event.target.checked; this.changed(); });
    this.opacity(entry, find('.opacity'), find('output'));
    this.style(entry, find('.style'), find('.legend'));
    this.time(entry, find('.time'));
    return li;
  }

  opacity(entry, slider, output) {
    const say = () => { output.textContent = `${Math.round(entry.opacity * 100)} %`; };
    slider.value = entry.opacity * 100;
    slider.setAttribute('aria-label', `Opacity of ${entry.dataset.name}`);
    slider.addEventListener('input', () => { entry.opacity = slider.valueAsNumber / 100; say(); this.changed(); });
    say();
  }

  // style offers a choice where there is one, and shows the legend of what is chosen.
  style(entry, select, legend) {
    const layers = layersOf(entry.dataset);
    const show = () => {
      const picture = pictureOf(entry);
      legend.hidden = !picture.legend;
      if (picture.legend) Object.assign(legend, { src: withToken(picture.legend), alt: `Legend: ${picture.title}` });
    };
    select.replaceChildren(...layers.map((layer) => new Option(layer.title, layer.style)));
    select.value = entry.style;
    select.setAttribute('aria-label', `Style of ${entry.dataset.name}`);
    select.hidden = layers.length < 2;
    select.addEventListener('input', () => { entry.style = select.value; show(); this.changed(); });
    show();
  }

  // time offers a choice where there is one. The latest is the one of no name: a link to it shows what is latest when it is opened.
  time(entry, select) {
    const times = timesOf(entry.dataset);
    select.replaceChildren(...times.map(({ time }, i) => new Option(i === 0 ? `${dayOf(time)}, the latest` : dayOf(time), i === 0 ? '' : time)));
    select.value = entry.time;
    select.setAttribute('aria-label', `Time of ${entry.dataset.name}`);
    select.hidden = times.length === 0;
    select.addEventListener('input', async () => {
      const chosen = select.value;
      const trial = { ...entry };
      try {
        await seeAt(trial, chosen);
      } catch (error) {
        this.report(error.message ?? String(error));
        select.value = entry.time;
        return;
      }
      if (select.value !== chosen) return; // another was chosen meanwhile
      Object.assign(entry, { of: trial.of, time: trial.time });
      this.changed();
    });
  }
}
