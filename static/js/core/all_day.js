// @ts-check
/**
 * All day: how many of each dish the open tickets still ask for, over all pages of the wall. Figures
 * alone come from here; a row is the markup's own (`[data-template="all-day-row"]`).
 */

import { fillFields, oncePerTurn, readJson } from './dom.js';

/** @typedef {{dish: string, quantity: number, wishes: string[]}} Line */
/** @typedef {{dish: string, quantity: number, wishes: string}} Sum */

/** Sum lines up by dish, the most wanted first. @param {Line[]} lines @returns {Sum[]} */
export function sumUp(lines) {
  /** @type {Map<string, {quantity: number, wishes: Map<string, number>}>} */
  const sums = new Map();
  for (const { dish, quantity, wishes } of lines) {
    const sum = sums.get(dish) ?? { quantity: 0, wishes: new Map() };
    sum.quantity += quantity;
    for (const wish of wishes) sum.wishes.set(wish, (sum.wishes.get(wish) ?? 0) + quantity);
    sums.set(dish, sum);
  }
  return [...sums]
    .map(([dish, { quantity, wishes }]) => ({
      dish, quantity, wishes: [...wishes].sort(byCount).map(([wish, count]) => `${count} ${wish}`).join(', '),
    }))
    .sort((one, other) => other.quantity - one.quantity || one.dish.localeCompare(other.dish));
}

/** @param {[string, number]} one @param {[string, number]} other */
function byCount(one, other) {
  return other[1] - one[1] || one[0].localeCompare(other[0]);
}

export class AllDay {
  #tickets;
  #rows;
  /** The dish whose lines are lit on the wall. */
  #lit = '';

  /** @param {HTMLElement} tickets the list of open tickets @param {HTMLElement} rows `[data-all-day]` */
  constructor(tickets, rows) {
    this.#tickets = tickets;
    this.#rows = rows;
    rows.addEventListener('click', (event) => {
      const row = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('[data-dish]'));
      if (!row) return;
      this.#lit = this.#lit === row.dataset.dish ? '' : row.dataset.dish ?? '';
      this.#light();
    });
    const updateSoon = oncePerTurn(() => this.update());
    for (const change of ['card-change', 'lists-change']) document.addEventListener(change, updateSoon);
    this.update();
  }

  /** Count again. */
  update() {
    const sums = sumUp(this.#readLines());
    const template = /** @type {HTMLTemplateElement} */ (document.querySelector('[data-template="all-day-row"]'));
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.dish;
    this.#rows.replaceChildren(...sums.map((sum) => {
      const row = document.importNode(template.content, true);
      const key = /** @type {HTMLElement} */ (row.querySelector('button'));
      key.dataset.dish = sum.dish;
      fillFields(row, sum);
      return row;
    }));
    document.querySelector('[data-all-day-none]')?.toggleAttribute('hidden', sums.length > 0);
    if (focused) this.#findRow(focused)?.focus({ preventScroll: true });
    this.#light();
  }

  #readLines() {
    const lines = /** @type {NodeListOf<HTMLElement>} */ (this.#tickets.querySelectorAll('.line[data-dish]'));
    return [...lines].map((line) => ({
      dish: line.dataset.dish ?? '',
      quantity: Number(line.dataset.quantity),
      wishes: /** @type {string[]} */ (readJson(line, 'data-wishes') ?? []),
    }));
  }

  #light() {
    for (const row of /** @type {NodeListOf<HTMLElement>} */ (this.#rows.querySelectorAll('[data-dish]'))) {
      row.setAttribute('aria-pressed', String(row.dataset.dish === this.#lit));
    }
    for (const line of /** @type {NodeListOf<HTMLElement>} */ (this.#tickets.querySelectorAll('.line[data-dish]'))) {
      line.toggleAttribute('data-lit', line.dataset.dish === this.#lit);
    }
  }

  /** @param {string} dish @returns {HTMLElement | null} */
  #findRow(dish) {
    return this.#rows.querySelector(`[data-dish="${CSS.escape(dish)}"]`);
  }
}
