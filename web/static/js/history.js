// @ts-check
/** @import { Dimension, EstimateMessage } from "./messages.js" */
import { fixed } from "./numbers.js";

export const MINUTES = 3;
const BREAK = 2; // s without an estimate after which a line is not drawn through

/** The last minutes' estimates, oldest first. */
export class History {
  constructor() {
    /** @type {EstimateMessage[]} */
    this.points = [];
  }

  /** @param {EstimateMessage} estimate */
  add(estimate) {
    const last = this.points.at(-1);
    if (last && estimate.time < last.time) this.points = []; // another recording
    if (last && estimate.time === last.time) this.points.pop(); // sent again after connecting anew
    this.points.push(estimate);
    const start = estimate.time - MINUTES * 60 - BREAK;
    const first = this.points.findIndex((point) => point.time >= start);
    if (first > 64) this.points.splice(0, first);
  }
}

/**
 * Draws one dimension's line, with its spread as a band and the unsmoothed value as a thin line. Stretches without an
 * estimate are grey.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Dimension} name
 * @param {EstimateMessage[]} points
 * @param {number | null} now The time at the right edge, s.
 */
export function draw(canvas, name, points, now) {
  const { width, height, context } = prepare(canvas);
  const colours = getComputedStyle(canvas);
  /** @param {string} property */
  const colour = (property) => colours.getPropertyValue(property).trim();
  const left = 26, right = width - 6, top = 6, bottom = height - 18;
  /** @param {number} time */
  const x = (time) => right - ((now ?? 0) - time) / (MINUTES * 60) * (right - left);
  /** @param {number} value */
  const y = (value) => bottom - Math.min(1, Math.max(0, value)) * (bottom - top);

  drawAxes();
  if (now === null) return;
  context.save();
  context.beginPath();
  context.rect(left, top - 2, right - left + 4, bottom - top + 4);
  context.clip();
  const visible = points.filter((point) => point.time >= now - MINUTES * 60 - BREAK);
  const stretches = unbroken(visible, name);
  drawGaps(visible);
  for (const stretch of stretches) drawStretch(stretch);
  context.restore();

  function drawAxes() {
    context.font = "11px system-ui, sans-serif";
    context.fillStyle = colour("--muted");
    context.strokeStyle = colour("--faint");
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const value of [0, 0.5, 1]) {
      context.fillText(fixed(value, value === 0.5 ? 1 : 0), left - 6, y(value));
      if (value !== 0.5) line([[left, y(value)], [right, y(value)]]);
    }
    context.textBaseline = "bottom";
    for (let minute = 0; minute <= MINUTES; minute++) {
      const at = right - minute / MINUTES * (right - left);
      line([[at, top], [at, bottom]]);
      context.textAlign = minute === 0 ? "right" : minute === MINUTES ? "left" : "center";
      context.fillText(minute === 0 ? "now" : `−${fixed(minute, 0)} min`, at, height);
    }
    context.strokeStyle = colour("--text");
    context.setLineDash([4, 3]);
    line([[left, y(0.5)], [right, y(0.5)]]);
    context.setLineDash([]);
  }

  /** @param {EstimateMessage[]} shown */
  function drawGaps(shown) {
    context.fillStyle = colour("--gap");
    const times = [...shown.map((point) => point.time), now ?? 0];
    shown.forEach((point, i) => {
      const last = i === shown.length - 1;
      const drawn = point[name] !== null && times[i + 1] - times[i] <= BREAK && (last || shown[i + 1][name] !== null);
      if (!drawn) context.fillRect(x(times[i]), top, x(times[i + 1]) - x(times[i]) + 0.5, bottom - top);
    });
  }

  /** @param {EstimateMessage[]} stretch */
  function drawStretch(stretch) {
    /** @param {EstimateMessage} point @param {number} sign */
    const edge = (point, sign) => [x(point.time), y((point[name] ?? 0) + sign * (point.spread?.[name] ?? 0))];
    context.fillStyle = colour("--hue");
    context.globalAlpha = 0.22;
    context.beginPath();
    for (const point of stretch) context.lineTo(...pair(edge(point, 1)));
    for (const point of [...stretch].reverse()) context.lineTo(...pair(edge(point, -1)));
    context.fill();
    context.strokeStyle = colour("--hue");
    context.lineJoin = "round";
    context.globalAlpha = 0.75;
    context.lineWidth = 0.75;
    line(stretch.map((point) => [x(point.time), y(point.raw?.[name] ?? point[name] ?? 0)]));
    context.globalAlpha = 1;
    context.lineWidth = 2.5;
    line(stretch.map((point) => [x(point.time), y(point[name] ?? 0)]));
    context.lineWidth = 1;
  }

  /** @param {number[][]} corners */
  function line(corners) {
    context.beginPath();
    for (const corner of corners) context.lineTo(...pair(corner));
    context.stroke();
  }
}

/**
 * The stretches in which a dimension was estimated without a break.
 *
 * @param {EstimateMessage[]} points
 * @param {Dimension} name
 */
export function unbroken(points, name) {
  /** @type {EstimateMessage[][]} */
  const stretches = [];
  /** @type {EstimateMessage | null} */
  let before = null;
  for (const point of points) {
    if (point[name] !== null) {
      if (!before || before[name] === null || point.time - before.time > BREAK) stretches.push([]);
      stretches[stretches.length - 1].push(point);
    }
    before = point;
  }
  return stretches;
}

/**
 * Clears the canvas and fits it to its place and to the screen's pixels.
 *
 * @param {HTMLCanvasElement} canvas
 */
function prepare(canvas) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const width = canvas.clientWidth, height = canvas.clientHeight;
  const w = Math.round(width * devicePixelRatio), h = Math.round(height * devicePixelRatio);
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { width, height, context };
}

/**
 * @param {number[]} corner
 * @returns {[number, number]}
 */
function pair(corner) {
  return [corner[0], corner[1]];
}
