// @ts-check
import { find, make } from "./dom.js";
import { address, people } from "./people.js";

/**
 * While there is nobody of the name that was asked for, hides what belongs to a person and links to those there are.
 *
 * @param {boolean} nobody
 */
export function showNobody(nobody) {
  if (document.body.toggleAttribute("data-nobody", nobody) === !find("#there").hidden) return;
  find("#there").hidden = !nobody;
  if (!nobody) return;
  /** @param {string[]} names */
  const list = (names) =>
    find("#there").replaceChildren(...names.map((name) => make("li", {}, make("a", { href: address(name) }, name))));
  people().then(list, () => list([])); // the server may be gone again; the text has the names, too
}
