// @ts-check
/**
 * `<order-ticket>`: a kitchen card. It is new until somebody touches it, and stays touched when a
 * fragment replaces it.
 */

/** @type {Set<string>} the last tickets that were touched, oldest first */
const touched = new Set();
const REMEMBERED = 500; // more than any board holds

export class OrderTicket extends HTMLElement {
  connectedCallback() {
    if (this.hasAttribute('data-held')) touched.delete(this.id); // fired, it is new again
    if (touched.has(this.id)) this.removeAttribute('data-state');
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

// One listener for all of them: a wall has sixty, and each is replaced many times.
for (const name of ['pointerdown', 'keydown']) {
  document.addEventListener(name, (event) => {
    /** @type {OrderTicket | null} */ (/** @type {Element} */ (event.target).closest?.('order-ticket'))?.touch();
  }, { capture: true });
}

customElements.define('order-ticket', OrderTicket);
