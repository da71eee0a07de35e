// @ts-check
/** How dishes are found by typing: on the till and on a guest's phone. */

/**
 * By the beginnings of words, or by initials: "fw" finds Flat white.
 * @param {string} text what is looked through @param {string} typed
 */
export function matches(text, typed) {
  const words = split(text);
  const parts = split(typed);
  const initials = words.map((word) => word[0]).join('');
  return initials.startsWith(parts.join('')) || parts.every((part) => words.some((word) => word.startsWith(part)));
}

/** @param {string} text */
function split(text) {
  return text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean);
}
