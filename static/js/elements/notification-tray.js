// @ts-check
/**
 * `<notification-tray data-person-id>`: what staff must know, in the bar of a page. The server makes
 * the cards and says their order; this opens the list, counts what nobody has seen, hides the notices
 * that this person has read, and lets what is new be heard and spoken.
 */

import { findLiveRegion } from './live-region.js';

/** @typedef {import('../core/stream.js').CardChange} CardChange */
/** @typedef {import('./sound-alert.js').SoundAlert} SoundAlert */

const REMIND_MS = 20000; // an urgent one that nobody has seen

export class NotificationTray extends HTMLElement {
  #abort = new AbortController();

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    document.addEventListener('card-change', (event) => this.#onChange(/** @type {CustomEvent<CardChange>} */ (event).detail), { signal });
    document.addEventListener('lists-change', () => this.#refresh(), { signal });
    document.addEventListener('click', (event) => this.#onClick(/** @type {Element} */ (event.target)), { signal });
    document.addEventListener('keydown', (event) => { if (event.key === 'Escape') this.#open(false); }, { signal });
    const repeat = setInterval(() => this.#remind(), REMIND_MS);
    signal.addEventListener('abort', () => clearInterval(repeat));
    this.#refresh();
  }

  disconnectedCallback() {
    this.#abort.abort();
  }

  /** Press the key of what presses most. @returns {boolean} was there one */
  acknowledgeFirst() {
    const key = /** @type {HTMLElement | undefined} */ (this.#listUnseen()[0]?.querySelector('[data-command="acknowledge_notification"]'));
    key?.click();
    return Boolean(key);
  }

  /** @param {CardChange} change */
  #onChange({ kind, card, previous }) {
    if (!card.classList.contains('notification')) return;
    this.#refresh();
    if (kind === 'removed' || card.hidden || card.dataset.status !== 'open') return;
    const isNews = !previous || previous.dataset.status !== 'open' || previous.dataset.priority !== card.dataset.priority;
    if (!isNews) return;
    this.#sound(card);
    findLiveRegion()?.tell('new notification', card.dataset.title ?? '');
  }

  /** What presses most says so again until somebody is on it. */
  #remind() {
    const urgent = this.#listUnseen().find((card) => card.dataset.priority === 'urgent');
    if (urgent) this.#sound(urgent);
  }

  /** @param {HTMLElement} card */
  #sound(card) {
    /** @type {SoundAlert | null} */ (document.querySelector('sound-alert'))?.play(
      ['table_called', 'kitchen_calls'].includes(card.dataset.kind ?? '') ? 'call' : 'notice', { isLoud: card.dataset.priority === 'urgent' },
    );
  }

  /** @param {Element} target */
  #onClick(target) {
    if (target.closest('[data-tray-toggle]')) this.#open(!this.hasAttribute('data-open'));
    else if (target.isConnected && !this.contains(target)) this.#open(false);
  }

  /** @param {boolean} isOpen */
  #open(isOpen) {
    this.toggleAttribute('data-open', isOpen);
    this.querySelector('[data-tray-toggle]')?.setAttribute('aria-expanded', String(isOpen));
  }

  #refresh() {
    const me = this.dataset.personId ?? '';
    for (const card of this.#listCards()) card.hidden = Boolean(me) && (card.dataset.readBy ?? '').split(' ').includes(me);
    const count = this.querySelector('[data-tray-count]');
    const shown = this.#listCards().filter((card) => !card.hidden);
    if (count) count.textContent = String(shown.length);
    if (!shown.length) this.#open(false);
  }

  /** @returns {HTMLElement[]} */
  #listCards() {
    return [.../** @type {NodeListOf<HTMLElement>} */ (this.querySelectorAll('.notification'))];
  }

  #listUnseen() {
    return this.#listCards().filter((card) => !card.hidden && card.dataset.status === 'open');
  }
}

customElements.define('notification-tray', NotificationTray);
