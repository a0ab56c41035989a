// @ts-check
import { find, write } from "./dom.js";

/**
 * Says in the top line whether anybody is being analysed.
 *
 * @param {(boolean | null)[]} each Of everyone shown; null where nobody knows.
 */
export function showRunning(each) {
  const running = each.includes(true);
  find("#running").dataset.running = String(running);
  const not = each.includes(null) ? "No word from the server" : "No analysis running";
  write(find("#running-text"), running ? "Analysis running" : not);
}
