// @ts-check
/**
 * What can be done with a ticket beside bumping it (templates/components/ticket_menu.html): opened
 * by holding a ticket, by a right click or the menu key, or by whoever calls `open`. The keys carry
 * `data-menu-command`; here they become commands about the ticket that was held.
 */

import { readJson } from './dom.js';

/** @typedef {import('./commands.js').Commands} Commands */

// As long as it takes to mean it (domain: actions and keys); a tap is a fifth of that.
const HOLD_MS = 600;
const STILL_PX = 12; // a finger that rests moves about that much
const CLICK_MS = 100; // after the release: the click of the finger that held is nobody's wish

export class TicketMenu {
  #dialog;
  #commands;
  /** @type {HTMLElement | null} */
  #ticket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #start = { x: 0, y: 0 };
  #isReleaseDue = false;

  /** @param {HTMLElement} tickets the list @param {HTMLDialogElement} dialog @param {Commands} commands */
  constructor(tickets, dialog, commands) {
    this.#dialog = dialog;
    this.#commands = commands;
    tickets.addEventListener('pointerdown', (event) => this.#onPress(event));
    for (const name of ['pointerup', 'pointercancel']) document.addEventListener(name, () => this.#onRelease(), true);
    document.addEventListener('pointerdown', () => { this.#isReleaseDue = false; }, true);
    tickets.addEventListener('pointermove', (event) => {
      if (Math.hypot(event.clientX - this.#start.x, event.clientY - this.#start.y) > STILL_PX) clearTimeout(this.#timer);
    });
    document.addEventListener('click', (event) => {
      if (!this.#isReleaseDue) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    }, true);
    tickets.addEventListener('contextmenu', (event) => {
      const ticket = findTicket(event.target);
      if (!ticket) return;
      event.preventDefault(); // a long press makes one too, on some tablets
      this.open(ticket);
    });
    // Of a ticket that is held the head has nothing to bump.
    tickets.addEventListener('click', (event) => {
      if (/** @type {Element} */ (event.target).closest('[data-open-menu]')) this.open(findTicket(event.target));
    });
    dialog.addEventListener('click', (event) => this.#onChoice(event));
    dialog.querySelector('[data-rush-form]')?.addEventListener('submit', (event) => this.#onOwnReason(event));
  }

  /** @param {HTMLElement | null} ticket @param {string} [focus] a selector of what is meant most likely */
  open(ticket, focus = 'button') {
    clearTimeout(this.#timer);
    if (!ticket || this.#dialog.open) return false;
    this.#ticket = ticket;
    this.#write('number', ticket.dataset.orderNumber ?? '');
    this.#write('place', ticket.querySelector('.ticket__place')?.textContent?.trim() ?? '');
    const isRushed = ticket.hasAttribute('data-rush');
    this.#find('[data-menu-part="hold"]')?.toggleAttribute('hidden', !ticket.hasAttribute('data-holds'));
    this.#find('[data-menu-part="fire"]')?.toggleAttribute('hidden', !showFires(this.#find('[data-menu-fires]'), ticket));
    this.#find('[data-menu-part="rush"]')?.toggleAttribute('hidden', isRushed || ticket.hasAttribute('data-held'));
    this.#find('[data-menu-part="rushed"]')?.toggleAttribute('hidden', !isRushed);
    for (const list of this.#dialog.querySelectorAll('[data-menu-dishes]')) showDishes(list, ticket);
    this.#dialog.showModal();
    /** @type {HTMLElement | undefined} */ ([.../** @type {NodeListOf<HTMLElement>} */ (this.#dialog.querySelectorAll(focus))].find((key) => key.offsetParent))?.focus();
    return true;
  }

  /** @param {PointerEvent} event */
  #onPress(event) {
    clearTimeout(this.#timer);
    const ticket = findTicket(event.target);
    if (!ticket || !event.isTrusted || event.button !== 0) return;
    this.#start = { x: event.clientX, y: event.clientY };
    this.#timer = setTimeout(() => { this.#isReleaseDue = this.open(ticket); }, HOLD_MS);
  }

  #onRelease() {
    clearTimeout(this.#timer);
    if (this.#isReleaseDue) setTimeout(() => { this.#isReleaseDue = false; }, CLICK_MS);
  }

  /** @param {Event} event */
  #onChoice(event) {
    const key = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('[data-menu-command]'));
    if (key) this.#run(key, key.dataset.reason ?? '');
  }

  /** @param {Event} event */
  #onOwnReason(event) {
    event.preventDefault();
    const field = /** @type {HTMLInputElement} */ (this.#find('[name="reason"]'));
    const key = this.#find('[data-menu-command="rush_ticket"]');
    if (field.value.trim() && key) this.#run(key, field.value.trim());
    field.value = '';
  }

  /** @param {HTMLElement} key @param {string} reason */
  #run(key, reason) {
    const ticket = /** @type {HTMLElement} */ (this.#ticket);
    const about = { ticketId: ticket.dataset.ticketId };
    const { menuCommand, menuUndo, menuDone } = key.dataset;
    this.#dialog.close();
    void this.#commands.perform({
      type: menuCommand ?? '', payload: readLines(key, ticket) ?? (reason ? { ...about, reason } : about), cardId: ticket.id,
      done: menuDone ? `${ticket.dataset.orderNumber} ${menuDone}` : null, undo: menuUndo ? { type: menuUndo, payload: about } : null,
    });
  }

  /** @param {string} selector */
  #find(selector) {
    return /** @type {HTMLElement | null} */ (this.#dialog.querySelector(selector));
  }

  /** @param {string} name @param {string} text */
  #write(name, text) {
    for (const place of this.#dialog.querySelectorAll(`[data-menu-text="${name}"]`)) place.textContent = text;
  }

  get ticket() {
    return this.#ticket;
  }
}

/** One key for each dish of a ticket, from the markup's own template. @param {Element} list @param {HTMLElement} ticket */
function showDishes(list, ticket) {
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector('[data-template="menu-dish"]'));
  const dishes = new Map([.../** @type {NodeListOf<HTMLElement>} */ (ticket.querySelectorAll('[data-menu-item-id]'))]
    .map((line) => [line.dataset.menuItemId ?? '', line.querySelector('.line__name')?.textContent ?? '']));
  list.replaceChildren(...[...dishes].filter(([id]) => id).map(([id, name]) => {
    const row = document.importNode(template.content, true);
    const key = /** @type {HTMLElement} */ (row.querySelector('button'));
    key.dataset.soldOut = id;
    key.append(name);
    return row;
  }));
}

/** One key for all that is held together. @param {Element | null} list @param {HTMLElement} ticket @returns {boolean} is there any */
function showFires(list, ticket) {
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector('[data-template="menu-fire"]'));
  const held = /** @type {HTMLElement[]} */ ([ticket, ...ticket.querySelectorAll('[data-fire]')].filter((each) => each.hasAttribute('data-fire')));
  list?.replaceChildren(...held.map((each) => {
    const row = document.importNode(template.content, true);
    const key = /** @type {HTMLElement} */ (row.querySelector('button'));
    key.dataset.items = each.dataset.fire;
    key.append(each.dataset.what ?? '');
    return row;
  }));
  return held.length > 0;
}

/** What a key that is about lines says of them. @param {HTMLElement} key @param {HTMLElement} ticket */
function readLines(key, ticket) {
  if (key.dataset.menuCommand === 'fire_items') return { items: readJson(key, 'data-items') };
  if (key.dataset.menuCommand !== 'hold_items') return null;
  const { firesInS } = key.dataset;
  return { items: readJson(ticket, 'data-holds'), ...(firesInS ? { firesInS: Number(firesInS) } : {}) };
}

/** @param {EventTarget | null} target @returns {HTMLElement | null} an open ticket */
function findTicket(target) {
  return /** @type {HTMLElement | null} */ (/** @type {Element} */ (target).closest('order-ticket[data-column="open"]'));
}
