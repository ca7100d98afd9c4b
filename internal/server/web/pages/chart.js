// A profile as a picture: heights over distance, in SVG. Colours and type are in viewer.css; nothing here sets a style.

const SVG = 'http://www.w3.org/2000/svg';
const MARGIN = { left: 52, right: 10, top: 8, bottom: 22 };

function element(name, attributes = {}, text) {
  const e = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  if (text !== undefined) e.textContent = text;
  return e;
}

/** metres writes a distance: 812 m, 12.3 km. */
export function metres(v) {
  if (Math.abs(v) < 1000) return `${v.toFixed(v < 100 ? 1 : 0)} m`;
  return `${(v / 1000).toFixed(v < 1e5 ? 2 : 0)} km`;
}

/** steps returns round numbers between two, about so many. */
function steps(low, high, about) {
  const rough = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= rough);
  const list = [];
  for (let v = Math.ceil(low / step) * step; v <= high + step * 1e-6; v += step) list.push(Number(v.toPrecision(12)));
  return list;
}

/**
 * Chart draws into an svg element. chosen(sample or undefined) is called when the reader points at a sample, by pointer or with the arrow keys.
 */
export class Chart {
  constructor(svg, chosen) {
    Object.assign(this, { svg, chosen, samples: [], corners: [], at: -1 });
    svg.addEventListener('pointermove', (event) => this.choose(this.nearest(event.clientX - svg.getBoundingClientRect().left)));
    svg.addEventListener('pointerdown', (event) => this.choose(this.nearest(event.clientX - svg.getBoundingClientRect().left)));
    svg.addEventListener('pointerleave', () => this.choose(-1));
    svg.addEventListener('blur', () => this.choose(-1));
    svg.addEventListener('keydown', (event) => this.key(event));
    new ResizeObserver(() => this.draw()).observe(svg);
  }

  /** show draws a profile's samples, {distance, height} each with height null where there is none; corners are the distances of the line's own points. */
  show(samples, corners) {
    Object.assign(this, { samples, corners, at: -1 });
    this.draw();
  }

  key(event) {
    const last = this.samples.length - 1;
    const stride = event.shiftKey ? Math.max(1, Math.round(last / 20)) : 1;
    const from = Math.max(this.at, 0);
    const to = { ArrowRight: this.at < 0 ? 0 : from + stride, ArrowLeft: from - stride, Home: 0, End: last }[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    event.stopPropagation();
    this.choose(Math.min(last, Math.max(0, to)));
  }

  nearest(x) {
    if (!this.scaleX) return -1;
    let best = -1;
    let gap = Infinity;
    this.samples.forEach(({ distance }, i) => {
      const d = Math.abs(this.scaleX(distance) - x);
      if (d < gap) [best, gap] = [i, d];
    });
    return best;
  }

  choose(i) {
    this.at = i;
    this.mark();
    this.chosen(this.samples[i]);
  }

  mark() {
    const sample = this.samples[this.at];
    this.pointer?.toggleAttribute('hidden', !sample);
    if (!sample || !this.pointer) return;
    const x = this.scaleX(sample.distance);
    const [line, dot] = this.pointer.children;
    line.setAttribute('x1', x);
    line.setAttribute('x2', x);
    dot.toggleAttribute('hidden', sample.height === null);
    dot.setAttribute('cx', x);
    if (sample.height !== null) dot.setAttribute('cy', this.scaleY(sample.height));
  }

  draw() {
    const { width, height } = this.svg.getBoundingClientRect();
    const known = this.samples.filter((s) => s.height !== null);
    this.svg.replaceChildren();
    this.pointer = this.scaleX = undefined;
    if (known.length < 2 || width < 80 || height < 60) return;
    const length = this.samples.at(-1).distance || 1;
    let low = Math.min(...known.map((s) => s.height));
    let high = Math.max(...known.map((s) => s.height));
    const air = Math.max((high - low) * 0.08, 0.5);
    [low, high] = [low - air, high + air];
    const [left, right, top, bottom] = [MARGIN.left, width - MARGIN.right, MARGIN.top, height - MARGIN.bottom];
    this.scaleX = (d) => left + (d / length) * (right - left);
    this.scaleY = (h) => bottom - ((h - low) / (high - low)) * (bottom - top);
    this.svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.svg.append(
      ...this.axes({ left, right, top, bottom, length, low, high }),
      ...this.corners.slice(1, -1).map((d) => element('line', { class: 'corner', x1: this.scaleX(d), x2: this.scaleX(d), y1: top, y2: bottom })),
      ...this.runs().flatMap((run) => this.ground(run, bottom)),
      this.cursor(top, bottom),
    );
    this.mark();
  }

  axes({ left, right, top, bottom, length, low, high }) {
    const kilometres = length >= 2000;
    const heights = steps(low, high, Math.max(2, (bottom - top) / 26)).flatMap((h) => [
      element('line', { class: 'line', x1: left, x2: right, y1: this.scaleY(h), y2: this.scaleY(h) }),
      element('text', { class: 'high', x: left - 6, y: this.scaleY(h) }, h),
    ]);
    const distances = steps(0, length, Math.max(2, (right - left) / 90)).filter((d) => this.scaleX(d) < right - 36)
      .map((d) => element('text', { class: 'far', x: this.scaleX(d), y: bottom + 15 }, kilometres ? d / 1000 : d));
    return [...heights, ...distances, element('text', { class: 'unit', x: right, y: bottom + 15 }, kilometres ? 'km' : 'm')];
  }

  // runs cuts the samples where heights are missing.
  runs() {
    const runs = [[]];
    for (const s of this.samples) {
      if (s.height !== null) runs.at(-1).push(s);
      else if (runs.at(-1).length > 0) runs.push([]);
    }
    return runs.filter((run) => run.length > 1);
  }

  ground(run, bottom) {
    const line = run.map((s, i) => `${i ? 'L' : 'M'}${this.scaleX(s.distance).toFixed(1)} ${this.scaleY(s.height).toFixed(1)}`).join('');
    const [first, last] = [this.scaleX(run[0].distance), this.scaleX(run.at(-1).distance)];
    return [
      element('path', { class: 'earth', d: `${line}L${last.toFixed(1)} ${bottom}L${first.toFixed(1)} ${bottom}Z` }),
      element('path', { class: 'ridge', d: line }),
    ];
  }

  cursor(top, bottom) {
    this.pointer = element('g', { class: 'pointer', hidden: '' });
    this.pointer.append(element('line', { y1: top, y2: bottom }), element('circle', { r: 4 }));
    return this.pointer;
  }
}
