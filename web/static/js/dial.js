// @ts-check
/** @import { Dimension, EstimateMessage, Share } from "./messages.js" */
import { find, make, write } from "./dom.js";
import { fixed } from "./numbers.js";

const CENTRE = 100, BASE = 104, RADIUS = 80;

/** What high means, and a shape that stands beside the colour. */
const LOOKS = {
  valence: { high: "pleasant", shape: "M8 1a7 7 0 1 1 0 14a7 7 0 0 1 0-14" },
  arousal: { high: "excited", shape: "M8 1 15 14H1z" },
  dominance: { high: "in control", shape: "M2 2H14V14H2z" },
  liking: { high: "liked", shape: "M8 0 16 8 8 16 0 8z" },
};

/** The streams' letters inside the arc, and their names below. @type {Record<string, { letter: string, name: string }>} */
const SIGNS = { eeg: { letter: "E", name: "EEG" }, face: { letter: "F", name: "face" } };

const LETTER = 0.07; // as wide as a letter is on the scale of probabilities
const EDGE = 0.14; // on the same scale; further out letters would cover the reading

/**
 * A dimension's shape.
 *
 * @param {Dimension} name
 */
export function mark(name) {
  return make("svg:svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, make("svg:path", { d: LOOKS[name].shape }));
}

/**
 * One dimension's row: a dial and a canvas for its line.
 *
 * @param {Dimension} name
 */
export function row(name) {
  const { high } = LOOKS[name];
  const gauge = make(
    "svg:svg",
    { viewBox: "0 0 200 124", "aria-hidden": "true" },
    make("svg:path", { class: "track", d: arc(0, 1) }),
    make("svg:path", { class: "band" }),
    make("svg:path", { class: "half", d: radial(0.5, RADIUS - 16, RADIUS + 12) }),
    make("svg:path", { class: "needle" }),
    make("svg:g", { class: "said" }),
    make("svg:text", { x: "100", y: "9" }, fixed(0.5, 1)),
    make("svg:text", { x: "20", y: "118" }, "low"),
    make("svg:text", { x: "180", y: "118" }, "high"),
    make("svg:text", { class: "key", x: "100", y: "119" }),
  );
  const title = name.charAt(0).toUpperCase() + name.slice(1);
  return make(
    "article",
    { class: "dimension", "data-dimension": name },
    make(
      "div",
      { class: "face" },
      make("h3", {}, mark(name), title, make("small", {}, `high: ${high}`)),
      make(
        "div",
        { class: "gauge" },
        gauge,
        make("p", { class: "reading" }, make("span", { class: "value" }, "–"), make("span", { class: "spread" })),
      ),
    ),
    make("div", { class: "plot" }, make("canvas", { role: "img", "aria-label": `${title} over the last minutes` })),
  );
}

/**
 * Shows the estimate on the dial of one dimension, with what each stream says inside the arc; without one the dial is
 * empty.
 *
 * @param {HTMLElement} element
 * @param {Dimension} name
 * @param {EstimateMessage | null} estimate
 * @param {Share[]} shares
 */
export function show(element, name, estimate, shares) {
  const probability = estimate?.[name] ?? null;
  const spread = estimate?.spread?.[name] ?? null;
  showSaid(element, name, shares);
  write(find(".value", element), fixed(probability, 2));
  const silence = estimate === null ? "no estimate" : shares.some(({ says }) => says?.[name] != null) ? "not fused" : "not spoken of";
  write(find(".spread", element), probability === null ? silence : leaning(probability, spread));
  if (probability === null) {
    delete element.dataset.probability;
    return;
  }
  element.dataset.probability = String(probability);
  find(".needle", element).setAttribute("d", radial(probability, RADIUS - 18, RADIUS + 12));
  find(".band", element).setAttribute("d", arc(probability - (spread ?? 0), probability + (spread ?? 0)));
}

/**
 * What each stream says, as a tick with its letter, faint where it has no say; and as text below. One that has all the
 * say says what the needle says.
 *
 * @param {HTMLElement} element
 * @param {Dimension} name
 * @param {Share[]} shares
 */
function showSaid(element, name, shares) {
  const said = shares.flatMap(({ stream, says, weight }) => {
    const value = says?.[name] ?? null;
    if (value === null) return [];
    const at = Math.min(1 - EDGE, Math.max(EDGE, value));
    return [{ ...(SIGNS[stream] ?? SIGNS.face), value, heard: Boolean(weight[name]), at }];
  });
  if (said.length === 1 && said[0].heard) said.length = 0;
  const inOrder = [...said].sort((one, other) => one.value - other.value);
  inOrder.slice(1).forEach((sign, i) => {
    const missing = Math.max(0, LETTER - (sign.at - inOrder[i].at)) / 2; // letters do not cover each other
    inOrder[i].at -= missing;
    sign.at += missing;
  });
  const signs = said.map(({ letter, value, heard, at }) => {
    const [x, y] = point(at, RADIUS - 24).split(" ");
    const tick = make("svg:path", { d: radial(value, RADIUS - 17, RADIUS - 9) });
    return make("svg:g", heard ? {} : { class: "unheard" }, tick, make("svg:text", { x, y, dy: "3.5" }, letter));
  });
  find(".said", element).replaceChildren(...signs);
  write(find(".key", element), said.map((sign) => `${sign.name} ${fixed(sign.value, 2)}`).join(" · "));
}

/**
 * The spread, and what it leaves open.
 *
 * @param {number} probability
 * @param {number | null} spread
 */
export function leaning(probability, spread) {
  if (spread === null) return "spread not known";
  const away = Math.abs(probability - 0.5);
  const side = probability > 0.5 ? "rather high" : "rather low";
  return `± ${fixed(spread, 2)} · ${away > spread ? side : "undecided"}`;
}

/**
 * @param {number} probability
 * @param {number} radius
 */
function point(probability, radius) {
  const angle = Math.PI * (1 - Math.min(1, Math.max(0, probability)));
  return `${(CENTRE + radius * Math.cos(angle)).toFixed(2)} ${(BASE - radius * Math.sin(angle)).toFixed(2)}`;
}

/**
 * @param {number} from
 * @param {number} to
 */
function arc(from, to) {
  return `M${point(from, RADIUS)} A${RADIUS} ${RADIUS} 0 0 1 ${point(to, RADIUS)}`;
}

/**
 * @param {number} probability
 * @param {number} inner
 * @param {number} outer
 */
function radial(probability, inner, outer) {
  return `M${point(probability, inner)} L${point(probability, outer)}`;
}
