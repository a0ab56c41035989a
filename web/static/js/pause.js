// @ts-check
import { find, write } from "./dom.js";

/**
 * Makes the button stop and start what moves on the page by itself (WCAG 2.2.2); states still change.
 *
 * @param {(paused: boolean) => void} onChange
 */
export function pauseButton(onChange) {
  const button = find("#pause");
  let paused = false;
  button.addEventListener("click", () => {
    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
    const time = new Intl.DateTimeFormat(navigator.languages, { timeStyle: "medium" }).format(new Date());
    write(button, paused ? `Paused at ${time}: go on` : "Pause");
    document.body.toggleAttribute("data-paused", paused);
    onChange(paused);
  });
}
