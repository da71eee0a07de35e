// @ts-check
/** How long to wait before the next attempt: the one back-off of every client (spec F2). */

const FIRST_MS = 1000;
const FACTOR = 1.5;
export const LONGEST_MS = 30000;

/**
 * @param {number} attempt attempts made since the last good connection, from 0
 * @param {() => number} random uniform in [0, 1)
 * @param {number} [longestMs] that the wait grows to
 */
export function computeDelayMs(attempt, random, longestMs = LONGEST_MS) {
  const share = 0.5 + random() / 2; // spreads a cafe's screens after a common outage
  return Math.min(longestMs, FIRST_MS * FACTOR ** attempt) * share;
}
