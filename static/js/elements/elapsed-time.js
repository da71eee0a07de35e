// @ts-check
/**
 * `<elapsed-time datetime>`: keeps figures fresh by the server's clock. With `data-target-s` it
 * says how urgent its card is: band (ok, warn, late) and `--age` (0 to 1) on the card that hosts
 * it. With `data-until` it counts down, in whole minutes and in seconds. Words and shapes stand in the markup.
 */

import { readServerTimeMs } from '../core/clock.js';
import { announce, writeText } from '../core/dom.js';

const WARN_SHARE = 0.7; // of the target: due soon (domain: timers and thresholds)

/** @type {Set<ElapsedTime>} one timer for all of them, stopped while there is none */
const shown = new Set();
/** @type {ReturnType<typeof setInterval> | undefined} */
let ticker;

export class ElapsedTime extends HTMLElement {
  connectedCallback() {
    shown.add(this);
    ticker ??= setInterval(updateAll, 1000);
    this.update();
  }

  disconnectedCallback() {
    shown.delete(this);
    if (shown.size) return;
    clearInterval(ticker);
    ticker = undefined;
  }

  /** Write what is true now. */
  update() {
    const sinceMs = Date.parse(this.getAttribute('datetime') ?? '');
    if (Number.isNaN(sinceMs)) return;
    const ageS = Math.floor((readServerTimeMs() - sinceMs) / 1000);
    if (this.hasAttribute('data-until')) {
      this.#write('minutes', String(Math.max(0, Math.ceil(-ageS / 60))));
      this.#write('seconds', String(Math.max(0, -ageS)));
      return;
    }
    this.#write('elapsed', formatDuration(ageS));
    const target = this.getAttribute('data-target-s');
    if (target !== null) this.#showUrgency(ageS, Number(target));
  }

  /** @param {number} ageS @param {number} targetS */
  #showUrgency(ageS, targetS) {
    this.#write('left', formatDuration(targetS - ageS));
    this.#write('over', formatDuration(ageS - targetS));
    const host = /** @type {HTMLElement | null} */ (this.closest('[data-band-host]'));
    const age = String(Math.round(100 * Math.min(1, Math.max(0, ageS / targetS))) / 100);
    // Only when it changes: what it is set on is styled anew with all that is in it.
    if (host && host.style.getPropertyValue('--age') !== age) host.style.setProperty('--age', age);
    const band = readBand(ageS, targetS);
    if (this.dataset.band === band && (!host || host.dataset.band === band)) return;
    this.dataset.band = band;
    if (host) host.dataset.band = band;
    announce('band-change', { band }, this);
  }

  /** @param {string} figure @param {string} text */
  #write(figure, text) {
    for (const element of this.querySelectorAll(`[data-figure="${figure}"]`)) writeText(element, text);
  }
}

/** @param {number} ageS @param {number} targetS @returns {'ok' | 'warn' | 'late'} */
export function readBand(ageS, targetS) {
  if (ageS > targetS) return 'late';
  return ageS >= targetS * WARN_SHARE ? 'warn' : 'ok';
}

/** @param {number} seconds @returns {string} m:ss, h:mm:ss from an hour on; never negative */
export function formatDuration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (/** @type {number} */ figure) => String(figure).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** All that is on the page, at once: for who has shown another moment. */
export function updateAll() {
  for (const element of shown) element.update();
}

customElements.define('elapsed-time', ElapsedTime);
