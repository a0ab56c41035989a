// @ts-check
/** @import { Known } from "./known.js" */
/** @import { EstimateMessage, Stream } from "./messages.js" */
import { find, make, write } from "./dom.js";
import { fixed, percent } from "./numbers.js";
import { title } from "./shares.js";

const OFF = 0.01; // of the stated rate
const FEW = 0.5; // of a camera's
const NEWS = 60; // s for which something that is over is still said

/**
 * The sources: state, rate, lag, gaps.
 *
 * @param {Known} known
 * @param {boolean} heard Without word from the server nobody knows how they are doing.
 * @param {number} now s
 */
export function showStreams(known, heard, now) {
  const list = find("#streams");
  for (const stream of known.streams.values()) {
    const card = list.querySelector(`[data-stream="${CSS.escape(stream.stream)}"]`) ?? addCard(list, stream.stream);
    const status = heard ? stream.status : "unknown";
    card.setAttribute("data-status", status);
    write(find(".status-word", card), status);
    write(find(".reason", card), stream.reason ?? "");
    const shown = { ...fields(heard ? stream : { ...stream, rate: null, lag_ms: null }), ...handovers(known, stream, now) };
    for (const [name, text] of Object.entries(shown)) {
      write(find(`[data-field="${name}"]`, card), text);
      find(`[data-row="${name}"]`, card).hidden = text === "";
    }
    find('[data-field="Rate"]', card).classList.toggle("hint", heard && offRate(stream) !== "");
  }
}

/**
 * Says when somebody else is watched by the very same stream.
 *
 * @param {string[]} names
 */
export function showShared(names) {
  find("#shared").hidden = names.length === 0;
  write(find("#shared"), `The very same stream is also watched as ${names.join(", ")}.`);
}

/**
 * How far the rate that is measured is from the one that is stated, in words; empty where that is as it should be.
 *
 * @param {Stream} stream
 */
function offRate({ stream, rate, sfreq }) {
  if (!rate || !sfreq) return "";
  // A camera skips pictures, and in the dark it takes fewer: nothing is amiss with its clock then.
  if (stream === "face" ? rate >= sfreq * FEW : Math.abs(rate / sfreq - 1) <= OFF) return "";
  return `, ${percent(Math.abs(rate / sfreq - 1), 1)} ${rate < sfreq ? "slower" : "faster"} than stated`;
}

/** @param {Stream} stream */
function fields(stream) {
  const { source, name, rate, sfreq, n_channels, reference, lag_ms, gaps, dropped, faces, skipped, model } = stream;
  return {
    Source: source,
    Name: name || "–",
    Channels: fixed(n_channels, 0) + (reference ? `, reference ${reference}` : ""),
    Rate: sfreq === null || rate === null ? "–" : `${fixed(rate, 1)} ${sfreq ? `of ${fixed(sfreq, 0)} Hz` : "Hz, none stated"}${offRate(stream)}`,
    Lag: lag_ms === null ? "–" : `${fixed(lag_ms, 0)} ms`,
    Gaps: fixed(gaps, 0) + (dropped ? `, ${fixed(dropped, 0)} samples dropped` : ""),
    Faces: faces === null ? "" : faces > 1 ? `${fixed(faces, 0)}, one of them followed` : fixed(faces, 0),
    Skipped: faces === null ? "" : `${fixed(skipped, 0)} ${skipped === 1 ? "frame" : "frames"}`,
    Model: model || "–",
  };
}

/**
 * Which channels are left out or taken back, and the model that judges since; empty where there is nothing to say.
 *
 * @param {Known} known
 * @param {Stream} stream
 * @param {number} now s
 */
function handovers({ whole, returned }, { stream, model, left_out }, now) {
  const before = whole.get(stream) ?? model; // not known to a page opened since
  const back = returned?.stream === stream && now - returned.at < NEWS ? returned : null;
  return {
    "Left out": left_out.length ? `${left_out.join(", ")}: bad for 30 s${takeover(before, model)}` : "",
    "Taken back": back ? `${back.channels.join(", ")}: good for 30 s${takeover(back.from, back.to)}` : "",
  };
}

/**
 * @param {string} from
 * @param {string} to
 */
function takeover(from, to) {
  return from === to ? "" : `; ${to} has taken over from ${from}`;
}

/**
 * @param {HTMLElement} list
 * @param {string} stream
 */
function addCard(list, stream) {
  list.querySelector(":scope > .muted")?.remove();
  const names = ["Source", "Name", "Channels", "Rate", "Lag", "Gaps", "Faces", "Skipped", "Model", "Left out", "Taken back"];
  const rows = names.map((name) =>
    make("div", { "data-row": name }, make("dt", {}, name), make("dd", { "data-field": name }, "–")),
  );
  const status = make(
    "span",
    { class: "status" },
    make("span", { class: "shape", "aria-hidden": "true" }),
    " ",
    make("span", { class: "status-word" }),
  );
  const card = make(
    "div",
    { class: "stream", "data-stream": stream },
    make("h3", {}, make("span", {}, title(stream)), status),
    make("p", { class: "reason" }),
    make("dl", {}, ...rows),
  );
  list.append(card);
  return card;
}

/**
 * How good the judged window was, which channels were bad, and how old the estimate is.
 *
 * @param {EstimateMessage | null} estimate
 * @param {number | null} age s
 */
export function showQuality(estimate, age) {
  write(find("#quality"), percent(estimate?.quality));
  write(find("#age"), age === null ? "–" : `${fixed(age, 1)} s`);
  const bad = estimate?.bad ?? [];
  find("#bad").hidden = bad.length === 0;
  const list = find("#bad ul");
  const lines = bad.map(({ channel, fault }) => `${channel}: ${fault}`);
  if (list.dataset.lines === lines.join("\n")) return;
  list.dataset.lines = lines.join("\n");
  list.replaceChildren(
    ...bad.map(({ channel, fault }) => make("li", { "data-channel": channel }, make("strong", {}, channel), ` ${fault}`)),
  );
}
