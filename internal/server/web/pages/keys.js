// The keyboard: everything that a mouse does to the globe, keys do too.

/** wireKeys moves the camera while the globe has the focus; letters click switches of the page, and Home flies to the data, wherever it is. */
export function wireKeys(globe) {
  const { canvas, camera } = globe.scene;
  canvas.tabIndex = 0;
  canvas.setAttribute('role', 'application');
  canvas.setAttribute('aria-label', 'Globe. Arrow keys move, plus and minus zoom, Q and E turn, R and F tilt, Home flies to the data.');
  const step = () => Math.max(50, camera.positionCartographic.height) * 0.1;
  const moves = {
    ArrowLeft: () => camera.moveLeft(step()), ArrowRight: () => camera.moveRight(step()),
    ArrowUp: () => camera.moveUp(step()), ArrowDown: () => camera.moveDown(step()),
    '+': () => camera.zoomIn(step() * 2), '=': () => camera.zoomIn(step() * 2), '-': () => camera.zoomOut(step() * 2),
    q: () => camera.lookLeft(0.05), e: () => camera.lookRight(0.05), r: () => camera.lookUp(0.05), f: () => camera.lookDown(0.05),
  };
  canvas.addEventListener('keydown', (event) => {
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move();
    globe.draw();
  });
  const toggles = { l: 'lighting', o: 'water', w: 'wireframe', g: 'grid', i: 'inspect' };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('select, input:not([type="checkbox"])')) return;
    if (event.key === 'Home') globe.home(1.5);
    else if (toggles[event.key]) document.getElementById(toggles[event.key]).click();
  });
}
