// @ts-check
/** @import { Dimension, EstimateMessage } from "./messages.js" */
import { mark } from "./dial.js";
import { find, make, write } from "./dom.js";
import { fixed } from "./numbers.js";

/**
 * One dimension's line in a small view: its shape and name, a bar from low to high, the number.
 *
 * @param {Dimension} name
 */
export function bar(name) {
  const drawing = make(
    "svg:svg",
    { class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    make("svg:rect", { class: "trough", x: "0", y: "2", width: "100", height: "6" }),
    make("svg:rect", { class: "reach", y: "2", height: "6" }),
    make("svg:path", { class: "half", d: "M50 0V10" }),
    make("svg:path", { class: "here" }),
  );
  return make(
    "li",
    { class: "dimension", "data-dimension": name },
    make("span", { class: "name" }, mark(name), name),
    drawing,
    make("span", { class: "number" }, make("strong", { class: "value" }, "–"), " ", make("span", { class: "spread" })),
  );
}

/**
 * Shows the estimate on the bar of one dimension; without one the bar is empty.
 *
 * @param {HTMLElement} element
 * @param {Dimension} name
 * @param {EstimateMessage | null} estimate
 */
export function showBar(element, name, estimate) {
  const probability = estimate?.[name] ?? null;
  const spread = estimate?.spread?.[name] ?? null;
  write(find(".value", element), fixed(probability, 2));
  write(find(".spread", element), probability === null || spread === null ? "" : `± ${fixed(spread, 2)}`);
  if (probability === null) {
    delete element.dataset.probability;
    return;
  }
  element.dataset.probability = String(probability);
  const low = percent(probability - (spread ?? 0)), high = percent(probability + (spread ?? 0));
  find(".reach", element).setAttribute("x", low.toFixed(1));
  find(".reach", element).setAttribute("width", (high - low).toFixed(1));
  find(".here", element).setAttribute("d", `M${percent(probability).toFixed(1)} 0V10`);
}

/** @param {number} probability */
function percent(probability) {
  return 100 * Math.min(1, Math.max(0, probability));
}
