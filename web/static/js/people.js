// @ts-check

/**
 * Where the page of one participant is.
 *
 * @param {string} name
 */
export function address(name) {
  return `/?participant=${encodeURIComponent(name)}`;
}

/** The names of all participants, in the server's order; throws while no server answers. */
export async function people() {
  const answer = await fetch("/health");
  return Object.keys((await answer.json()).participants);
}
