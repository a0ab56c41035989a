// @ts-check
/** @import { Known } from "./known.js" */
/** @import { EstimateMessage, Stream } from "./messages.js" */
import { DIMENSIONS } from "./messages.js";
import { fixed } from "./numbers.js";

const OLD = 3; // s

const PARTLY = "Nothing is said of the other dimensions. Above or below 0.5; no more certain than the dials.";

/** Seconds between two messages after which the server is held up: of a live stream, it sends four a second. */
const SILENT = { live: 2, "warming up": 5 };

/**
 * @typedef {object} Verdict
 * @property {string} state
 * @property {string} headline
 * @property {string} detail
 * @property {EstimateMessage | null} estimate The estimate, if it may be shown as current; else null.
 * @property {boolean | null} running Whether someone is being analysed; null when nobody knows.
 */

/**
 * What may be shown at a moment: an estimate only if it is fresh, of a live stream, over a live connection.
 *
 * @param {Known} known
 * @param {number} now s
 * @returns {Verdict}
 */
export function judge(known, now) {
  return ofConnection(known) ?? ofSilence(known, now) ?? ofStreams(known) ?? ofEstimate(known, now);
}

/**
 * The estimate's age: what it had when it was sent, and the time since.
 *
 * @param {Known} known
 * @param {number} now s
 */
export function age({ estimate, arrived }, now) {
  return estimate && now - arrived + (estimate.lag_ms ?? 0) / 1000;
}

/**
 * The newest estimate, with or without numbers, if it tells of now; else null.
 *
 * @param {Known} known
 * @param {Verdict} verdict
 */
export function current({ estimate }, { state }) {
  return state === "live" || state === "no estimate" ? estimate : null;
}

/** @param {Known} known */
function ofConnection({ connection, streams, cut }) {
  const { state, reason } = connection;
  if (state === "connecting") return verdict("connecting", "Connecting…", "Asking the server for the feed.", null);
  if (state === "gone") {
    return verdict("server gone", "The server does not answer", "It was stopped, or is starting. Trying again.", null);
  }
  if (state === "unknown") return verdict("failed", "Nobody of that name here", reason);
  if (state === "over" && (cut || !streams.size)) return verdict("ended", "The monitor has stopped", reason);
  if (state !== "failed") return null;
  const failed = [...streams.values()].find(({ status }) => status === "failed"); // the whole reason: it may be long
  return verdict("failed", "The analysis has failed", failed?.reason ?? reason);
}

/**
 * @param {Known} known
 * @param {number} now
 */
function ofSilence({ streams, heard }, now) {
  const status = leading(streams)?.status;
  if ((status !== "live" && status !== "warming up") || now - heard <= SILENT[status]) return null;
  return verdict("stale", "Nothing new", `The server has been silent for ${fixed(now - heard, 0)} s.`, null);
}

/** @param {Known} known */
function ofStreams({ streams, brought }) {
  const stream = leading(streams);
  if (!stream) return verdict("connecting", "Waiting for a source…", "No source has reported yet.");
  const { status, reason } = stream;
  const source = stream.name || stream.source;
  switch (status) {
    case "live": return null;
    case "warming up": return verdict(status, "Warming up…", reason ?? `${source}: the first window is filling.`, true);
    case "connecting": return verdict(status, stream.name || !reason ? "Looking for the source…" : "Not found yet", reason ?? source);
    case "lost": return verdict(status, brought ? "Signal lost" : "No signal", reason ?? `Nothing comes from ${source}. Looking for it again.`);
    case "ended": return verdict(status, "The recording has ended", reason ?? source);
    default: return verdict(status, "The analysis has failed", reason ?? source);
  }
}

/**
 * @param {Known} known
 * @param {number} now
 */
function ofEstimate(known, now) {
  const { estimate } = known;
  const old = age(known, now);
  if (!estimate || old === null) return verdict("no estimate", "No estimate yet", "The first one is on its way.", true);
  if (old > OLD) return verdict("stale", "Out of date", `The newest estimate is ${fixed(old, 0)} s old.`, true);
  if (DIMENSIONS.every((name) => estimate[name] === null)) {
    return verdict("no estimate", "No estimate", sentence(estimate.reason ?? "The signal cannot be judged now."), true);
  }
  if (estimate.group?.includes("?")) return { ...verdict("live", partly(estimate), PARTLY, true), estimate };
  const group = estimate.group ? `Group ${estimate.group}. ` : "";
  const detail = `${group}Words for which of the four are above 0.5; no more certain than the dials.`;
  return { ...verdict("live", estimate.words ?? "–", detail, true), estimate };
}

/**
 * The sides of those dimensions that are spoken of: the groups' words need all four.
 *
 * @param {EstimateMessage} estimate
 */
function partly(estimate) {
  const sides = DIMENSIONS.flatMap((name) => {
    const probability = estimate[name];
    return probability === null ? [] : [`${probability >= 0.5 ? "high" : "low"} ${name}`];
  });
  return sentence(sides.join(", "));
}

/**
 * The stream that is best off speaks for all: as long as one is live there are estimates.
 *
 * @param {Map<string, Stream>} streams
 */
function leading(streams) {
  const order = ["live", "warming up", "connecting", "lost", "failed", "ended"];
  return [...streams.values()].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status))[0];
}

/**
 * @param {string} state
 * @param {string} headline
 * @param {string} detail
 * @param {boolean | null} running
 * @returns {Verdict}
 */
function verdict(state, headline, detail, running = false) {
  return { state, headline, detail, estimate: null, running };
}

/** @param {string} text */
function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
