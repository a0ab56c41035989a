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
 * In percent, whole ones unless told otherwise; "–" when not known.
 *
 * @param {number | null | undefined} value
 */
export function percent(value, digits = 0) {
  if (value === null || value === undefined) return "–";
  return format(`%${digits}`, { style: "percent", maximumFractionDigits: digits }).format(value);
}
