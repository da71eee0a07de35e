// @ts-check
/**
 * Giving money back: `[data-refund]` keys open the page's one dialog
 * (templates/components/refund_dialog.html), which stays until the server has answered.
 */

import { formatMoney } from './money.js';
import { readMinor, writeMinor } from './money-field.js';
import { ProtocolError, makeCommandId } from './protocol.js';
import { showToast } from './toast.js';

/** @typedef {{send(type: string, data: object, options?: {id?: string}): Promise<{data: any}>, readonly isLive: boolean}} Sender */

export class RefundDialog {
  #dialog;
  #form;
  #sender;
  #paymentId = '';
  #mostMinor = 0;
  #isSending = false;
  /** @type {{wish: string, id: string} | null} what was asked and has no answer */
  #unanswered = null;

  /** @param {HTMLDialogElement} dialog @param {Sender} sender */
  constructor(dialog, sender) {
    this.#dialog = dialog;
    this.#sender = sender;
    this.#form = /** @type {HTMLFormElement} */ (dialog.querySelector('form'));
    document.addEventListener('click', (event) => {
      const key = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('[data-refund]'));
      if (key) this.#open(key);
    });
    dialog.addEventListener('click', (event) => {
      const target = /** @type {Element} */ (event.target);
      const quick = target.closest('[data-reason]');
      if (quick) this.#field('reason').value = quick.getAttribute('data-reason') ?? '';
      if (target.closest('[data-refund-close]')) dialog.close();
    });
    dialog.addEventListener('input', () => this.#show());
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#give();
    });
  }

  /** @param {HTMLElement} key */
  #open(key) {
    this.#form.reset();
    this.#paymentId = key.dataset.refund ?? '';
    this.#mostMinor = Number(key.dataset.mostMinor);
    const what = this.#dialog.querySelector('[data-refund-what]');
    if (what) what.textContent = key.dataset.what ?? '';
    writeMinor(this.#field('amount'), Number(key.dataset.amountMinor));
    const kind = 'overpaid' in key.dataset ? 'reversal' : 'credit';
    /** @type {HTMLInputElement} */ (this.#form.querySelector(`[name="kind"][value="${kind}"]`)).checked = true;
    this.#say('');
    this.#show();
    this.#dialog.showModal();
  }

  #show() {
    const minor = readMinor(this.#field('amount'));
    const figure = this.#dialog.querySelector('[data-figure="refund"]');
    if (figure) figure.textContent = minor ? this.#format(minor) : '';
    if (minor > this.#mostMinor) this.#say(`Of this payment ${this.#format(this.#mostMinor)} can be given back.`);
    else if (!this.#isSending) this.#say('');
    const go = this.#dialog.querySelector('[data-refund-go]');
    go?.toggleAttribute('disabled', this.#isSending || minor <= 0 || minor > this.#mostMinor);
    if (this.#isSending) go?.setAttribute('aria-busy', 'true');
    else go?.removeAttribute('aria-busy');
  }

  async #give() {
    const amountMinor = readMinor(this.#field('amount'));
    if (this.#isSending || amountMinor <= 0 || amountMinor > this.#mostMinor) return;
    const reason = this.#field('reason').value.trim();
    if (!reason) {
      this.#say('Say why: it is kept with the payment.');
      this.#field('reason').focus();
      return;
    }
    const isCredit = this.#form.querySelector('[name="kind"][value="credit"]:checked') !== null;
    const data = { paymentId: this.#paymentId, amountMinor, reason, withCredit: isCredit };
    // What could still be given back: an equal refund after one that is shown is a wish of its own.
    const wish = JSON.stringify([this.#mostMinor, data]);
    const id = this.#unanswered?.wish === wish ? this.#unanswered.id : makeCommandId();
    this.#unanswered = { wish, id };
    this.#isSending = true;
    this.#say(this.#sender.isLive ? '' : 'Kept: it goes out as soon as the connection is back.');
    this.#show();
    let fault = '';
    try {
      await this.#sender.send('refund_payment', data, { id });
      this.#unanswered = null;
      this.#dialog.close();
      showToast(`${this.#format(amountMinor)} given back`);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      if (!error.isUndecided) this.#unanswered = null;
      fault = error.message;
    } finally {
      this.#isSending = false;
      this.#show();
      if (fault) this.#say(fault);
    }
  }

  /** @param {number} minor */
  #format(minor) {
    return formatMoney(minor, this.#form.dataset.currency ?? 'EUR');
  }

  /** @param {string} sentence */
  #say(sentence) {
    const place = this.#dialog.querySelector('[data-refund-fault]');
    if (place && place.textContent !== sentence) place.textContent = sentence;
  }

  /** @param {'amount' | 'reason'} name */
  #field(name) {
    return /** @type {HTMLInputElement} */ (this.#form.querySelector(`[name="${name}"]`));
  }
}
