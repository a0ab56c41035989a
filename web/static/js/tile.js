// @ts-check
/** @import { Verdict } from "./judge.js" */
/** @import { Known } from "./known.js" */
import { bar, showBar } from "./bar.js";
import { find, make, write } from "./dom.js";
import { current } from "./judge.js";
import { DIMENSIONS } from "./messages.js";
import { fixed, percent } from "./numbers.js";
import { address } from "./people.js";
import { title } from "./shares.js";

/** What is worth a hint while another stream is live. */
const DOWN = ["lost", "failed", "ended"];

/**
 * The small view of one participant; its name is a link that opens the large one, and the whole tile leads there.
 *
 * @param {string} name
 */
export function tile(name) {
  const link = make("a", { href: address(name) }, name);
  const shape = make("span", { class: "shape", "aria-hidden": "true" });
  return make(
    "li",
    { class: "card tile", "data-participant": name, "data-state": "connecting" },
    make(
      "div",
      { class: "top" },
      make("h2", {}, link),
      make("p", { class: "state" }, shape, " ", make("strong", { class: "state-word" }, "connecting")),
    ),
    make("p", { class: "headline" }, "Connecting…"),
    make("div", { class: "body" }, make("ul", { class: "bars" }, ...DIMENSIONS.map(bar)), make("p", { class: "detail" })),
    make("p", { class: "figures" }),
    make("p", { class: "hint", hidden: "" }),
  );
}

/**
 * Shows how a participant is doing and, unless it is paused, what is estimated.
 *
 * @param {HTMLElement} element
 * @param {Known} known
 * @param {Verdict} verdict
 * @param {boolean} paused
 */
export function showTile(element, known, verdict, paused) {
  element.dataset.state = verdict.state;
  write(find(".state-word", element), verdict.state);
  showHint(find(".hint", element), known, verdict);
  if (paused) return;
  write(find(".headline", element), verdict.headline);
  write(find(".detail", element), verdict.estimate ? "" : verdict.detail);
  find(".bars", element).toggleAttribute("data-empty", !verdict.estimate);
  write(find(".figures", element), figures(known, verdict));
  for (const name of DIMENSIONS) showBar(find(`[data-dimension="${name}"]`, element), name, verdict.estimate);
}

/**
 * Quality and lag, while they say something about now, and whose opinion it is.
 *
 * @param {Known} known
 * @param {Verdict} verdict
 */
function figures(known, verdict) {
  const estimate = current(known, verdict);
  const lag = estimate?.lag_ms ?? null;
  const gaps = estimate?.streams.reduce((sum, stream) => sum + stream.gaps, 0) ?? 0;
  return [
    `Quality ${percent(estimate?.quality)}`,
    `lag ${lag === null ? "–" : `${fixed(lag, 0)} ms`}`,
    ...(gaps ? [`${fixed(gaps, 0)} ${gaps === 1 ? "gap" : "gaps"}`] : []),
    ...known.models.map(({ name, simulated }) => (simulated ? `${name} (demo)` : name)),
  ].join(" · ");
}

/**
 * What is odd about streams that are live; what is the matter with others is said where the bars were.
 *
 * @param {HTMLElement} element
 * @param {Known} known
 * @param {Verdict} verdict
 */
function showHint(element, { shared, streams }, { running }) {
  const all = running === null ? [] : [...streams.values()], live = all.filter(({ status }) => status === "live");
  const hints = [
    shared.length ? `the very same stream as ${shared.join(", ")}` : "",
    ...live.map(({ reason }) => reason ?? ""),
    ...(live.length ? all : []).filter(({ status }) => DOWN.includes(status)).map(({ stream, status }) => `${title(stream)}: ${status}`),
  ].filter(Boolean);
  element.hidden = hints.length === 0;
  write(element, hints.join("; "));
}
