// @ts-check
/** What a screen keeps for the next time it is loaded: it hangs at one place, whoever works at it. */

/** @param {string} name @param {string} text */
export function keepHere(name, text) {
  try {
    localStorage.setItem(name, text);
  } catch {
    // Storage is closed in private windows: then it lasts as long as the page.
  }
}

/** @param {string} name @returns {string | null} null where nothing is kept, or nothing can be */
export function readKept(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}
