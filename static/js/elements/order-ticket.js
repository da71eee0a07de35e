// @ts-check
/**
 * `<order-ticket>`: a kitchen card. It is new until somebody touches it, and stays touched when a
 * fragment replaces it.
 */

/** @type {Set<string>} the last tickets that were touched, oldest first */
const touched = new Set();
const REMEMBERED = 500; // more than any board holds

export class OrderTicket extends HTMLElement {
  #abort = new AbortController();

  connectedCallback() {
    if (touched.has(this.id)) this.removeAttribute('data-state');
    this.#abort = new AbortController();
    for (const name of ['pointerdown', 'keydown']) {
      this.addEventListener(name, () => this.touch(), { signal: this.#abort.signal });
    }
  }

  disconnectedCallback() {
    this.#abort.abort();
  }

  get isNew() {
    return this.getAttribute('data-state') === 'new';
  }

  /** Somebody has seen it. */
  touch() {
    if (!this.isNew) return;
    this.removeAttribute('data-state');
    touched.add(this.id);
    for (const oldest of touched) {
      if (touched.size <= REMEMBERED) break;
      touched.delete(oldest);
    }
  }
}

customElements.define('order-ticket', OrderTicket);
