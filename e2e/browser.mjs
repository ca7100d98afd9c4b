// Drives the pages in Chromium, as a visitor would. It reads one JSON task from stdin and writes one JSON report to stdout; the judging is
// done by the Go test that starts it.
//
//   task    { url, shots: folder, steps: [{ do, ... }] }, see the functions in steps
//   report  { results: [...], console: [...], failures: [...], origins: [...] }
//
// Names other than 127.0.0.1 do not resolve in this browser, and every origin that a page asks is reported.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

const task = JSON.parse(fs.readFileSync(0, 'utf8'));
const report = { results: [], console: [], failures: [], origins: [] };
const patience = 300_000;

const flags = [
  '--headless=new', '--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

function browserPath() {
  const candidates = [process.env.TERRANE_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  const found = candidates.find((p) => p && fs.existsSync(p));
  if (!found) throw new Error('no Chromium found: run scripts/setup, or name one with TERRANE_CHROMIUM');
  return found;
}

function listen(context) {
  const origins = new Set();
  context.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== 'blob:' && protocol !== 'data:') origins.add(origin);
    report.origins = [...origins];
  });
  context.on('response', (response) => {
    if (response.status() >= 400) report.failures.push(`${response.status()} ${response.url()}`);
  });
  // A request that the page itself gave up, as CesiumJS does when a tile leaves the picture, is no failure.
  context.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText;
    if (reason !== 'net::ERR_ABORTED') report.failures.push(`${reason} ${request.url()}`);
  });
  context.on('console', (message) => {
    if (!isDriverTalk(message)) report.console.push(`${message.type()}: ${message.text()}`);
  });
  context.on('weberror', (error) => report.failures.push(String(error.error())));
}

// Software rendering makes Chromium warn that reading pixels stalls; that is this test's own doing.
const isDriverTalk = (message) => message.type() === 'warning' && /GL Driver Message|GPU stall|swiftshader/i.test(message.text());

const globeIsComplete = () => {
  const globe = globalThis.terrane;
  return Boolean(globe?.dataset) && globe.globe.tilesLoaded && globe.scene.camera._currentFlight === undefined;
};

/** What a step may do. Each gets the page and the step, and returns its result. */
const steps = {
  /** open { path, size: [w, h], dark }: opens a page in a window of that size. */
  async open(page, { path: where, size: [width, height], dark = false }) {
    await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
    await page.setViewportSize({ width, height });
    // A new hash alone would not load the page again.
    await page.goto('about:blank');
    await page.goto(new URL(where, task.url).href, { waitUntil: 'load', timeout: patience });
  },
  /** complete: waits until the globe stands still and has all its tiles. */
  async complete(page) {
    // What was just asked for counts from the next picture on.
    await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
    await page.waitForFunction(globeIsComplete, undefined, { timeout: patience, polling: 200 });
  },
  /** see { selector }: waits for an element with text to show and returns the texts of all. */
  async see(page, { selector }) {
    await page.locator(selector).filter({ hasText: /\S/ }).first().waitFor({ state: 'visible', timeout: patience });
    return page.locator(selector).allTextContents();
  },
  /** appear { selector }: waits for an element to show, with text or without, and returns how many do. */
  async appear(page, { selector }) {
    await page.locator(selector).filter({ visible: true }).first().waitFor({ timeout: patience });
    return page.locator(selector).filter({ visible: true }).count();
  },
  async count(page, { selector }) { return page.locator(selector).filter({ visible: true }).count(); },
  async fill(page, { selector, text }) { await page.fill(selector, text); },
  async click(page, { selector }) { await page.click(selector); },
  async press(page, { selector, key }) { await page.press(selector, key); },
  /** set { selector, value }: moves a slider, as a hand would: with an input event. */
  async set(page, { selector, value }) {
    await page.locator(selector).evaluate((e, v) => { e.value = v; e.dispatchEvent(new Event('input')); }, value);
  },
  /** tap { at: [x, y] }: clicks there. The pause keeps two taps from being a double click. */
  async tap(page, { at: [x, y] }) { await page.mouse.click(x, y); await page.waitForTimeout(400); },
  async hover(page, { at: [x, y] }) { await page.mouse.move(x, y); await page.mouse.move(x + 1, y); await page.waitForTimeout(300); },
  /** until { text }: waits for the address to hold a text, as it does when a change has been taken in. */
  async until(page, { text }) { await page.waitForURL((address) => decodeURIComponent(address.href).includes(text), { timeout: patience }); },
  async address(page) { return page.url(); },
  /** width: how many pixels wider the content is than the window; a page that scrolls sideways has more than 0. */
  async overflow(page) { return page.evaluate(() => document.documentElement.scrollWidth - innerWidth); },
  async shot(page, { name }) { await page.screenshot({ path: path.join(task.shots, `${name}.png`), timeout: patience }); },
  /** sample { points: [[lon, lat], ...] }: asks CesiumJS for the heights at the deepest level; null where it has none. */
  async sample(page, { points }) {
    return page.evaluate(async (list) => {
      const { Cesium, terrain } = globalThis.terrane;
      const places = list.map(([lon, lat]) => Cesium.Cartographic.fromDegrees(lon, lat));
      await Cesium.sampleTerrainMostDetailed(terrain, places);
      return places.map((p) => p.height ?? null);
    }, points);
  },
  /** terrain { path }: has the globe stand on the terrain at a path of the server, whatever its format. */
  async terrain(page, { path: where }) {
    await page.evaluate(async (url) => {
      const { Cesium, scene } = globalThis.terrane;
      scene.terrainProvider = await Cesium.CesiumTerrainProvider.fromUrl(url);
      scene.requestRender();
    }, new URL(where, task.url).href);
  },
  /** pixels: the share of the picture's pixels in the middle half that are as dark as space. */
  async darkness(page) {
    const png = (await page.screenshot()).toString('base64');
    return page.evaluate(async (data) => {
      const image = new Image();
      image.src = `data:image/png;base64,${data}`;
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height);
      const context = canvas.getContext('2d');
      context.drawImage(image, 0, 0);
      const { data: rgba } = context.getImageData(image.width / 4, image.height / 4, image.width / 2, image.height / 2);
      let dark = 0;
      for (let i = 0; i < rgba.length; i += 4) if (rgba[i] + rgba[i + 1] + rgba[i + 2] < 24) dark++;
      return dark / (rgba.length / 4);
    }, png);
  },
};

const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'terrane-e2e-'));
const context = await chromium.launchPersistentContext(profile, {
  reducedMotion: 'reduce', // flights are drawn frame by frame in software: minutes
  executablePath: browserPath(), headless: true, ignoreDefaultArgs: ['--headless', '--disable-gpu'], args: flags,
});
try {
  listen(context);
  const page = context.pages()[0] ?? await context.newPage();
  for (const step of task.steps) {
    report.results.push((await steps[step.do](page, step)) ?? null);
  }
} catch (error) {
  report.failures.push(`step ${report.results.length} (${task.steps[report.results.length]?.do}): ${error}`);
} finally {
  await context.close();
  fs.rmSync(profile, { recursive: true, force: true });
}
process.stdout.write(JSON.stringify(report));
