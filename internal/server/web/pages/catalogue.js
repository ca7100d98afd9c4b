// The catalogue page: a card per dataset, a live filter, lines to copy. All text is set as text, never as markup.
import { list, facts, snippets, services, viewerURL, inspectURL, compareURL, count } from './datasets.js';
import { locator } from './locator.js';
import { copyText } from './copy.js';
import { withToken, keepToken } from './token.js';

const byId = (id) => document.getElementById(id);
const cards = new Map(); // dataset name@version -> { dataset, element }
let chosen = 'cesium'; // client whose lines are shown

function fill(dl, pairs) {
  for (const [label, text] of pairs) {
    const dt = document.createElement('dt');
    const dd = document.createElement('dd');
    dt.textContent = label;
    dd.textContent = text;
    dl.append(dt, dd);
  }
}

function card(dataset) {
  const element = byId('card').content.firstElementChild.cloneNode(true);
  const find = (selector) => element.querySelector(selector);
  find('.name').textContent = dataset.name;
  find('.title').textContent = dataset.title && dataset.title !== dataset.name ? dataset.title : '';
  find('.attribution').textContent = dataset.attribution || '';
  for (const a of [find('.name'), find('.picture'), find('.view')]) a.href = viewerURL(dataset);
  find('.inspect').href = inspectURL(dataset);
  find('.compare').hidden = !compareURL(dataset);
  if (compareURL(dataset)) find('.compare').href = compareURL(dataset);
  for (const a of element.querySelectorAll('.doors a')) a.setAttribute('aria-label', `${a.textContent}: ${dataset.name}`);
  find('.locator').append(locator(dataset.bounds));
  addThumbnail(find('.picture'), dataset);
  find('.kind').textContent = dataset.kind;
  fill(find('dl'), facts(dataset));
  addServices(find('dl'), services(dataset));
  find('.copy').hidden = true;
  seen.observe(element);
  return element;
}

// addThumbnail shows what a dataset looks like, and where it lies in a corner of that. Without a thumbnail the map is all there is. The name below says
// what it is, so the picture needs no words.
function addThumbnail(picture, { links }) {
  if (!links?.thumbnail) return;
  const img = Object.assign(document.createElement('img'), { className: 'thumbnail', alt: '', loading: 'lazy', decoding: 'async', width: 320, height: 200 });
  img.addEventListener('error', () => { img.remove(); picture.classList.remove('drawn'); });
  img.src = withToken(links.thumbnail);
  picture.classList.add('drawn');
  picture.prepend(img);
}

// seen fetches the lines to copy of a card once it comes into view: a long list of datasets would be mostly lines that nobody reads.
const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    const found = isIntersecting && [...cards.values()].find(({ element }) => element === target);
    if (!found) continue;
    seen.unobserve(target);
    snippets(found.dataset).then((lines) => offer(target.querySelector('.copy'), found.dataset.name, lines), () => seen.observe(target));
  }
});

function addServices(dl, pairs) {
  if (pairs.length === 0) return;
  const dd = document.createElement('dd');
  dd.className = 'services';
  dd.append(...pairs.map(([label, url]) => Object.assign(document.createElement('a'), { textContent: label, href: url })));
  dl.append(Object.assign(document.createElement('dt'), { textContent: 'Services' }), dd);
}

// offer shows the lines for one client at a time. A client that is chosen on one card is chosen on all that have it.
function offer(box, name, entries) {
  box.hidden = entries.length === 0;
  const select = box.querySelector('.client');
  const code = box.querySelector('code');
  select.replaceChildren(...entries.map(([client, title]) => new Option(title, client)));
  select.setAttribute('aria-label', `Use ${name} in`);
  const show = () => { code.textContent = entries.find(([client]) => client === select.value)?.[2] ?? ''; };
  select.addEventListener('input', show);
  select.addEventListener('change', () => {
    chosen = select.value;
    for (const other of document.querySelectorAll('.client')) prefer(other);
  });
  prefer(select);
  show();
  const copy = box.querySelector('.do-copy');
  copy.addEventListener('click', async () => {
    copy.textContent = (await copyText(code.textContent, code)) ? 'Copied' : 'Press Ctrl+C';
    setTimeout(() => { copy.textContent = 'Copy'; }, 2000);
  });
}

function prefer(select) {
  if (select.value === chosen || ![...select.options].some((option) => option.value === chosen)) return;
  select.value = chosen;
  select.dispatchEvent(new Event('input'));
}

function filter() {
  const words = byId('filter').value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const { dataset, element } of cards.values()) {
    const text = [dataset.name, dataset.title, dataset.kind, dataset.vertical, dataset.format, dataset.attribution].join(' ').toLowerCase();
    element.hidden = !words.every((word) => text.includes(word));
    if (!element.hidden) shown++;
  }
  const all = cards.size === 1 ? '1 dataset' : `${count(cards.size)} datasets`;
  byId('count').textContent = shown === cards.size ? all : `${count(shown)} of ${all}`;
  byId('empty').hidden = cards.size > 0;
}

// refresh makes the page agree with the server and leaves cards that did not change alone.
async function refresh() {
  const problem = byId('problem');
  try {
    const datasets = await list();
    const seen = new Set();
    datasets.forEach((dataset) => {
      const key = `${dataset.name}@${dataset.version}`;
      seen.add(key);
      if (!cards.has(key)) cards.set(key, { dataset, element: card(dataset) });
      byId('cards').append(cards.get(key).element);
    });
    for (const [key, { element }] of cards) {
      if (!seen.has(key)) { element.remove(); cards.delete(key); }
    }
    problem.hidden = true;
    filter();
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
  }
}

byId('filter').addEventListener('input', filter);
document.addEventListener('keydown', (event) => {
  if (event.key === '/' && document.activeElement !== byId('filter')) { event.preventDefault(); byId('filter').focus(); }
});
keepToken();
document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
refresh();
