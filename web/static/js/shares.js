// @ts-check
/** @import { Dimension, EstimateMessage, Share } from "./messages.js" */
import { mark } from "./dial.js";
import { find, make, write } from "./dom.js";
import { DIMENSIONS } from "./messages.js";
import { fixed, percent } from "./numbers.js";

const OLDER = 100; // ms, from which on it is worth a word

/**
 * What every stream says beside what they come to together: value, part in the estimate, age. Where one stream has all
 * the say, it says the estimate, and nothing is shown.
 *
 * @param {EstimateMessage | null} estimate
 */
export function showShares(estimate) {
  const shares = estimate?.shares ?? [];
  const beside = shares.length > 1 || shares.some(({ says, reason }) => says && reason);
  find("#shares").hidden = !beside;
  if (!beside) return;
  write(find("#beside"), shares.flatMap(({ says, reason }) => (says && reason ? [`${reason}.`] : [])).join("\n"));
  const list = find("#shares tbody"), rows = shares.map((share) => row(share, shares));
  const now = rows.map((element) => element.outerHTML).join("");
  if (list.innerHTML !== now) list.replaceChildren(...rows);
}

/**
 * @param {Share} share
 * @param {Share[]} shares
 */
function row(share, shares) {
  const { stream, says, reason, age_ms } = share;
  const old = age_ms && age_ms >= OLDER ? make("small", {}, `${fixed(age_ms / 1000, 1)} s older`) : "";
  const head = make("th", { scope: "row" }, title(stream), old);
  if (!says) return make("tr", { "data-share": stream }, head, make("td", { colspan: "4", class: "why" }, reason ?? ""));
  const cells = DIMENSIONS.map((name) => make("td", { "data-says": name }, ...cell(share, shares, name)));
  return make("tr", { "data-share": stream }, head, ...cells);
}

/**
 * A stream's value in one dimension, and under it the part it has in the estimate or why it has none.
 *
 * @param {Share} share
 * @param {Share[]} shares
 * @param {Dimension} name
 */
function cell(share, shares, name) {
  const value = share.says?.[name] ?? null;
  if (value === null) return [make("small", {}, "not spoken of")];
  const own = share.weight[name] ?? 0, all = shares.reduce((sum, { weight }) => sum + (weight[name] ?? 0), 0);
  return [fixed(value, 2), make("small", {}, own ? percent(own / all) : "no say")];
}

/** The head of the table: once, for the dimensions do not change. */
export function headShares() {
  const heads = DIMENSIONS.map((name) =>
    make("th", { scope: "col", "data-of": name }, mark(name), make("span", {}, name)),
  );
  find("#shares thead").replaceChildren(make("tr", {}, make("th", { scope: "col" }), ...heads));
}

/**
 * A stream's name as it is shown.
 *
 * @param {string} stream
 */
export function title(stream) {
  return stream === "eeg" ? "EEG" : stream.charAt(0).toUpperCase() + stream.slice(1);
}
