// The search box: asks this server's own gazetteer while one types, and flies to what is chosen. Coordinates are the gazetteer's business too: it reads
// them in any notation. The box is a combobox as the ARIA practices have it: the focus stays in the text, arrows walk through the list.
import { ask } from './token.js';

const byId = (id) => document.getElementById(id);
const PAUSE = 150; // milliseconds without another letter before the server is asked
const AROUND = 0.02; // degrees to each side of a place that has no extent of its own

/** Search is the box of that name. fly(place) goes to { label, bounds: [w, s, e, n], point: [lon, lat] or nothing }. */
export class Search {
  constructor(fly) {
    Object.assign(this, { fly, found: [], at: -1 });
    const text = byId('search-text');
    text.addEventListener('input', () => this.typed());
    text.addEventListener('keydown', (event) => this.key(event));
    text.addEventListener('blur', () => this.close());
    text.addEventListener('focus', () => this.show());
    byId('search-list').addEventListener('pointerdown', (event) => event.preventDefault()); // the focus stays where it is
    byId('search-list').addEventListener('click', (event) => this.choose([...byId('search-list').children].indexOf(event.target.closest('li'))));
    document.addEventListener('keydown', (event) => {
      if (event.key !== '/' || event.target.matches('input, select') || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      text.select();
      text.focus();
    });
  }

  typed() {
    clearTimeout(this.waiting);
    this.asking?.abort();
    const words = byId('search-text').value.trim();
    if (!words) this.offer([], '');
    else this.waiting = setTimeout(() => this.ask('autocomplete', words), PAUSE);
  }

  key(event) {
    const last = this.found.length - 1;
    const deed = {
      ArrowDown: () => this.walk(this.at >= last ? 0 : this.at + 1), ArrowUp: () => this.walk(this.at <= 0 ? last : this.at - 1),
      Enter: () => this.enter(), Escape: () => this.escape(),
    }[event.key];
    if (!deed || event.isComposing) return;
    event.preventDefault();
    deed();
  }

  // enter takes what is marked; with nothing marked, the best answer to the whole text.
  async enter() {
    const words = byId('search-text').value.trim();
    if (this.at >= 0) this.choose(this.at);
    else if (words && await this.ask('search', words)) this.choose(0);
  }

  escape() {
    if (!byId('search-list').hidden) this.close();
    else {
      byId('search-text').value = '';
      this.typed();
    }
  }

  /** ask looks words up by one of the two ways of the gazetteer, shows what it says, and tells whether there is anything. */
  async ask(way, words) {
    clearTimeout(this.waiting);
    this.asking?.abort();
    const asking = this.asking = new AbortController();
    const url = new URL(`v1/geocode/${way}`, document.baseURI);
    url.searchParams.set('text', words);
    try {
      const answer = await ask(url, { headers: { Accept: 'application/json' }, signal: asking.signal });
      const body = await answer.json();
      if (!answer.ok) throw new Error(answer.status === 404 ? 'This server has no gazetteer.' : `The gazetteer answered ${answer.status}.`);
      const found = (body.features ?? []).map(placeOf).filter(Boolean);
      this.offer(found, found.length > 0 ? '' : nothing(body));
      return found.length > 0;
    } catch (error) {
      if (error.name !== 'AbortError') this.offer([], error.message ?? String(error));
      return false;
    }
  }

  // offer takes new answers, and says something where there are none.
  offer(found, news) {
    Object.assign(this, { found, at: -1 });
    byId('search-list').replaceChildren(...found.map(({ label }, i) => {
      const li = Object.assign(document.createElement('li'), { id: `search-${i}`, textContent: label });
      li.setAttribute('role', 'option');
      return li;
    }));
    byId('search-news').textContent = news || (found.length > 0 ? `${found.length} found` : '');
    byId('search-news').classList.toggle('unseen', !news);
    this.show();
  }

  walk(i) {
    if (this.found.length === 0) return;
    this.show();
    this.mark(i);
  }

  mark(i) {
    this.at = i;
    [...byId('search-list').children].forEach((li, k) => li.setAttribute('aria-selected', k === i));
    const marked = byId('search-list').children[i];
    marked?.scrollIntoView({ block: 'nearest' });
    if (marked) byId('search-text').setAttribute('aria-activedescendant', marked.id);
    else byId('search-text').removeAttribute('aria-activedescendant');
  }

  show() {
    const open = this.found.length > 0 && document.activeElement === byId('search-text');
    byId('search-list').hidden = !open;
    byId('search-text').setAttribute('aria-expanded', open);
    this.mark(-1);
  }

  close() {
    byId('search-list').hidden = true;
    byId('search-text').setAttribute('aria-expanded', false);
    this.mark(-1);
  }

  choose(i) {
    const place = this.found[i];
    if (!place) return;
    byId('search-text').value = place.label;
    this.close();
    this.fly(place);
  }
}

// nothing says why there is nothing, if the gazetteer does.
function nothing({ geocoding }) {
  const [why] = [geocoding?.errors, geocoding?.warnings].flat().filter(Boolean);
  return why ?? 'Nothing found.';
}

// placeOf reads a feature in Pelias form: an extent or a point, with a label. What has neither is no place. East is smaller than west where an extent
// crosses the antimeridian (RFC 7946, 5.2), and above 180 in what is returned.
function placeOf({ properties = {}, bbox, geometry }) {
  const point = geometry?.coordinates?.slice(0, 2);
  const placed = point?.length === 2 && point.every(Number.isFinite);
  const label = properties.label ?? properties.name ?? point?.join(', ');
  if (!Array.isArray(bbox) || bbox.length !== 4 || !bbox.every(Number.isFinite)) return placed ? { label, point, bounds: around(point) } : undefined;
  const [w, s, e, n] = [bbox[0], bbox[1], bbox[2] < bbox[0] ? bbox[2] + 360 : bbox[2], bbox[3]];
  if (placed && (e - w < AROUND / 10 || n - s < AROUND / 10)) return { label, point, bounds: around(point) };
  return { label, point: placed ? point : undefined, bounds: [w, s, e, n] };
}

function around([lon, lat]) {
  const wide = AROUND / Math.max(Math.cos(lat * Math.PI / 180), 0.05);
  return [lon - wide, Math.max(lat - AROUND, -90), lon + wide, Math.min(lat + AROUND, 90)];
}
