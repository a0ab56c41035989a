// @ts-check
/** @import { Dimension, EstimateMessage, Message, Stream } from "./messages.js" */
/** @import { Known, Verdict } from "./judge.js" */
import { connect } from "./connection.js";
import { leaning, row, show } from "./dial.js";
import { find, write } from "./dom.js";
import { draw, History } from "./history.js";
import { age, judge } from "./judge.js";
import { DIMENSIONS } from "./messages.js";
import { showModels } from "./models.js";
import { fixed } from "./numbers.js";
import { showQuality, showStreams } from "./signal.js";

const TICK = 250, CALM_TICK = 1000, SUMMARY_EVERY = 10; // ms, ms, s

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const history = new History();

/** @type {Known} */
const known = {
  connection: { state: "connecting", reason: "" },
  streams: new Map(),
  estimate: null,
  arrived: 0,
  heard: 0,
};
let paused = false;
let lastSummary = -Infinity;

const rows = DIMENSIONS.map((name) => {
  const element = row(name);
  find("#dials").append(element);
  return { name, element, canvas: /** @type {HTMLCanvasElement} */ (find("canvas", element)) };
});

/** @param {Message} message */
function take(message) {
  known.heard = clock();
  if (message.type === "hello") {
    if (find("#participant").textContent !== message.participant) history.points = []; // somebody else's
    write(find("#participant"), message.participant);
    document.title = `${message.participant} · InsightSim`;
    showModels(message.models);
  } else if (message.type === "status") {
    if (known.streams.get(message.stream)?.status !== message.status) known.estimate = null; // of another state
    known.streams.set(message.stream, message);
  } else if (message.type === "estimate") {
    for (const stream of message.streams) update(stream);
    known.estimate = message;
    known.arrived = clock();
    history.add(message);
  }
  if (!calm.matches) requestAnimationFrame(render);
}

/**
 * Rates and lags come with every estimate. The state does not: an estimate that was held up may be older than it.
 *
 * @param {Stream} stream
 */
function update(stream) {
  const { status, reason } = known.streams.get(stream.stream) ?? stream;
  known.streams.set(stream.stream, { ...stream, status, reason });
}

/** Shows what may be shown now; called for every message and several times a second besides. */
function render() {
  const now = clock();
  const verdict = judge(known, now);
  showState(verdict);
  showStreams(known.streams, known.connection.state !== "gone");
  if (paused) return;
  write(find("#headline"), verdict.headline);
  write(find("#detail"), verdict.detail);
  const note = verdict.estimate?.note ?? "";
  write(find("#note"), note);
  find("#note").hidden = !note;
  const current = known.connection.state === "open" ? known.estimate : null;
  showQuality(current, age({ ...known, estimate: current }, now));
  const newest = history.points.at(-1);
  const edge = newest ? newest.time + now - known.arrived : null;
  for (const { name, element, canvas } of rows) {
    show(element, name, verdict.estimate);
    draw(canvas, name, history.points, edge);
  }
  summarise(verdict, now);
}

/** @param {Verdict} verdict */
function showState({ state, running }) {
  document.body.dataset.state = state;
  write(find("#state-word"), state);
  find("#running").dataset.running = String(running);
  const connected = known.connection.state !== "gone" && known.connection.state !== "connecting";
  write(find("#running-text"), running ? "Analysis running" : connected ? "No analysis running" : "No connection");
}

/**
 * The same in a sentence for screen readers, at most every ten seconds.
 *
 * @param {Verdict} verdict
 * @param {number} now
 */
function summarise({ headline, detail, estimate }, now) {
  if (now - lastSummary < SUMMARY_EVERY) return;
  const text = estimate ? `${headline}. ${DIMENSIONS.map((name) => phrase(name, estimate)).join("; ")}.` : `${headline}. ${detail}`;
  if (find("#summary").textContent === text) return;
  write(find("#summary"), text);
  lastSummary = now;
}

/**
 * @param {Dimension} name
 * @param {EstimateMessage} estimate
 */
function phrase(name, estimate) {
  const probability = estimate[name];
  if (probability === null) return `${name}: no estimate`;
  return `${name} ${fixed(probability, 2)} ${leaning(probability, estimate.spread?.[name] ?? null)}`;
}

function togglePause() {
  paused = !paused;
  const button = find("#pause");
  button.setAttribute("aria-pressed", String(paused));
  const time = new Intl.DateTimeFormat(navigator.languages, { timeStyle: "medium" }).format(new Date());
  write(button, paused ? `Paused at ${time}: go on` : "Pause");
  document.body.toggleAttribute("data-paused", paused);
  render();
}

/** Seconds on this page's own clock, which no one sets back. */
function clock() {
  return performance.now() / 1000;
}

function tick() {
  render();
  setTimeout(tick, calm.matches ? CALM_TICK : TICK);
}

find("#pause").addEventListener("click", togglePause);
connect(new URLSearchParams(location.search).get("participant"), take, (connection) => {
  known.connection = connection;
  known.heard = clock();
  if (connection.state === "open") known.streams.clear(); // the server says anew how they are
  if (connection.state === "over") {
    for (const [name, stream] of known.streams) {
      // Stopped, not lost: nobody was left to say that the stream is no longer watched.
      if (["live", "warming up"].includes(stream.status)) known.streams.set(name, { ...stream, status: "ended" });
    }
  }
  render();
});
tick();
