// @ts-check
import { find, write } from "./dom.js";

const SOON = 1, EVERY = 10; // s

let last = -Infinity, said = 0;

/**
 * Says something to screen readers, at most every ten seconds and only what is new. What a page opens with is out of
 * date at once, so that the second time comes soon.
 *
 * @param {string} text
 * @param {number} now s
 */
export function summarise(text, now) {
  if (now - last < (said === 1 ? SOON : EVERY) || find("#summary").textContent === text) return;
  write(find("#summary"), text);
  last = now;
  said += 1;
}
