// @ts-check
/**
 * What a wall must be heard for: one sound per cause, the cause in words in the bar (`[data-cause]`),
 * and again and again until somebody has touched the ticket; a void and an allergy until they were
 * acknowledged. What is silent by choice or by the browser is still shown.
 */

import { findLiveRegion } from '../elements/live-region.js';

/** @typedef {'void' | 'allergy' | 'late' | 'changed' | 'rush' | 'recall' | 'add-on' | 'new'} Cause */
/** @typedef {import('../elements/sound-alert.js').Tone} Tone */
/** @typedef {import('./stream.js').CardChange} CardChange */
/**
 * @typedef {object} Marks what a ticket shows that makes it heard
 * @property {number} voids that nobody has seen
 * @property {number} changes lines that are fewer than they were
 * @property {boolean} isRushed
 * @property {boolean} isUnread an allergy that nobody has read
 * @property {boolean} isRecalled
 * @property {boolean} isAddOn
 * @property {boolean} isNew
 * @property {boolean} [isHeld] nobody has to make it yet
 */

const REMIND_MS = 30000; // between twenty seconds and a minute: heard, and not what drives people out
/** @type {readonly Cause[]} what presses most comes first */
const ORDER = ['void', 'allergy', 'late', 'changed', 'rush', 'recall', 'add-on', 'new'];
/** @type {Partial<Record<Cause, Tone>>} causes without a tone of their own name */
const TONES = { rush: 'changed' };
/** @type {Partial<Record<Cause, keyof Marks>>} a touch does not answer these */
const STANDING = { void: 'voids', allergy: 'isUnread' };

/**
 * Why a ticket is to be heard now.
 * @param {Marks | undefined} before undefined for one that was not there
 * @param {Marks} now
 * @returns {Cause[]}
 */
export function listCauses(before, now) {
  /** @type {Cause[]} */
  const causes = [];
  if (now.voids > (before?.voids ?? 0)) causes.push(now.changes > (before?.changes ?? 0) ? 'changed' : 'void');
  if (now.isUnread && !before?.isUnread) causes.push('allergy');
  if (now.isRushed && !before?.isRushed) causes.push('rush');
  if (now.isRecalled && !before?.isRecalled) causes.push('recall');
  else if (now.isNew && !before && !causes.length) causes.push(now.isAddOn ? 'add-on' : 'new');
  return causes;
}

/** The most pressing of them. @param {Iterable<Cause>} causes @returns {Cause | null} */
export function choosePressing(causes) {
  const present = new Set(causes);
  return ORDER.find((cause) => present.has(cause)) ?? null;
}

export class Alarms {
  #list;
  #sound;
  /** @type {Map<string, Marks>} by card */
  #known = new Map();
  /** @type {Map<string, Set<Cause>>} what waits for a touch, by card */
  #waiting = new Map();

