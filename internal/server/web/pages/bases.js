// The base maps that the viewer offers: all of them are this server's.
import { layersOf, nameOf } from './datasets.js';

const byId = (id) => document.getElementById(id);

/** baseOf is what the picker of base maps, and a link, call a dataset: not like a map that comes with the program. */
export const baseOf = (d) => `dataset:${d.name}`;

/** fillBases offers the datasets of this server as base maps, beside the one that comes with the program, and none. */
export function fillBases(datasets) {
  for (const [label, kind] of [['Imagery', 'imagery'], ['Terrain, drawn as a map', 'terrain']]) {
    const options = datasets.filter((d) => d.kind === kind && layersOf(d).length > 0).map((d) => new Option(nameOf(d), baseOf(d)));
    if (options.length === 0) continue;
    const group = Object.assign(document.createElement('optgroup'), { label });
    group.append(...options);
    byId('base').append(group);
  }
}
