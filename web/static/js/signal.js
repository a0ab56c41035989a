// @ts-check
/** @import { EstimateMessage, Stream } from "./messages.js" */
import { find, make, write } from "./dom.js";
import { fixed, percent } from "./numbers.js";

const OFF = 0.01; // of the stated rate

/**
 * The sources: state, rate, lag, gaps.
 *
 * @param {Map<string, Stream>} streams
 * @param {boolean} connected Without the server nobody knows how they are doing.
 */
export function showStreams(streams, connected) {
  const list = find("#streams");
  for (const stream of streams.values()) {
    const card = list.querySelector(`[data-stream="${CSS.escape(stream.stream)}"]`) ?? addCard(list, stream.stream);
    const status = connected ? stream.status : "unknown";
    card.setAttribute("data-status", status);
    write(find(".status-word", card), status);
    write(find(".reason", card), stream.reason ?? "");
    for (const [name, text] of Object.entries(fields(stream))) write(find(`[data-field="${name}"]`, card), text);
    find('[data-field="Rate"]', card).classList.toggle("hint", offRate(stream) !== "");
    find('[data-row="Left out"]', card).hidden = stream.left_out.length === 0;
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
 * How far the rate that is measured is from the one that is stated, in words; empty within 1 %.
 *
 * @param {Stream} stream
 */
function offRate({ rate, sfreq }) {
  if (!rate || !sfreq || Math.abs(rate / sfreq - 1) <= OFF) return "";
  return `, ${percent(Math.abs(rate / sfreq - 1), 1)} ${rate < sfreq ? "slower" : "faster"} than stated`;
}

/** @param {Stream} stream */
function fields(stream) {
  const { source, name, rate, sfreq, n_channels, reference, lag_ms, gaps, dropped, model, left_out } = stream;
  return {
    Source: source,
    Name: name || "–",
    Channels: fixed(n_channels, 0) + (reference ? `, reference ${reference}` : ""),
    Rate: sfreq === null ? "–" : `${fixed(rate, 1)} ${sfreq ? `of ${fixed(sfreq, 0)} Hz` : "Hz, none stated"}${offRate(stream)}`,
    Lag: lag_ms === null ? "–" : `${fixed(lag_ms, 0)} ms`,
    Gaps: fixed(gaps, 0) + (dropped ? `, ${fixed(dropped, 0)} samples dropped` : ""),
    Model: model || "–",
    "Left out": `${left_out.join(", ")}: bad for long; the model is now ${model}`,
  };
}

/**
 * @param {HTMLElement} list
 * @param {string} stream
 */
function addCard(list, stream) {
  list.querySelector(":scope > .muted")?.remove();
  const names = ["Source", "Name", "Channels", "Rate", "Lag", "Gaps", "Model", "Left out"];
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
    make("h3", {}, make("span", {}, stream.toUpperCase()), status),
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
