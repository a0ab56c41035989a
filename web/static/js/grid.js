// @ts-check
/** @import { Connection } from "./connection.js" */
/** @import { Known } from "./known.js" */
import { clock, tick } from "./clock.js";
import { connect } from "./connection.js";
import { find, write } from "./dom.js";
import { judge } from "./judge.js";
import { hear, nothing, turn } from "./known.js";
import { pauseButton } from "./pause.js";
import { people } from "./people.js";
import { showRunning } from "./running.js";
import { summarise } from "./summary.js";
import { showTile, tile } from "./tile.js";

const ASK_AGAIN = 1000; // ms

/**
 * @typedef {object} Watched
 * @property {HTMLElement} element
 * @property {Known} known
 * @property {() => void} stop
 */

/** @type {Map<string, Watched>} */
const watched = new Map();
let paused = false;
let asking = false;

/** Asks who is watched, until there is an answer, and shows these and nobody else. */
async function arrange() {
  if (asking) return;
  asking = true;
  try {
    show(await people());
    asking = false;
  } catch {
    write(find("#nobody"), "The server does not answer. Trying again.");
    setTimeout(() => {
      asking = false;
      arrange();
    }, ASK_AGAIN);
  }
}

/** @param {string[]} names */
function show(names) {
  for (const [name, { element, stop }] of watched) {
    if (names.includes(name)) continue;
    stop();
    element.remove();
    watched.delete(name);
  }
  for (const name of names) if (!watched.has(name)) watched.set(name, watch(name));
  const list = find("#people"), elements = names.flatMap((name) => watched.get(name)?.element ?? []);
  if (elements.some((element, i) => list.children[i] !== element)) list.append(...elements); // moving one takes its focus
  find("#nobody").hidden = names.length > 0;
  document.title = `${names.length} participants · InsightSim`;
  write(find("#count"), String(names.length));
  render();
}

/**
 * @param {string} name
 * @returns {Watched}
 */
function watch(name) {
  const known = nothing();
  /** @param {Connection} connection */
  function change(connection) {
    // Another server may watch others, and it may be one whether the last session was cut off or came to its end.
    const again = connection.state === "open" && known.connection.state !== "connecting";
    if (connection.state === "unknown" || again) arrange();
    turn(known, connection, clock());
    render();
  }
  const stop = connect(name, (message) => hear(known, message, clock()), change);
  return { element: tile(name), known, stop };
}

/** Shows how everyone is doing now; several times a second, which is as often as estimates come. */
function render() {
  const now = clock();
  /** @type {string[]} */
  const states = [];
  /** @type {(boolean | null)[]} */
  const running = [];
  for (const [name, { element, known }] of watched) {
    const verdict = judge(known, now);
    showTile(element, known, verdict, paused);
    states.push(`${name}: ${verdict.state}`);
    running.push(verdict.running);
  }
  showRunning(running);
  summarise(states.join("; "), now);
}

pauseButton((now) => {
  paused = now;
  render();
});
arrange();
tick(render);
