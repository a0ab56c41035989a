// @ts-check
/** @import { Connection } from "./connection.js" */
/** @import { EstimateMessage, Message, Model, Stream } from "./messages.js" */

/**
 * What a page knows of one participant: all that decides what may be shown as current.
 *
 * @typedef {object} Known
 * @property {string} participant
 * @property {Model[]} models
 * @property {string[]} shared Who else is watched by the very same stream.
 * @property {Connection} connection
 * @property {Map<string, Stream>} streams
 * @property {EstimateMessage | null} estimate
 * @property {number} arrived When the estimate came, on this page's clock, s.
 * @property {number} heard When anything last came, s.
 * @property {boolean} anew Whether what is known of the streams is from before this connection.
 * @property {boolean} cut Whether the server stopped while streams were watched.
 * @property {boolean} brought Whether any samples came, as far as this page saw.
 * @property {Map<string, string>} whole The model of each stream when no channel was left out.
 * @property {Returned | null} returned The last channels that were taken back.
 *
 * @typedef {object} Returned
 * @property {string} stream
 * @property {string[]} channels
 * @property {string} from The model before.
 * @property {string} to The model since.
 * @property {number} at s
 */

/** @returns {Known} Nothing, before anything was heard. */
export function nothing() {
  return {
    participant: "",
    models: [],
    shared: [],
    connection: { state: "connecting", reason: "" },
    streams: new Map(),
    estimate: null,
    arrived: 0,
    heard: 0,
    anew: false,
    cut: false,
    brought: false,
    whole: new Map(),
    returned: null,
  };
}

/**
 * Takes in a message.
 *
 * @param {Known} known
 * @param {Message} message
 * @param {number} now s
 */
export function hear(known, message, now) {
  known.heard = now;
  if (message.type === "hello") {
    known.participant = message.participant;
    known.models = message.models;
    known.shared = message.same_stream_as;
  } else if (message.type === "status") {
    if (known.anew) forget(known); // only now: a page that connects again need not flicker
    const changed = known.streams.get(message.stream)?.status !== message.status;
    const others = [...known.streams.values()].some(({ stream, status }) => stream !== message.stream && status === "live");
    if (changed && !others) known.estimate = null; // of another state
    keep(known, message, now);
  } else if (message.type === "estimate") {
    for (const stream of message.streams) update(known, stream, now);
    known.estimate = message;
    known.arrived = now;
  }
}

/** @param {Known} known */
function forget(known) {
  const { anew, brought, whole, returned } = nothing();
  known.streams.clear();
  Object.assign(known, { anew, brought, whole, returned });
}

/**
 * Rates and lags come with every estimate. The state does not: an estimate that was held up may be older than it.
 *
 * @param {Known} known
 * @param {Stream} stream
 * @param {number} now s
 */
function update(known, stream, now) {
  const { status, reason } = known.streams.get(stream.stream) ?? stream;
  keep(known, { ...stream, status, reason }, now);
}

/**
 * Keeps how a stream is, and what became of its channels since.
 *
 * @param {Known} known
 * @param {Stream} stream
 * @param {number} now s
 */
function keep(known, stream, now) {
  const { stream: name, left_out, model } = stream;
  const status = stream.status === "lost" && !stream.name ? "connecting" : stream.status; // never found, so not lost
  const before = known.streams.get(name);
  known.streams.set(name, { ...stream, status });
  known.brought ||= status === "live" || status === "warming up";
  if (left_out.length === 0) known.whole.set(name, model);
  if (!before || before.status !== "live" || status !== "live") return; // found anew, it begins with all channels
  const channels = before.left_out.filter((channel) => !left_out.includes(channel));
  if (channels.length) known.returned = { stream: name, channels, from: before.model, to: model, at: now };
}

/**
 * Takes in a change of the connection.
 *
 * @param {Known} known
 * @param {Connection} connection
 * @param {number} now s
 */
export function turn(known, connection, now) {
  known.connection = connection;
  known.heard = now;
  if (connection.state === "open") {
    known.anew = true; // the server says anew how they are
    known.cut = false;
    known.estimate = null;
  }
  if (connection.state !== "over") return;
  for (const [name, stream] of known.streams) {
    // Stopped, not lost: nobody was left to say that the stream is no longer watched.
    if (!["connecting", "live", "warming up"].includes(stream.status)) continue;
    known.streams.set(name, { ...stream, status: "ended", rate: null, lag_ms: null });
    known.cut = true;
  }
}
