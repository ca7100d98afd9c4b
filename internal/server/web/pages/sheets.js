// The panels of the viewer, as sheets that open and close.

const byId = (id) => document.getElementById(id);

/** wireSheets: on a phone the panels are sheets in one place, and opening one closes the others. */
export function wireSheets() {
  const phone = matchMedia('(max-width: 40rem)');
  const panels = [byId('panel'), byId('layers'), byId('measure')];
  if (phone.matches) byId('panel').open = false;
  for (const panel of panels) {
    panel.addEventListener('toggle', () => {
      if (!panel.open || !phone.matches) return;
      for (const other of panels) if (other !== panel) other.open = false;
    });
  }
}

/**
 * offerLayers opens the panel of layers where there is room and something to show. It is never closed here: who opened it while the page loaded wants it
 * open.
 */
export function offerLayers(something) {
  if (something && matchMedia('(min-width: 64rem)').matches) byId('layers').open = true;
}
