// @ts-check
/**
 * Turns pages of a wall's list: fixed cells, no scrolling. A page has the cells that the style
 * sheet makes room for at this size of letters, a card takes as many as it has `.ticket__cell`; cards of
 * other pages get `data-off-page`. A card longer than a page has one of its own that scrolls: `data-overlong`.
 * Where the style sheet lets the list grow (narrow screens), everything is one page.
 */

import { readServerTimeMs } from './clock.js';
import { writeText } from './dom.js';
import { formatDuration } from '../elements/elapsed-time.js';

// Whoever turned the page has gone: the oldest tickets must be in sight again.
const RETURN_MS = 30000;
const UPDATE_MS = 5000;

export class Pager {
  #list;
  #nav;
  #page = 0;
  #pageCount = 1;
  #capacity = Infinity;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #returnTimer;

  /** @param {HTMLElement} list @param {HTMLElement} nav `[data-pager]` */
  constructor(list, nav) {
    this.#list = list;
    this.#nav = nav;
    nav.addEventListener('click', (event) => {
      const key = /** @type {Element} */ (event.target).closest('[data-turn]');
      if (key) this.turn(Number(key.getAttribute('data-turn')));
    });
    document.addEventListener('card-change', () => this.update());
    document.addEventListener('lists-change', () => this.#measure());
    new ResizeObserver(() => this.#measure()).observe(list);
    setInterval(() => this.update(), UPDATE_MS); // the age of the oldest hidden ticket
    this.#measure();
  }

  /** @param {number} step pages onward or back @param {{isRound?: boolean}} [options] isRound: from the last to the first */
  turn(step, { isRound = false } = {}) {
    const page = this.#page + step;
    this.#page = isRound ? (page + this.#pageCount) % this.#pageCount : page;
    clearTimeout(this.#returnTimer);
    this.#returnTimer = setTimeout(() => { this.#page = 0; this.update(); }, RETURN_MS);
    this.update();
  }

  /** Turn to where a card is. @param {Element} card */
  show(card) {
    const pages = this.#layOut();
    const page = pages.findIndex((cards) => cards.includes(/** @type {HTMLElement} */ (card)));
    if (page >= 0 && page !== this.#page) this.turn(page - this.#page);
  }

  /** See how much a page holds: asks for a layout, so not with every card. */
  #measure() {
    // Measured without it: rows that are there for a card longer than a page are no page's.
    this.#list.removeAttribute('data-overlong');
    this.#capacity = readCapacity(this.#list);
    this.update();
  }

  /** Lay the cards out again. */
  update() {
    const pages = this.#layOut();
    this.#pageCount = pages.length;
    this.#page = Math.min(Math.max(0, this.#page), pages.length - 1);
    this.#list.setAttribute('data-paged', '');
    pages.forEach((cards, index) => {
      for (const card of cards) card.toggleAttribute('data-off-page', index !== this.#page);
    });
    this.#list.toggleAttribute('data-overlong', countCells(pages[this.#page]) > this.#capacity);
    const last = pages[pages.length - 1];
    const isFull = countCells(last) >= this.#capacity || this.#page < pages.length - 1;
    this.#list.querySelector('[data-after-list]')?.toggleAttribute('data-off-page', isFull);
    this.#showFigures(pages);
  }

  #layOut() {
    /** @type {HTMLElement[][]} */
    const pages = [[]];
    let used = 0;
    for (const card of /** @type {NodeListOf<HTMLElement>} */ (this.#list.querySelectorAll(':scope > [data-rank]:not([hidden])'))) {
      const cells = countCells([card]);
      if (used && used + cells > this.#capacity) {
        pages.push([]);
        used = 0;
      }
      pages[pages.length - 1].push(card);
      used += cells;
    }
    return pages;
  }

  /** @param {HTMLElement[][]} pages */
  #showFigures(pages) {
    const hidden = pages.filter((_, index) => index !== this.#page).flat();
    this.#write('[data-page-number]', String(this.#page + 1));
    this.#write('[data-page-count]', String(pages.length));
    this.#write('[data-figure="hidden"]', String(hidden.length));
    this.#write('[data-figure="oldest"]', formatDuration(readOldestAgeS(hidden)));
    this.#find('[data-page-all]')?.toggleAttribute('hidden', hidden.length > 0);
    this.#find('[data-page-more]')?.toggleAttribute('hidden', hidden.length === 0);
    this.#find('[data-turn="-1"]')?.toggleAttribute('disabled', this.#page === 0);
    this.#find('[data-turn="1"]')?.toggleAttribute('disabled', this.#page === pages.length - 1);
  }

  /** @param {string} selector */
  #find(selector) {
    return this.#nav.querySelector(selector);
  }

  /** @param {string} selector @param {string} text */
  #write(selector, text) {
    const element = this.#find(selector);
    if (element) writeText(element, text);
  }
}

/** @param {HTMLElement} list how many cells a page of it has; Infinity where it may grow */
function readCapacity(list) {
  const wall = /** @type {HTMLElement} */ (list.closest('.kitchen') ?? list);
  // The wall scrolls instead of paging where its style lets it overflow.
  if (getComputedStyle(wall).overflowY === 'visible') return Infinity;
  const { gridTemplateColumns, gridTemplateRows } = getComputedStyle(list);
  return countTracks(gridTemplateColumns) * countTracks(gridTemplateRows) || Infinity;
}

/** @param {string} tracks resolved sizes; what is not on the page has none */
function countTracks(tracks) {
  return tracks.split(' ').filter((size) => parseFloat(size) > 1).length;
}

/** @param {HTMLElement[]} cards */
function countCells(cards) {
  return cards.reduce((count, card) => count + Math.max(1, card.querySelectorAll('.ticket__cell').length), 0);
}

/** @param {HTMLElement[]} cards */
function readOldestAgeS(cards) {
  const sinceMs = cards.map((card) => Date.parse(card.querySelector('elapsed-time')?.getAttribute('datetime') ?? ''));
  const known = sinceMs.filter((each) => !Number.isNaN(each));
  return known.length ? (readServerTimeMs() - Math.min(...known)) / 1000 : 0;
}
