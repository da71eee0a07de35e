// @ts-check
/**
 * What was pressed without a connection and refused when it was back: one row each, with the server's
 * reason, until somebody has read them (`[data-returned]`). A toast would show the last one alone.
 */

import { fillFields } from './dom.js';

/** @typedef {import('./commands.js').Refusal} Refusal */

export class Returned {
  #section;
  #rows;

  /** @param {HTMLElement} section */
  constructor(section) {
    this.#section = section;
    this.#rows = /** @type {HTMLElement} */ (section.querySelector('[data-returned-list]'));
    document.addEventListener('command-refused', (event) => {
      const { label, message, wasKept } = /** @type {CustomEvent<Refusal>} */ (event).detail;
      if (!wasKept) return;
      event.preventDefault();
      this.#add(label, message);
    });
    section.addEventListener('click', (event) => {
      if (/** @type {Element} */ (event.target).closest('[data-returned-seen]')) this.#clear();
    });
  }

  /** @param {string} label @param {string} message */
  #add(label, message) {
    const template = /** @type {HTMLTemplateElement} */ (document.querySelector('[data-template="returned-row"]'));
    const row = document.importNode(template.content, true);
    fillFields(row, { label, message });
    this.#rows.append(row);
    this.#section.hidden = false;
  }

  #clear() {
    this.#rows.replaceChildren();
    this.#section.hidden = true;
  }
}
