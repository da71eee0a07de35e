// @ts-check
/**
 * `<bump-keys data-cards>`: the kitchen, or the pass, by keyboard or bump bar: the component of the cards.
 * Selecting is focusing, so that a screen
 * reader follows and a replaced card gets its focus back. Which key does what is core/key-map.js's; a
 * `<dialog data-legend>` inside lists it and teaches other keys by pressing them.
 */

import { isTextField } from '../core/dom.js';
import { KeyMap, nameKey } from '../core/key-map.js';

const CARDS = /** @type {HTMLElement | null} */ (document.querySelector('bump-keys'))?.dataset.cards ?? 'kitchen_ticket';
const OPEN = `[data-list="${CARDS}"][data-column="open"]`;
const FINISHED = `[data-list="${CARDS}"]:is([data-column="finished"], [data-column="served"])`;
// What a card's own key is: of a ticket its head, of an order at the pass what hands it over.
const BUMP = '[data-command="bump_ticket"], [data-main-key]';
const RECALL = '[data-command="recall_ticket"], [data-recall]';

/** @typedef {{turn(step: number, options?: {isRound?: boolean}): void, show(card: Element): void}} Pages */

/** @typedef {{open(): boolean}} Panel */
/** @typedef {{open(ticket: HTMLElement | null, focus?: string): boolean}} Menu */

export class BumpKeys extends HTMLElement {
  /** @type {Pages | null} */
  pages = null;
  /** @type {Menu | null} */
  menu = null;
  /** @type {Panel | null} */
  recall = null;
  /** @type {Panel | null} */
  soldOut = null;
  /** The action that is being taught a key, "" for none. */
  #teaching = '';
  #map = new KeyMap(findStorage());
  #abort = new AbortController();

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    // Before anything else hears of it: a key that is being taught does nothing.
    document.addEventListener('keydown', (event) => this.#onKey(event), { signal, capture: true });
    document.addEventListener('click', (event) => this.#onClick(/** @type {Element} */ (event.target)), { signal });
    this.#legend?.addEventListener('close', () => { this.#teaching = ''; }, { signal });
    document.addEventListener('focusin', () => this.#showSelection(), { signal });
    document.addEventListener('focusout', () => this.#showSelection(), { signal });
  }

  disconnectedCallback() {
    this.#abort.abort();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (this.#teaching) this.#learn(event);
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTextField(document.activeElement)) return;
    if (document.querySelector('dialog[open]')) return; // Escape closes it by itself
    const action = this.#map.find(event.key);
    if (event.repeat && !/-(ticket|line)$/.test(action ?? '')) return; // a key held down bumps one ticket
    if (action && this.#act(action, event.key)) event.preventDefault();
  }

  /** @param {string} action @param {string} key @returns {boolean} was there something to do */
  #act(action, key) {
    const forward = document.documentElement.dir === 'rtl' ? -1 : 1;
    const place = /^bump-(\d)$/.exec(action);
    if (place) return this.#bumpPlace(Number(place[1]) - 1);
    switch (action) {
      case 'next-ticket': return this.#moveTicket(forward);
      case 'previous-ticket': return this.#moveTicket(-forward);
      case 'next-line': return this.#moveLine(1);
      case 'previous-line': return this.#moveLine(-1);
      case 'line': return key !== ' ' && pressFocused(); // Space presses what has the focus by itself
      case 'bump': return this.#bumpSelected();
      case 'recall-last': return this.#press(document.querySelector(`${FINISHED} > [data-rank]`), RECALL);
      case 'search': return this.recall?.open() ?? false;
      case 'sold-out': return this.soldOut?.open() ?? false;
      case 'rush': return this.menu?.open(findSelected(), '[data-menu-command*="rush"]') ?? false;
      case 'menu': return this.menu?.open(findSelected()) ?? false;
      case 'next-page': case 'previous-page':
        this.pages?.turn(action === 'next-page' ? 1 : -1, { isRound: true });
        return true;
      case 'all-day':
        focusKey(document.querySelector('[data-all-day] button'));
        return true;
      case 'screens': return showScreens();
      case 'acknowledge':
        return /** @type {any} */ (document.querySelector('notification-tray'))?.acknowledgeFirst() ?? false;
      case 'legend': return this.#showLegend();
      case 'cancel':
        document.querySelector('[data-list="screen_faults"] details')?.removeAttribute('open');
        /** @type {HTMLElement | null} */ (document.activeElement)?.blur();
        return true;
      default: return false;
    }
  }

  /** @param {number} index of the page in sight */
  #bumpPlace(index) {
    const ticket = listTickets()[index];
    if (!this.#map.selectsFirst) return this.#press(ticket, BUMP);
    focusKey(ticket?.querySelector(BUMP) ?? null);
    return Boolean(ticket);
  }

  /** The chosen ticket; at the pass, where each key does something of its own, the key that has the focus. */
  #bumpSelected() {
    const selected = findSelected();
    return selected?.matches('[data-list="pass_order"] > *') ? false : this.#press(selected, BUMP);
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
    focusKey(ticket.querySelector(BUMP) ?? ticket.querySelector('[data-open-menu], [data-command], summary'));
    return true;
  }

  /** @param {number} step */
  #moveLine(step) {
    const ticket = findSelected();
    if (!ticket) return this.#moveTicket(1);
    const keys = [...ticket.querySelectorAll('[data-command], summary')].filter((each) => /** @type {HTMLElement} */ (each).offsetParent);
    const index = keys.indexOf(/** @type {Element} */ (document.activeElement)) + step;
    focusKey(keys[Math.min(Math.max(0, index), keys.length - 1)]);
    return true;
  }

