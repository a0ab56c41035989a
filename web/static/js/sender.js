// @ts-check
/** Sends a camera's pictures to web/camera.py, which tells the protocol. Pictures are dropped rather than queued. */

/** Close codes: of the server, as in web/limits.py and web/camera.py, and our own. */
const OVER = 4000, FAILED = 4500, UNKNOWN = 4404, BUSY = 4409, WRONG = 4400, TOO_MUCH = 4429, TOO_LARGE = 1009;
const STOPPED = 1000, UNPLUGGED = 4001;
const FINAL = [OVER, FAILED, UNKNOWN, BUSY, WRONG, TOO_MUCH, TOO_LARGE];

const WIDTH = 640, HEIGHT = 480, QUALITY = 0.8, MOST = 1024 * 1024; // pixels, of 1, bytes
const HEADER = 16; // bytes
const ON_THE_WAY = 2;
const SHORTEST = 1000 / 30 - 4; // ms between two pictures; cameras are not that even
const REFUSED = 10; // pictures in a row, of which that is said
const FIRST_WAIT = 500, LONGEST_WAIT = 5000, GIVE_UP = 30_000; // ms

/**
 * @typedef {object} Figures
 * @property {number} sent Pictures since the start.
 * @property {number} passed Pictures passed over for newer ones, or refused.
 * @property {number | null} error How far the server may be off in what this page's clock shows, ms.
 *
 * @typedef {(state: "connecting" | "sending" | "refused" | "over", reason: string) => void} Tell
 */

export class Sender {
  /** @type {Figures} */
  figures = { sent: 0, passed: 0, error: null };
  #canvas = document.createElement("canvas");
  #stop = new AbortController();
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {Set<number>} */
  #onTheWay = new Set();
  #ready = false;
  #encoding = false;
  #number = 0;
  #last = -Infinity;
  /** Pictures refused since one was taken. */
  #refused = 0;
  #wait = FIRST_WAIT;
  #open = performance.now();

  /**
   * @param {string} participant
   * @param {string} camera Its name.
   * @param {number} rate Nominal, pictures a second; 0 where none is known.
   * @param {Tell} tell
   */
  constructor(participant, camera, rate, tell) {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const query = new URLSearchParams({ camera, rate: String(rate) });
    this.address = `${scheme}//${location.host}/camera/${encodeURIComponent(participant)}?${query}`;
    this.tell = tell;
    this.#connect();
  }

  /**
   * Sends what a video shows now, or passes it over where two pictures are on the way already.
   *
   * @param {HTMLVideoElement} video
   * @param {number} now ms
   * @param {number | undefined} captured When the camera took it, ms, where the browser tells.
   */
  offer(video, now, captured) {
    const taken = Math.min(captured ?? now, performance.now());
    if (taken - this.#last < SHORTEST) return;
    this.#last = taken;
    this.#number += 1;
    const socket = this.#socket;
    if (!socket || !this.#ready) return;
    if (this.#encoding || this.#onTheWay.size >= ON_THE_WAY || !video.videoWidth) {
      this.figures.passed += 1;
      return;
    }
    this.#encode(video, (jpeg, number) => {
      if (!jpeg || jpeg.size > MOST || socket.readyState !== WebSocket.OPEN) return;
      this.#onTheWay.add(number);
      this.figures.sent += 1;
      socket.send(new Blob([header(taken, number, captured === undefined), jpeg]));
    });
  }

  /** @param {boolean} unplugged Whether the camera is gone, and was not stopped by somebody. */
  close(unplugged = false) {
    this.#stop.abort();
    this.#socket?.close(unplugged ? UNPLUGGED : STOPPED);
    this.#socket = null;
  }

  /**
   * One at a time, so that they stay in order.
   *
   * @param {HTMLVideoElement} video
   * @param {(jpeg: Blob | null, number: number) => void} then
   */
  #encode(video, then) {
    const { videoWidth, videoHeight } = video;
    const scale = Math.min(1, WIDTH / videoWidth, HEIGHT / videoHeight);
    this.#canvas.width = Math.round(videoWidth * scale);
    this.#canvas.height = Math.round(videoHeight * scale);
    this.#canvas.getContext("2d")?.drawImage(video, 0, 0, this.#canvas.width, this.#canvas.height);
    const number = this.#number;
    this.#encoding = true;
    const done = (/** @type {Blob | null} */ jpeg) => {
      this.#encoding = false;
      then(jpeg, number);
    };
    this.#canvas.toBlob(done, "image/jpeg", QUALITY);
  }

  #connect() {
    if (this.#stop.signal.aborted) return;
    this.tell("connecting", "");
    const socket = (this.#socket = new WebSocket(this.address));
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data), socket);
    socket.onclose = ({ code, reason }) => {
      if (socket !== this.#socket) return;
      if (this.#ready) this.#open = performance.now();
      this.#socket = null;
      this.#ready = false;
      this.#number = 0;
      this.#onTheWay.clear();
      this.#refused = 0;
      if (FINAL.includes(code)) this.tell("over", reason);
      else if (performance.now() - this.#open > GIVE_UP) this.tell("over", "The server does not answer any more.");
      else this.#retry();
    };
  }

  #retry() {
    this.tell("connecting", "");
    setTimeout(() => this.#connect(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
  }

  /**
   * @param {{ type: string, id: number, number: number, error_ms: number, reason: string }} message
   * @param {WebSocket} socket
   */
  #hear(message, socket) {
    if (message.type === "ping") {
      socket.send(JSON.stringify({ type: "pong", id: message.id, now: performance.now() }));
    } else if (message.type === "clock") {
      this.figures.error = message.error_ms;
      if (this.#ready) return;
      this.#ready = true;
      this.#wait = FIRST_WAIT;
      this.tell("sending", "");
    } else if (message.type === "taken") {
      for (const number of this.#onTheWay) if (number <= message.number) this.#onTheWay.delete(number);
      if (this.#refused >= REFUSED) this.tell("sending", "");
      this.#refused = 0;
    } else if (message.type === "refused") {
      this.#onTheWay.delete(message.number);
      this.figures.passed += 1;
      this.#refused += 1;
      if (this.#refused === REFUSED) this.tell("refused", `The last was ${message.reason}.`);
    }
  }
}

/**
 * @param {number} taken ms on this page's clock
 * @param {number} number
 * @param {boolean} shown Whether that is when it was shown, for want of when it was taken.
 */
function header(taken, number, shown) {
  const view = new DataView(new ArrayBuffer(HEADER));
  view.setFloat64(0, taken, true);
  view.setUint32(8, number, true);
  view.setUint32(12, Number(shown), true);
  return view;
}
