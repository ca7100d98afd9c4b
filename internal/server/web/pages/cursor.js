// The line at the foot: where the pointer is, how high the ground is there above the ellipsoid, and above mean sea level where the server has a geoid.
import { degrees } from './datasets.js';
import { ask } from './token.js';

const PAUSE = 120; // milliseconds at rest before the server is asked
const NEAR = 0.01; // degrees over which the geoid changes by a decimetre at most

/** Cursor writes into an output element. */
export class Cursor {
  constructor(globe, output) {
    Object.assign(this, { globe, output });
  }

  /** say tells of the ground under a window position. */
  say(position) {
    const p = this.globe.at(position);
    clearTimeout(this.waiting);
    this.show(p);
    if (!p || !this.globe.ground?.links?.msl || this.near(p)) return;
    this.waiting = setTimeout(() => this.ask(p), PAUSE);
  }

  show(p) {
    const { ground } = this.globe;
    const parts = p ? [degrees(p.lon, 'E', 'W', 5), degrees(p.lat, 'N', 'S', 5)] : ['Sky'];
    if (p && ground) parts.push(`${p.height.toFixed(1)} m`);
    if (p && ground && this.near(p)) parts.push(`${(p.height - this.geoid.undulation).toFixed(1)} m MSL`);
    this.output.textContent = parts.join('  ');
  }

  near({ lon, lat }) {
    const { geoid, globe } = this;
    return geoid && geoid.name === globe.ground?.name && Math.abs(geoid.lon - lon) < NEAR && Math.abs(geoid.lat - lat) < NEAR;
  }

  // ask learns the geoid's height; one that does not answer leaves the line as it is.
  async ask(p) {
    const { ground } = this.globe;
    const url = new URL(`height/${encodeURIComponent(ground.name)}`, document.baseURI);
    for (const [key, value] of Object.entries({ lon: p.lon.toFixed(7), lat: p.lat.toFixed(7), vertical: 'msl' })) url.searchParams.set(key, value);
    const answer = await ask(url).then((r) => r.json()).catch(() => ({}));
    if (!Number.isFinite(answer.undulation)) return;
    this.geoid = { name: ground.name, lon: p.lon, lat: p.lat, undulation: answer.undulation };
    this.show(p);
  }
}
