// @ts-check
/** How dishes are found by typing: on the till and on a guest's phone. */

/**
 * By the beginnings of words, or by initials: "fw" finds Flat white.
 * @param {string} text what is looked through @param {string} typed
 */
export function matches(text, typed) {
  const wanted = typed.trim().toLowerCase();
  const words = text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const initials = words.map((word) => word[0]).join('');
  return initials.startsWith(wanted.replace(/\s+/g, '')) || wanted.split(/\s+/).every((part) => words.some((word) => word.startsWith(part)));
}
