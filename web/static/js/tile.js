// @ts-check
/** @import { Verdict } from "./judge.js" */
/** @import { Known } from "./known.js" */
import { bar, showBar } from "./bar.js";
import { find, make, write } from "./dom.js";
import { DIMENSIONS } from "./messages.js";
import { fixed, percent } from "./numbers.js";

/**
 * The small view of one participant; its name is a link that opens the large one, and the whole tile leads there.
 *
 * @param {string} name
 */
export function tile(name) {
  const link = make("a", { href: `/?participant=${encodeURIComponent(name)}` }, name);
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
    make("div", { class: "said" }, make("p", { class: "headline" }, "Connecting…"), make("p", { class: "detail" })),
    make("ul", { class: "bars" }, ...DIMENSIONS.map(bar)),
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
  showHint(find(".hint", element), known);
  if (paused) return;
  write(find(".headline", element), verdict.headline);
  write(find(".detail", element), verdict.estimate ? "" : verdict.detail);
  write(find(".figures", element), figures(known, verdict));
  for (const name of DIMENSIONS) showBar(find(`[data-dimension="${name}"]`, element), name, verdict.estimate);
}

/**
 * Quality and lag, while they say something about now, and whose opinion it is.
 *
 * @param {Known} known
 * @param {Verdict} verdict
 */
function figures({ estimate, models }, { state }) {
  const current = state === "live" || state === "no estimate" ? estimate : null;
  const lag = current?.lag_ms ?? null;
  const opinions = models.map(({ name, simulated }) => (simulated ? `${name} (demo)` : name));
  return [`Quality ${percent(current?.quality)}`, `lag ${lag === null ? "–" : `${fixed(lag, 0)} ms`}`, ...opinions].join(" · ");
}

/**
 * @param {HTMLElement} element
 * @param {Known} known
 */
function showHint(element, { shared, streams }) {
  const gone = [...streams.values()].flatMap((stream) => stream.left_out);
  const hints = [
    shared.length ? `the very same stream as ${shared.join(", ")}` : "",
    gone.length ? `left out: ${gone.join(", ")}` : "",
  ].filter(Boolean);
  element.hidden = hints.length === 0;
  write(element, hints.join("; "));
}
