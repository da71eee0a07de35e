// @ts-check
/**
 * Keys that carry a command: `data-command` with `data-payload`. A tap marks the card as pending
 * and sends; the event's fragment shows the result. An error, or three seconds without an answer,
 * takes the mark away and says so. Without a connection the command is kept and the mark stays.
 */

import { findCard, readJson } from './dom.js';
import { hideToast, showToast } from './toast.js';
import { ProtocolError } from './protocol.js';

// After that a person wonders; the command itself stays good until its own time-out.
const PATIENCE_MS = 3000;

/** @typedef {{send(type: string, data: object): Promise<any>, readonly isLive: boolean}} Sender */
/**
 * What the document is told by `command-refused`; whoever prevents its default says it in place of the toast.
 * @typedef {{label: string, message: string, wasKept: boolean}} Refusal label: the number of the order it was about
 */
/** @typedef {(card: HTMLElement | null) => Promise<string | null>} AskReason null: the person changed their mind */

export class Commands {
  #sender;
  #askReason;
  #askConsent;
  /** @type {Map<string, number>} pending commands by card */
  #pending = new Map();
  /** @type {Set<() => void>} what to do when the connection is there again */
  #kept = new Set();
  #abort = new AbortController();

  /** @param {Sender} sender @param {AskReason} [askReason] @param {import('./consent.js').AskConsent} [askConsent] */
  constructor(sender, askReason = async () => '', askConsent) {
    this.#sender = sender;
    this.#askReason = askReason;
    this.#askConsent = askConsent;
    const { signal } = this.#abort;
    document.addEventListener('click', (event) => this.#onClick(event), { signal });
    // A fragment may replace a card whose command has no answer yet.
    document.addEventListener('card-change', () => this.#markAll(), { signal });
    document.addEventListener('lists-change', () => this.#markAll(), { signal });
  }

  stop() {
    this.#abort.abort();
  }

  /** The connection is there again: what was kept is being sent now. */
  onLive() {
    for (const startPatience of this.#kept) startPatience();
    this.#kept.clear();
  }

  /** @param {Event} event */
  #onClick(event) {
    const key = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('[data-command]'));
    if (key) void this.run(key);
  }

  /** Do what a key says, as if it was tapped. @param {HTMLElement} key */
  async run(key) {
    if (key.getAttribute('aria-busy') === 'true' || /** @type {HTMLButtonElement} */ (key).disabled) return;
    const card = findCard(key);
    let payload = readJson(key, 'data-payload') ?? {};
    if (key.hasAttribute('data-needs-reason')) {
      const reason = await this.#askReason(card);
      if (reason === null) return;
      payload = { ...payload, reason };
    }
    const undo = key.getAttribute('data-undo');
    key.setAttribute('aria-busy', 'true');
    await this.perform({
      type: key.getAttribute('data-command') ?? '', payload, cardId: card?.id ?? '', done: key.getAttribute('data-done'),
      undo: undo ? { type: undo, payload: readJson(key, 'data-undo-payload') ?? {} } : null,
    });
    key.removeAttribute('aria-busy');
  }

  /**
   * Send a command and say what came of it.
   * @param {{type: string, payload: object, cardId?: string, done?: string | null, undo?: {type: string, payload: object} | null}} wish
   *   cardId: what it is about; done: the toast's sentence, with a key that sends `undo`
   */
  async perform({ type, payload, cardId = '', done = null, undo = null }) {
    hideToast();
    if (await this.#send(type, payload, cardId) && done) {
      showToast(done, { undo: undo ? () => void this.#send(undo.type, undo.payload, cardId) : null });
    }
  }

  /**
   * @param {string} type @param {object} payload @param {string} cardId
   * @returns {Promise<boolean>} was it done; if not, the person knows why
   */
  async #send(type, payload, cardId) {
    let isMarked = true;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let patience;
    const unmark = () => {
      if (isMarked) this.#count(cardId, -1);
      isMarked = false;
    };
    const startPatience = () => {
      patience = setTimeout(() => {
        // The connection broke meanwhile: the command is kept, and its mark says so.
        if (!this.#sender.isLive) {
          this.#kept.add(startPatience);
          wasKept = true;
          return;
        }
        unmark();
        showToast('No answer yet. Look before you try again.', { isFault: true });
      }, PATIENCE_MS);
    };
    const label = document.getElementById(cardId)?.dataset.orderNumber ?? '';
    let wasKept = !this.#sender.isLive;
    /** @type {ProtocolError} */
    let refusal;
    this.#count(cardId, 1);
    if (wasKept) this.#kept.add(startPatience);
    else startPatience();
    try {
      await this.#sender.send(type, payload);
      return true;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      refusal = error;
    } finally {
      clearTimeout(patience);
      this.#kept.delete(startPatience);
      unmark();
    }
    return this.#ask({ type, payload, cardId }, refusal, { label, wasKept });
  }

  /**
   * A refusal: what only a manager may is sent again with a manager's consent, if there is one.
   * @param {{type: string, payload: any, cardId: string}} wish @param {ProtocolError} refusal
   * @param {{label: string, wasKept: boolean}} what the card's number, and whether the command had to wait
   */
  async #ask({ type, payload, cardId }, refusal, { label, wasKept }) {
    const mayAsk = refusal.code === 'manager_required' && this.#askConsent && !payload.consentId;
    if (!mayAsk) {
      const told = new CustomEvent('command-refused', { detail: { label, message: refusal.message, wasKept }, cancelable: true });
      if (document.dispatchEvent(told)) showToast(refusal.message, { isFault: true });
      return false;
    }
    const consentId = await this.#askConsent?.({ type, payload, why: refusal.message });
    return consentId ? this.#send(type, { ...payload, consentId }, cardId) : false;
  }

  /** @param {string} cardId @param {number} change */
  #count(cardId, change) {
    if (!cardId) return;
    const count = (this.#pending.get(cardId) ?? 0) + change;
    if (count > 0) this.#pending.set(cardId, count);
    else this.#pending.delete(cardId);
    document.getElementById(cardId)?.toggleAttribute('data-pending', count > 0);
  }

  #markAll() {
    for (const cardId of this.#pending.keys()) document.getElementById(cardId)?.setAttribute('data-pending', '');
  }
}

/**
 * Make a question out of a dialog with quick answers and a field
 * (`[data-reason-dialog]`, templates/pages/counter.html).
 * @param {HTMLDialogElement} dialog @returns {AskReason}
 */
export function makeReasonDialog(dialog) {
  const field = /** @type {HTMLInputElement} */ (dialog.querySelector('[name="reason"]'));
  dialog.addEventListener('click', (event) => {
    const quick = /** @type {Element} */ (event.target).closest('[data-reason]');
    if (!quick) return;
    field.value = quick.getAttribute('data-reason') ?? '';
    dialog.close('confirm');
  });
  return () => new Promise((resolve) => {
    field.value = '';
    dialog.returnValue = '';
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'confirm' ? field.value.trim() : null), { once: true });
    dialog.showModal();
  });
}
