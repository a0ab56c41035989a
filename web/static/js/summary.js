// @ts-check
import { find, write } from "./dom.js";

const EVERY = 10; // s

let last = -Infinity;

/**
 * Says something to screen readers, at most every ten seconds and only what is new.
 *
 * @param {string} text
 * @param {number} now s
 */
export function summarise(text, now) {
  if (now - last < EVERY || find("#summary").textContent === text) return;
  write(find("#summary"), text);
  last = now;
}