  /** @param {HTMLElement} list open tickets @param {{play(tone: Tone): void} | null} sound */
  constructor(list, sound) {
    this.#list = list;
    this.#sound = sound;
    document.addEventListener('card-change', (event) => this.#onChange(/** @type {CustomEvent<CardChange>} */ (event).detail));
    document.addEventListener('lists-change', () => this.#lookAtAll());
    document.addEventListener('band-change', (event) => this.#onBand(/** @type {CustomEvent} */ (event)));
    for (const name of ['pointerdown', 'keydown']) document.addEventListener(name, (event) => this.#onTouch(event));
    setInterval(() => this.#remind(), REMIND_MS);
    this.#lookAtAll();
  }

  /** @param {CardChange} change */
  #onChange({ kind, card }) {
    if (card.parentElement !== this.#list) this.#forget(card.id);
    else this.#look(card, kind === 'inserted');
    this.#show();
  }

  #lookAtAll() {
    for (const id of this.#known.keys()) if (document.getElementById(id)?.parentElement !== this.#list) this.#forget(id);
    for (const card of /** @type {NodeListOf<HTMLElement>} */ (this.#list.querySelectorAll(':scope > order-ticket'))) {
      this.#look(card, card.dataset.state === 'new');
    }
    this.#show();
  }

  /** @param {HTMLElement} card @param {boolean} isArrival it has just come, however old it is */
  #look(card, isArrival) {
    const before = this.#known.get(card.id);
    const marks = readMarks(card);
    // What is fired comes like a new one, wherever it stood before; what is held is not heard.
    const isFired = Boolean(before?.isHeld) && !marks.isHeld;
    const now = { ...marks, isNew: (isArrival || isFired) && !marks.isHeld };
    this.#known.set(card.id, now);
    const waiting = this.#waiting.get(card.id);
    for (const [cause, mark] of Object.entries(STANDING)) if (!now[mark]) waiting?.delete(/** @type {Cause} */ (cause));
    if (!now.changes) waiting?.delete('changed');
    if (!now.isRushed) waiting?.delete('rush');
    const causes = listCauses(isFired ? undefined : before, now);
    for (const cause of causes) this.#raise(cause, card);
    const loudest = choosePressing(causes);
    if (loudest) this.#play(loudest);
  }

  /** @param {CustomEvent} event */
  #onBand(event) {
    const card = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('order-ticket'));
    if (!card || card.parentElement !== this.#list) return;
    if (event.detail.band !== 'late') this.#waiting.get(card.id)?.delete('late');
    else if (!this.#waiting.get(card.id)?.has('late')) {
      this.#raise('late', card);
      this.#play('late');
    }
    this.#show();
  }

  /** @param {Cause} cause @param {HTMLElement} card */
  #raise(cause, card) {
    const causes = this.#waiting.get(card.id) ?? new Set();
    causes.add(cause);
    this.#waiting.set(card.id, causes);
    const words = document.querySelector(`[data-cause] [data-for-cause="${cause}"]`)?.textContent ?? cause;
    findLiveRegion()?.tell(words.trim(), `order ${card.dataset.orderNumber}`);
  }

  /** @param {Event} event */
  #onTouch(event) {
    const card = /** @type {Element} */ (event.target).closest?.('order-ticket');
    const causes = card && this.#waiting.get(card.id);
    if (!causes) return;
    for (const cause of causes) if (!(cause in STANDING)) causes.delete(cause);
    this.#show();
  }

  /** @param {string} id */
  #forget(id) {
    this.#known.delete(id);
    this.#waiting.delete(id);
  }

  #remind() {
    const loudest = choosePressing([...this.#waiting.values()].flatMap((causes) => [...causes]));
    if (loudest) this.#play(loudest);
  }

  /** @param {Cause} cause */
  #play(cause) {
    this.#sound?.play(/** @type {Tone} */ (TONES[cause] ?? cause));
  }

  /** Say in the bar what rings, and for which orders. */
  #show() {
    const banner = /** @type {HTMLElement | null} */ (document.querySelector('[data-cause]'));
    if (!banner) return;
    const loudest = choosePressing([...this.#waiting.values()].flatMap((causes) => [...causes]));
    banner.hidden = loudest === null;
    if (loudest === null) return;
    banner.dataset.cause = loudest;
    const ids = [...this.#waiting].filter(([, causes]) => causes.has(loudest)).map(([id]) => id);
    const numbers = ids.map((id) => document.getElementById(id)?.dataset.orderNumber ?? '');
    const orders = banner.querySelector('[data-cause-orders]');
    if (orders) orders.textContent = numbers.length > 3 ? `${numbers.slice(0, 3).join(', ')} …` : numbers.join(', ');
  }
}

/** @param {HTMLElement} card @returns {Marks} */
function readMarks(card) {
  return {
    voids: Number(card.dataset.void ?? 0), changes: Number(card.dataset.changed ?? 0), isRushed: card.hasAttribute('data-rush'),
    isUnread: card.hasAttribute('data-unread'), isRecalled: card.hasAttribute('data-recalled'), isAddOn: card.hasAttribute('data-add-on'),
    isNew: card.dataset.state === 'new', isHeld: card.hasAttribute('data-held'),
  };
}