  // --- the legend, where keys are taught ---

  #showLegend() {
    const dialog = this.#legend;
    if (!dialog || dialog.open) return false;
    this.#writeKeys();
    dialog.showModal();
    return true;
  }

  #writeKeys() {
    const template = /** @type {HTMLTemplateElement | null} */ (this.querySelector('[data-template="keycap"]'));
    for (const row of /** @type {NodeListOf<HTMLElement>} */ (this.querySelectorAll('[data-action]'))) {
      const action = row.dataset.action ?? '';
      const caps = this.#map.list(action).map((key) => {
        const cap = document.importNode(/** @type {HTMLTemplateElement} */ (template).content, true);
        /** @type {HTMLElement} */ (cap.firstElementChild).textContent = nameKey(key);
        return cap;
      });
      row.querySelector('[data-keys]')?.replaceChildren(...caps);
      row.querySelector('[data-teach]')?.toggleAttribute('hidden', !this.#map.mayTeach(action));
      row.toggleAttribute('data-teaching', action === this.#teaching);
    }
    const prompt = /** @type {HTMLElement | null} */ (this.querySelector('[data-teach-prompt]'));
    const what = this.querySelector(`[data-action="${this.#teaching}"] [data-what]`)?.textContent ?? '';
    if (prompt) {
      prompt.hidden = !this.#teaching;
      const place = prompt.querySelector('[data-teach-what]');
      if (place) place.textContent = what;
    }
    const choice = /** @type {HTMLInputElement | null} */ (this.querySelector('[data-select-first]'));
    if (choice) choice.checked = this.#map.selectsFirst;
  }

  /** @param {KeyboardEvent} event the one that shall do it */
  #learn(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.key !== 'Escape' && !this.#map.teach(this.#teaching, event.key)) return; // Shift, or a key that is spoken for
    this.#teaching = '';
    this.#writeKeys();
  }

  /** @param {Element} target */
  #onClick(target) {
    if (target.closest('[data-open-legend]')) {
      /** @type {HTMLDialogElement | null} */ (document.querySelector('dialog[open]'))?.close();
      this.#showLegend();
    }
    if (!this.contains(target)) return;
    const row = /** @type {HTMLElement | null} */ (target.closest('[data-teach]')?.closest('[data-action]') ?? null);
    if (row) this.#teaching = row.dataset.action ?? '';
    if (target.closest('[data-reset-keys]')) this.#map.reset();
    if (target.matches('[data-select-first]')) this.#map.selectFirst(/** @type {HTMLInputElement} */ (target).checked);
    this.#writeKeys();
  }

  get #legend() {
    return /** @type {HTMLDialogElement | null} */ (this.querySelector('dialog[data-legend]'));
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
  const tickets = [...document.querySelectorAll(`${OPEN} > [data-rank]:not([hidden])`)];
  return isWholeList ? tickets : tickets.filter((ticket) => !ticket.hasAttribute('data-off-page'));
}

/** The ticket that has the focus. */
function findSelected() {
  return /** @type {HTMLElement | null} */ (document.activeElement?.closest(`${OPEN} > [data-rank]`) ?? null);
}

/** What is wrong with the kitchen's screens, and its first key. */
function showScreens() {
  const faults = /** @type {HTMLDetailsElement | null} */ (document.querySelector('[data-list="screen_faults"] details'));
  if (!faults) return false;
  faults.open = true;
  focusKey(faults.querySelector('[data-command]') ?? faults.querySelector('summary'));
  return true;
}

/** Press the line that has the focus. */
function pressFocused() {
  const line = /** @type {HTMLElement | null | undefined} */ (document.activeElement?.closest('.line[data-command]'));
  line?.click();
  return Boolean(line);
}

/** @returns {Storage | null} closed in private windows */
function findStorage() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

/** @param {Element | null} key */
function focusKey(key) {
  // Focus by keyboard shows its ring, whatever was used before.
  /** @type {HTMLElement | null} */ (key)?.focus(/** @type {FocusOptions} */ ({ focusVisible: true }));
}

customElements.define('bump-keys', BumpKeys);
