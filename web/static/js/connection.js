// @ts-check
/** @import { Message } from "./messages.js" */
import { people } from "./people.js";

/** Close codes of the server, as in web/app.py. */
const UNKNOWN = 4404, OVER = 4000, FAILED = 4500;

const FIRST_WAIT = 500, LONGEST_WAIT = 5000; // ms

/**
 * @typedef {object} Connection
 * @property {"connecting" | "open" | "gone" | "over" | "failed" | "unknown"} state
 * @property {string} reason What the server said when it closed.
 */

/**
 * Keeps a WebSocket to the feed open until told to stop: after it closes it is opened again, at growing intervals.
 *
 * @param {string | null} participant The first there is, when null.
 * @param {(message: Message) => void} onMessage
 * @param {(connection: Connection) => void} onChange
 * @returns {() => void} Stops it for good.
 */
export function connect(participant, onMessage, onChange) {
  const stop = new AbortController();
  let wait = FIRST_WAIT;
  /** @type {Connection["state"]} */
  let told = "connecting";

  /** @param {Connection} connection */
  function tell(connection) {
    // That a server is gone which said before why it ends is no news.
    if (connection.state === "gone" && (told === "over" || told === "failed")) return;
    told = connection.state;
    onChange(connection);
  }

  async function open() {
    const name = participant ?? (await people())[0] ?? "p1";
    if (stop.signal.aborted) return;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/live/${encodeURIComponent(name)}`);
    stop.signal.addEventListener("abort", () => {
      socket.onmessage = socket.onclose = null;
      socket.close();
    });
    let opened = false;
    socket.onmessage = (event) => {
      if (!opened) tell({ state: "open", reason: "" }); // not before: nobody of that name may be there
      opened = true;
      wait = FIRST_WAIT;
      onMessage(JSON.parse(event.data));
    };
    socket.onclose = (event) => {
      const connection = closed(event);
      tell(connection);
      retry(connection.state === "gone" ? wait : LONGEST_WAIT);
    };
  }

  /** @param {number} after ms */
  function retry(after) {
    setTimeout(attempt, after * (0.75 + Math.random() / 2)); // not all pages at once
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }

  function attempt() {
    if (stop.signal.aborted) return;
    open().catch(() => {
      tell({ state: "gone", reason: "" });
      retry(wait);
    });
  }
  attempt();
  return () => stop.abort();
}

/**
 * @param {CloseEvent} event
 * @returns {Connection}
 */
function closed({ code, reason }) {
  if (code === UNKNOWN) return { state: "unknown", reason };
  if (code === OVER) return { state: "over", reason };
  if (code === FAILED) return { state: "failed", reason };
  return { state: "gone", reason: "" };
}
