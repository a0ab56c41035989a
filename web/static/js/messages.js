// @ts-check
/**
 * The messages of schema "insightsim.feed/1", as far as this page reads them.
 *
 * @typedef {"valence" | "arousal" | "dominance" | "liking"} Dimension
 * @typedef {Record<Dimension, number | null>} Vadl
 * @typedef {"connecting" | "warming up" | "live" | "lost" | "ended" | "failed"} Status
 *
 * @typedef {object} Stream
 * @property {string} stream
 * @property {Status} status
 * @property {string} source
 * @property {string} name
 * @property {number | null} sfreq
 * @property {number | null} rate
 * @property {number | null} n_channels
 * @property {number | null} lag_ms
 * @property {string} reference
 * @property {number} gaps
 * @property {number} dropped
 * @property {number} skipped
 * @property {number | null} faces
 * @property {string} model
 * @property {string[]} left_out
 * @property {string | null} reason
 *
 * @typedef {{ type: "status", time: number } & Stream} StatusMessage
 *
 * @typedef {object} Share
 * @property {string} stream
 * @property {string} model
 * @property {Vadl | null} says
 * @property {Vadl | null} spread
 * @property {Vadl} weight
 * @property {number | null} age_ms
 * @property {string | null} reason
 *
 * @typedef {object} Estimated
 * @property {"estimate"} type
 * @property {number} time
 * @property {Vadl | null} raw
 * @property {Vadl | null} spread
 * @property {string | null} group
 * @property {string | null} words
 * @property {string | null} note
 * @property {number | null} quality
 * @property {{ channel: string, fault: string }[]} bad
 * @property {string | null} reason
 * @property {Stream[]} streams
 * @property {Share[]} shares
 * @property {number | null} lag_ms
 * @typedef {Estimated & Vadl} EstimateMessage
 *
 * @typedef {object} Score
 * @property {number} balanced_accuracy
 * @property {number} low
 * @property {number} high
 * @property {number} accuracy
 * @property {number} majority
 * @property {number} chance
 *
 * @typedef {object} Model
 * @property {string} name
 * @property {string} version
 * @property {string} stream
 * @property {string | null} action_units Whose it reads; null where it reads none.
 * @property {string} trained_on
 * @property {boolean} simulated
 * @property {number} subjects
 * @property {number} trials
 * @property {string} note
 * @property {string} threshold
 * @property {string} protocol
 * @property {Record<string, Score>} scores
 *
 * @typedef {{ type: "hello", schema: string, participant: string, same_stream_as: string[], models: Model[] }} HelloMessage
 * @typedef {HelloMessage | StatusMessage | EstimateMessage} Message
 */

/** @type {readonly Dimension[]} */
export const DIMENSIONS = ["valence", "arousal", "dominance", "liking"];
