// @ts-check
/**
 * `<bump-keys>`: the kitchen by keyboard or bump bar. Selecting is focusing, so that a screen
 * reader follows and a replaced card gets its focus back. A `<dialog data-legend>` inside, where
 * the page has one, is what `?` opens; it lists these keys and no others:
 *
 * 1-9 bump the ticket at that place · left, right: ticket · up, down: line · Space: line done or
 * not · Enter: bump the ticket · Backspace or minus: recall the last one · 0 or full stop: next
 * page · A: acknowledge what presses most in the bar · Escape: select nothing
 */

import { isTextField } from '../core/dom.js';

const OPEN = '[data-list="kitchen_ticket"][data-column="open"]';
const FINISHED = '[data-list="kitchen_ticket"][data-column="finished"]';

/** @typedef {{turn(step: number, options?: {isRound?: boolean}): void, show(card: Element): void}} Pages */

export class BumpKeys extends HTMLElement {
  /** @type {Pages | null} */
  pages = null;
  #abort = new AbortController();

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    document.addEventListener('keydown', (event) => this.#onKey(event), { signal });
    document.addEventListener('focusin', () => this.#showSelection(), { signal });
    document.addEventListener('focusout', () => this.#showSelection(), { signal });
  }

  disconnectedCallback() {
    this.#abort.abort();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || isTextField(document.activeElement)) return;
    if (document.querySelector('dialog[open]')) return; // Escape closes it by itself
    if (event.repeat && !event.key.startsWith('Arrow')) return; // a key held down bumps one ticket
    if (this.#act(event.key)) event.preventDefault();
  }

  /** @param {string} key @returns {boolean} was it one of ours */
  #act(key) {
    const isRightToLeft = document.documentElement.dir === 'rtl';
    if (/^[1-9]$/.test(key)) return this.#press(listTickets()[Number(key) - 1], '[data-command="bump_ticket"]');
    switch (key) {
      case 'ArrowRight': return this.#moveTicket(isRightToLeft ? -1 : 1);
      case 'ArrowLeft': return this.#moveTicket(isRightToLeft ? 1 : -1);
      case 'ArrowDown': return this.#moveLine(1);
      case 'ArrowUp': return this.#moveLine(-1);
      case 'Enter': return this.#press(findSelected(), '[data-command="bump_ticket"]');
      case 'Backspace': case '-':
        return this.#press(document.querySelector(`${FINISHED} > [data-rank]`), '[data-command="recall_ticket"]');
      case '0': case '.':
        this.pages?.turn(1, { isRound: true });
        return true;
      case 'a': case 'A':
        return /** @type {any} */ (document.querySelector('notification-tray'))?.acknowledgeFirst() ?? false;
      case '?':
        /** @type {HTMLDialogElement | null} */ (this.querySelector('dialog[data-legend]'))?.showModal();
        return true;
      case 'Escape':
        /** @type {HTMLElement | null} */ (document.activeElement)?.blur();
        return true;
      default: return false; // Space presses the line that has the focus, as on any key of the page
    }
  }

  /** @param {Element | null | undefined} card @param {string} selector */
  #press(card, selector) {
    const key = /** @type {HTMLElement | null | undefined} */ (card?.querySelector(selector));
    if (!key) return false;
    key.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true })); // touched: no longer new
    key.dispatchEvent(new PointerEvent('pointercancel', { bubbles: true }));
    key.click();
    return true;
  }

  /** @param {number} step */
  #moveTicket(step) {
    const tickets = listTickets({ isWholeList: true });
    const selected = findSelected();
    const index = selected ? tickets.indexOf(selected) + step : step > 0 ? tickets.indexOf(listTickets()[0]) : tickets.length - 1;
    const ticket = tickets[Math.min(Math.max(0, index), tickets.length - 1)];
    if (!ticket) return false;
    this.pages?.show(ticket);
    focusKey(ticket.querySelector('[data-command="bump_ticket"]'));
    return true;
  }

  /** @param {number} step */
  #moveLine(step) {
    const ticket = findSelected();
    if (!ticket) return this.#moveTicket(1);
    const keys = [...ticket.querySelectorAll('[data-command]')];
    const index = keys.indexOf(/** @type {Element} */ (document.activeElement)) + step;
    focusKey(keys[Math.min(Math.max(0, index), keys.length - 1)]);
    return true;
  }

  #showSelection() {
    const selected = findSelected();
    for (const ticket of document.querySelectorAll(`${OPEN} > [data-selected]`)) {
      if (ticket !== selected) ticket.removeAttribute('data-selected');
    }
    // A finger's tap focuses too; only a keyboard needs to be shown where it is.
    if (document.activeElement?.matches(':focus-visible')) selected?.setAttribute('data-selected', '');
  }
}

/** @param {{isWholeList?: boolean}} [options] else those of the page in sight, in their order */
function listTickets({ isWholeList = false } = {}) {
  const tickets = [...document.querySelectorAll(`${OPEN} > [data-rank]`)];
  return isWholeList ? tickets : tickets.filter((ticket) => !ticket.hasAttribute('data-off-page'));
}

/** The ticket that has the focus. */
function findSelected() {
  return document.activeElement?.closest(`${OPEN} > [data-rank]`) ?? null;
}

/** @param {Element | null} key */
function focusKey(key) {
  // Focus by keyboard shows its ring, whatever was used before.
  /** @type {HTMLElement | null} */ (key)?.focus(/** @type {FocusOptions} */ ({ focusVisible: true }));
}

customElements.define('bump-keys', BumpKeys);
