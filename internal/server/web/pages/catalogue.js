// The catalogue page: a card per dataset, a live filter, lines to copy. All text is set as text, never as markup.
import { list, facts, snippets, viewerURL, count } from './datasets.js';
import { locator } from './locator.js';
import { copyText } from './copy.js';

const byId = (id) => document.getElementById(id);
const cards = new Map(); // dataset name@version -> { dataset, element }

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
  for (const a of [find('.name'), find('.locator')]) a.href = viewerURL(dataset);
  find('.locator').append(locator(dataset.bounds));
  fill(find('dl'), facts(dataset));
  tabs(find('.copy'), snippets(dataset));
  return element;
}

// tabs shows one snippet at a time; arrow keys walk along them, as ARIA's tab pattern has it.
function tabs(box, pairs) {
  const bar = box.querySelector('.tabs');
  const code = box.querySelector('code');
  const buttons = pairs.map(([label], i) => {
    const b = document.createElement('button');
    b.type = 'button';
    b.role = 'tab';
    b.textContent = label;
    b.addEventListener('click', () => choose(i));
    return b;
  });
  const choose = (i) => {
    buttons.forEach((b, k) => { b.setAttribute('aria-selected', k === i); b.tabIndex = k === i ? 0 : -1; });
    code.textContent = pairs[i][1];
  };
  bar.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = (buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length;
    choose(next);
    buttons[next].focus();
  });
  bar.append(...buttons);
  choose(0);
  const copy = box.querySelector('.do-copy');
  copy.addEventListener('click', async () => {
    copy.textContent = (await copyText(code.textContent, code)) ? 'Copied' : 'Press Ctrl+C';
    setTimeout(() => { copy.textContent = 'Copy'; }, 2000);
  });
}

function filter() {
  const words = byId('filter').value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const { dataset, element } of cards.values()) {
    const text = [dataset.name, dataset.title, dataset.kind, dataset.vertical, dataset.attribution].join(' ').toLowerCase();
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
    const datasets = (await list()).filter((d) => d.kind === 'terrain');
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
document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
refresh();
