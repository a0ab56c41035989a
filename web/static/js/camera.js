// @ts-check
/** @import { Known } from "./known.js" */
import { find, make, write } from "./dom.js";
import { fixed } from "./numbers.js";
import { Sender } from "./sender.js";

const WANTED = { audio: false, video: { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } } };
const EVERY = 1000; // ms between two looks at the figures

/** What is said in each state. */
const WORDS = {
  off: "The camera is off.",
  asking: "Your browser asks whether this page may use the camera. Please answer there.",
  denied: "This page may not use the camera. Allow it beside the address or in the browser's settings, and try again.",
  none: "No camera is found. Plug one in, and try again.",
  "in use": "The camera does not start. Another program may be using it: close that, and try again.",
  impossible: "Browsers give cameras only to pages at 127.0.0.1 or localhost. Open this page there.",
  failed: "The camera cannot be used.",
  connecting: "The camera is on. Connecting to the monitor…",
  sending: "The camera is on, and the monitor looks at its pictures.",
  refused: "The camera is on, but the monitor can use none of its pictures. Stop the camera, and use it again.",
  unplugged: "The camera was unplugged or taken away.",
  over: "The camera is off.",
};

/** @type {Record<string, keyof typeof WORDS>} */
const REFUSALS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "none",
  OverconstrainedError: "none",
  NotReadableError: "in use",
  AbortError: "in use",
};

/** @type {MediaStream | null} */
let stream = null;
/** @type {Sender | null} */
let sender = null;
let participant = "";

/**
 * Shows the camera's card where the participant's face is watched by a browser.
 *
 * @param {Known} known
 */
export function showCamera(known) {
  participant = known.participant;
  const wanted = [...known.streams.values()].some(({ stream, source }) => stream === "face" && source === "browser");
  if (wanted) find("#camera").hidden = false; // and stays: it says how the camera ended
}

async function use() {
  tell("asking");
  if (!navigator.mediaDevices) return tell("impossible");
  try {
    stream = await navigator.mediaDevices.getUserMedia(WANTED);
    mirror().srcObject = stream;
    await mirror().play();
  } catch (error) {
    const { name, message } = /** @type {DOMException} */ (error);
    return off(REFUSALS[name] ?? "failed", REFUSALS[name] ? "" : message);
  }
  const [track] = stream.getVideoTracks();
  track.addEventListener("ended", () => off("unplugged"));
  if (track.readyState === "ended") return off("unplugged");
  sender = new Sender(participant, track.label, track.getSettings().frameRate ?? 0, (now, reason) => {
    if (now === "over") off("over", reason);
    else tell(now, reason);
  });
  follow();
  figures(sender, null);
}

/**
 * Switches the camera off, its light too.
 *
 * @param {keyof typeof WORDS} why
 * @param {string} reason
 */
function off(why, reason = "") {
  sender?.close(why === "unplugged");
  for (const track of stream?.getTracks() ?? []) track.stop();
  sender = stream = mirror().srcObject = null;
  tell(why, reason);
}

/** @type {VideoFrameRequestCallback} */
function watch(now, { captureTime }) {
  if (!sender) return;
  sender.offer(mirror(), now, captureTime);
  follow();
}

/** Calls `watch` for the next picture; older browsers tell only when they draw, and not when it was taken. */
function follow() {
  if ("requestVideoFrameCallback" in HTMLVideoElement.prototype) mirror().requestVideoFrameCallback(watch);
  else requestAnimationFrame((now) => watch(now, /** @type {VideoFrameCallbackMetadata} */ ({})));
}

/**
 * Says once a second how the sending goes.
 *
 * @param {Sender} current
 * @param {number | null} before Pictures that had been sent a second ago.
 */
function figures(current, before) {
  if (sender !== current) return;
  const { sent, passed, error } = current.figures;
  const shown = {
    "Pictures sent": before === null ? "–" : `${fixed(sent - before, 0)} a second`,
    "Passed over": fixed(passed, 0),
    "Clock of this page": error === null ? "–" : `± ${fixed(error, 1)} ms`,
  };
  for (const [name, text] of Object.entries(shown)) write(find(`[data-figure="${name}"]`), text);
  setTimeout(() => figures(current, sent), EVERY);
}

/**
 * @param {keyof typeof WORDS} now
 * @param {string} reason
 */
function tell(now, reason = "") {
  const on = stream !== null;
  find("#camera").dataset.camera = now;
  find("#camera-on").hidden = !on;
  write(find("#camera-state"), [WORDS[now], reason].filter(Boolean).join(" "));
  write(find("#use-camera"), on ? "Stop the camera" : "Use this camera");
  find("#use-camera").setAttribute("aria-disabled", String(asking())); // "disabled" would take the focus away
}

function asking() {
  return find("#camera").dataset.camera === "asking";
}

function mirror() {
  return /** @type {HTMLVideoElement} */ (find("#mirror"));
}

for (const name of ["Pictures sent", "Passed over", "Clock of this page"]) {
  find("#camera-figures").append(make("div", {}, make("dt", {}, name), make("dd", { "data-figure": name }, "–")));
}
find("#use-camera").addEventListener("click", () => {
  if (stream) off("off");
  else if (!asking()) use();
});
