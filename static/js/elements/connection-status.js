// @ts-check
/**
 * `<connection-status data-state>`: what the connection is doing and how old the content is, in
 * words that stand in the markup. Nothing for the first three seconds: most breaks are shorter.
 *
 * A dashboard hears something every 2 s, so the age of what it shows says all: a connection that is
 * back has no young content before what was missed, or the page anew, is there. A guest's phone
 * hears something every 25 s: there it counts for how long that has not been so, and a tap tries again.
 */

import { readJson, writeText } from '../core/dom.js';

const AMBER_MS = 3000;
const RED_MS = 10000;
const UPDATE_MS = 500;

/** @typedef {'live' | 'reconnecting' | 'offline' | 'stopped'} Level */
/**
 * @typedef {object} Watched
 * @property {string} state
 * @property {boolean} isCurrent
 * @property {number} currentAtMs
 * @property {() => void} reconnect
 */

export class ConnectionStatus extends HTMLElement {
  /** @type {Watched | null} */
  #connection = null;
  #isDashboard = true;
  #hasGivenUp = false;
  /** @type {number | null} */
  #downSinceMs = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /** @param {Watched} connection @param {{isDashboard: boolean}} options */
  watch(connection, { isDashboard }) {
    this.#connection = connection;
    this.#isDashboard = isDashboard;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.update(), UPDATE_MS);
    for (const key of [this, ...document.querySelectorAll('[data-reconnect]')]) key.addEventListener('click', () => connection.reconnect());
    this.update();
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
  }

  /** A guest's connection has used up its counted attempts. */
  giveUp() {
    this.#hasGivenUp = true;
    this.update();
  }

  /**
   * Say why the server said not to come back. On pages of guests the words stand in their language.
   * @param {{name: string, sentence: string}} reason @returns {string} the words
   */
  stop({ name, sentence }) {
    let words = sentence;
    for (const element of document.querySelectorAll('[data-stop-reason]')) {
      const known = readJson(element, 'data-stop-words');
      if (known) words = known[name] ?? known[''];
      writeText(element, words);
    }
    this.update();
    return words;
  }

  update() {
    if (!this.#connection) return;
    const nowMs = Date.now();
    if (this.#connection.isCurrent) {
      this.#downSinceMs = null;
      this.#hasGivenUp = false;
    } else {
      this.#downSinceMs ??= nowMs;
    }
    const ageMs = this.#isDashboard ? nowMs - this.#connection.currentAtMs : nowMs - (this.#downSinceMs ?? nowMs);
    this.#show(this.#readLevel(ageMs), ageMs);
  }

  /** @param {number} ageMs @returns {Level} */
  #readLevel(ageMs) {
    if (this.#connection?.state === 'stopped') return 'stopped';
    if (this.#hasGivenUp) return 'offline';
    if (ageMs < AMBER_MS) return 'live';
    return ageMs < RED_MS || !this.#isDashboard ? 'reconnecting' : 'offline';
  }

  /** @param {Level} level @param {number} ageMs */
  #show(level, ageMs) {
    if (this.dataset.state !== level) {
      this.dataset.state = level;
      document.body.dataset.connection = level;
      for (const notice of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('.guest-connection'))) {
        notice.hidden = notice.dataset.forState !== level;
      }
    }
    if (level === 'live') return;
    const age = formatAge(ageMs);
    for (const figure of document.querySelectorAll('[data-for-state] [data-figure="age"]')) {
      writeText(figure, age);
    }
  }
}

/** @param {number} ageMs */
export function formatAge(ageMs) {
  const seconds = Math.floor(ageMs / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

customElements.define('connection-status', ConnectionStatus);
