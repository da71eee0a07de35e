// @ts-check
/**
 * The server's clock, as well as it can be known here: a tablet's own clock drifts, and every
 * screen must call the same ticket late at the same moment.
 */

const SAMPLES = 8;

/** @type {{offsetMs: number, roundTripMs: number}[]} */
let samples = [];
let offsetMs = 0;
/** @type {number | null} */
let shownMs = null;

/** @returns {number} the server's time in Unix milliseconds, or the moment that is shown instead */
export function readServerTimeMs() {
  return shownMs ?? Date.now() + offsetMs;
}

/** Let every age be of a moment of the past. @param {number | null} unixMs null for now */
export function showMoment(unixMs) {
  shownMs = unixMs;
}

/**
 * Take in what the server says the time is. The answer with the shortest way of the last few
 * counts: what it does not know is at most half of that way.
 * @param {string | number} serverTime Unix milliseconds or ISO 8601
 * @param {number} requestedAtMs by the clock here
 */
export function learnServerTime(serverTime, requestedAtMs) {
  const serverMs = typeof serverTime === 'number' ? serverTime : Date.parse(serverTime);
  const nowMs = Date.now();
  if (!Number.isFinite(serverMs) || nowMs < requestedAtMs) return;
  const roundTripMs = nowMs - requestedAtMs;
  samples = [...samples.slice(1 - SAMPLES), { offsetMs: serverMs - (requestedAtMs + roundTripMs / 2), roundTripMs }];
  offsetMs = samples.reduce((best, each) => (each.roundTripMs < best.roundTripMs ? each : best)).offsetMs;
}

/** Forget everything: the clock here was set, or a test begins. */
export function forgetServerTime() {
  samples = [];
  offsetMs = 0;
  shownMs = null;
}
