// Shows one map after another in a page, as the test asks, and tells where on the page places are.
//
//   task    the value of #task, JSON: { show, base, dataset, deepest, bounds, view, pick, places: [[lon, lat], ...] }; or instead of show, snippet:
//           the URL of a module that makes a map by itself and exports it
//   report  the text of #report, JSON, when the map stands still: { pixels: [[x, y], ...], facts, ms } or { error }
//
// A client of maps is an object: element, the id of the map's element; cases, which make a map of a task, by name; settle, which resolves when all of a
// map is drawn; pixel, the client's own answer to where on the map a place is; remove; and facts, if it has more to tell.

const patience = 120_000;

/** until resolves when a condition holds, which is looked at for each frame. */
export async function until(holds) {
  while (!holds()) await new Promise(requestAnimationFrame);
}

function soon(promise) {
  const late = new Promise((_, reject) => { setTimeout(() => reject(new Error('the map did not come to rest')), patience); });
  return Promise.race([promise, late]);
}

async function make(client, task) {
  if (!task.snippet) return client.cases[task.show](task);
  const { default: map } = await import(task.snippet);
  return map;
}

/** stage makes the page obey. */
export function stage(client) {
  document.body.innerHTML = `<div id="${client.element}"></div><div id="talk"><input id="task"><div id="report"></div></div>`;
  const input = document.querySelector('#task');
  const report = document.querySelector('#report');
  let shown;

  async function obey(task) {
    const from = performance.now();
    if (shown) client.remove(shown);
    shown = undefined;
    shown = await make(client, task);
    await client.settle(shown);
    const facts = await client.facts?.(shown, task);
    return { pixels: task.places.map((place) => client.pixel(shown, place)), facts, ms: performance.now() - from };
  }

  input.addEventListener('input', async () => {
    report.textContent = '';
    const answer = await soon(obey(JSON.parse(input.value))).catch((error) => ({ error: `${error?.stack ?? error}` }));
    report.textContent = JSON.stringify(answer);
  });
}
