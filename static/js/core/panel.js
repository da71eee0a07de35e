// @ts-check
/**
 * A panel over the wall whose content the server renders when it is asked for: a `<dialog
 * data-address>` with `[data-panel-found]` for the content, `[data-panel-fault]` for what is said
 * without a connection, and, where one can search, `[data-panel-find]` and `[data-panel-digit]`.
 * A key inside with `data-command` closes it: the wall shows what comes of it.
 */

const TYPING_MS = 120; // a search per word, not per letter

export class Panel {
  #dialog;
  #found;
  #field;
  #abort = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {Promise<void>} the last look-up */
  #loading = Promise.resolve();

  /** @param {HTMLDialogElement} dialog */
  constructor(dialog) {
    this.#dialog = dialog;
    this.#found = /** @type {HTMLElement} */ (dialog.querySelector('[data-panel-found]'));
    this.#field = /** @type {HTMLInputElement | null} */ (dialog.querySelector('[data-panel-find]'));
    dialog.addEventListener('click', (event) => this.#onClick(/** @type {Element} */ (event.target)));
    dialog.addEventListener('keydown', (event) => this.#onKey(event));
    this.#field?.addEventListener('input', () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.refresh(), TYPING_MS);
    });
    dialog.addEventListener('close', () => this.#found.replaceChildren());
  }

  get isOpen() {
    return this.#dialog.open;
  }

  /** Open it, empty, and look up what it begins with. @param {string} [address] instead of its own */
  open(address = this.#dialog.dataset.address ?? '') {
    this.#dialog.dataset.shown = address;
    if (this.#field) this.#field.value = '';
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#field?.focus();
    this.refresh();
    return true;
  }

  /** Show another part of the server's in it. @param {string} address */
  turnTo(address) {
    this.#dialog.dataset.shown = address;
    this.refresh();
    void this.#loading.then(() => this.#findFirst()?.focus());
  }

  /** Look up again what it shows. */
  refresh() {
    clearTimeout(this.#timer);
    const wanted = this.#field ? `&find=${encodeURIComponent(this.#field.value)}` : '';
    this.#loading = this.#load(`${this.#dialog.dataset.shown}${wanted}`);
  }

  /** @param {string} address */
  async #load(address) {
    this.#abort.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.#found.setAttribute('aria-busy', 'true');
    try {
      const response = await fetch(address, { credentials: 'same-origin', cache: 'no-store', signal: abort.signal });
      if (!response.ok) throw new Error(`The part answered ${response.status}.`);
      const part = new DOMParser().parseFromString(await response.text(), 'text/html');
      if (abort.signal.aborted) return;
      this.#found.replaceChildren(...[...part.body.childNodes].map((node) => document.importNode(node, true)));
      this.#showFault(false);
    } catch {
      if (!abort.signal.aborted) this.#showFault(true);
    } finally {
      if (this.#abort === abort) this.#found.removeAttribute('aria-busy');
    }
  }

  /** @param {boolean} isShown */
  #showFault(isShown) {
    this.#dialog.querySelector('[data-panel-fault]')?.toggleAttribute('hidden', !isShown);
    if (isShown) this.#found.replaceChildren();
  }

  /** @param {Element} target */
  #onClick(target) {
    const digit = /** @type {HTMLElement | null} */ (target.closest('[data-panel-digit]'));
    if (digit && this.#field) {
      this.#field.value = digit.dataset.panelDigit ? this.#field.value + digit.dataset.panelDigit : '';
      this.refresh();
    }
    const part = /** @type {HTMLElement | null} */ (target.closest('[data-panel-part]'));
    if (part) this.turnTo(part.dataset.panelPart ?? '');
    // The command is read by whoever hears of the click after this.
    else if (target.closest('[data-command]')) setTimeout(() => this.#dialog.close(), 0);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      const keys = this.#listKeys();
      const index = keys.indexOf(/** @type {HTMLElement} */ (document.activeElement)) + step;
      if (index < 0) this.#field?.focus();
      else keys[Math.min(index, keys.length - 1)]?.focus();
      event.preventDefault();
    } else if (event.key === 'Enter' && event.target === this.#field) {
      // What is typed is looked up first; a second Enter presses what was found.
      event.preventDefault();
      this.refresh();
      void this.#loading.then(() => this.#listKeys()[0]?.focus());
    }
  }

  /** The key that most come for: `[data-panel-first]`, else the first of all. */
  #findFirst() {
    return /** @type {HTMLElement | null} */ (this.#found.querySelector('[data-panel-first]')) ?? this.#listKeys()[0];
  }

  /** @returns {HTMLElement[]} what can be pressed of what was found */
  #listKeys() {
    return [.../** @type {NodeListOf<HTMLElement>} */ (this.#found.querySelectorAll('button:not([disabled])'))];
  }
}

/** A panel and the key of the page that opens it. @param {string} dialog @param {string} key */
export function openPanel(dialog, key) {
  const element = /** @type {HTMLDialogElement | null} */ (document.querySelector(dialog));
  const panel = element && new Panel(element);
  document.querySelector(key)?.addEventListener('click', () => panel?.open());
  return panel;
}
