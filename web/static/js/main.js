// @ts-check
/** @import { Dimension, EstimateMessage, Message } from "./messages.js" */
/** @import { Verdict } from "./judge.js" */
import { showCamera } from "./camera.js";
import { calm, clock, tick } from "./clock.js";
import { connect } from "./connection.js";
import { leaning, row, show } from "./dial.js";
import { find, write } from "./dom.js";
import { draw, History } from "./history.js";
import { age, current, judge } from "./judge.js";
import { hear, nothing, turn } from "./known.js";
import { DIMENSIONS } from "./messages.js";
import { showModels } from "./models.js";
import { fixed } from "./numbers.js";
import { showNobody } from "./nobody.js";
import { pauseButton } from "./pause.js";
import { showRunning } from "./running.js";
import { headShares, showShares } from "./shares.js";
import { showQuality, showShared, showStreams } from "./signal.js";
import { summarise } from "./summary.js";

const history = new History();
const known = nothing();
let paused = false;

const rows = DIMENSIONS.map((name) => {
  const element = row(name);
  find("#dials").append(element);
  return { name, element, canvas: /** @type {HTMLCanvasElement} */ (find("canvas", element)) };
});

/** @param {Message} message */
function take(message) {
  if (message.type === "hello") {
    if (known.participant !== message.participant) history.points = []; // somebody else's
    write(find("#participant"), message.participant);
    document.title = `${message.participant} · InsightSim`;
    showModels(message.models);
  }
  hear(known, message, clock());
  if (message.type === "estimate") history.add(message);
  if (!calm.matches) requestAnimationFrame(render);
}

/** Shows what may be shown now; called for every message and several times a second besides. */
function render() {
  const now = clock();
  const verdict = judge(known, now);
  showState(verdict);
  showStreams(known, verdict.running !== null, now);
  showShared(known.shared);
  showCamera(known);
  if (paused) return;
  write(find("#headline"), verdict.headline);
  write(find("#detail"), verdict.detail);
  const note = verdict.estimate?.note ?? "";
  write(find("#note"), note);
  find("#note").hidden = !note;
  const shown = current(known, verdict);
  showQuality(shown, verdict.estimate && age(known, now));
  showShares(shown);
  const newest = history.points.at(-1);
  const edge = newest ? newest.time + now - known.arrived : null;
  for (const { name, element, canvas } of rows) {
    show(element, name, verdict.estimate, shown?.shares ?? []);
    draw(canvas, name, history.points, edge);
  }
  summarise(sentence(verdict), now);
}

/** @param {Verdict} verdict */
function showState({ state, running }) {
  document.body.dataset.state = state;
  showNobody(known.connection.state === "unknown");
  write(find("#state-word"), state);
  showRunning([running]);
}

/** @param {Verdict} verdict */
function sentence({ headline, detail, estimate }) {
  return estimate ? `${headline}. ${DIMENSIONS.map((name) => phrase(name, estimate)).join("; ")}.` : `${headline}. ${detail}`;
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

headShares();
pauseButton((now) => {
  paused = now;
  render();
});
const wanted = new URLSearchParams(location.search).get("participant") || null;
find("#back").hidden = wanted === null;
connect(wanted, take, (connection) => {
  turn(known, connection, clock());
  render();
});
tick(render);
