// @ts-check
const TICK = 250, CALM_TICK = 1000; // ms

export const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** Seconds on this page's own clock, which no one sets back. */
export function clock() {
  return performance.now() / 1000;
}

/**
 * Calls several times a second, less often where little motion is wanted.
 *
 * @param {() => void} render
 */
export function tick(render) {
  render();
  setTimeout(() => tick(render), calm.matches ? CALM_TICK : TICK);
}
