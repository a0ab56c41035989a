// @ts-check
/** Numbers as the reader's own language writes them. */

/** @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();

/**
 * @param {string} key
 * @param {Intl.NumberFormatOptions} options
 */
function format(key, options) {
  let found = formats.get(key);
  if (!found) formats.set(key, (found = new Intl.NumberFormat(navigator.languages, options)));
  return found;
}

/**
 * With exactly so many decimals; "–" when not known.
 *
 * @param {number | null | undefined} value
 * @param {number} digits
 */
export function fixed(value, digits) {
  if (value === null || value === undefined) return "–";
  return format(`f${digits}`, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/**
 * In whole percent; "–" when not known.
 *
 * @param {number | null | undefined} value
 */
export function percent(value) {
  return value === null || value === undefined ? "–" : format("%", { style: "percent" }).format(value);
}
