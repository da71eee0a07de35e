// @ts-check
/**
 * The keys that take a payment (templates/components/pay_pane.html): how much, how, what was given.
 *
 * The server's card says what may be taken, in shares too, and which notes cover it; this keeps what
 * the person chose while other tills replace the card, and sends it. Amounts are only compared and
 * subtracted here, in whole minor units; what was paid and due is the server's to say.
 */

import { readJson } from './dom.js';
import { formatMoney, formatAmount } from './money.js';
import { pressDigit, readMinor, writeMinor } from './money-field.js';
import { ProtocolError, makeCommandId } from './protocol.js';
import { findLiveRegion } from '../elements/live-region.js';

/** @typedef {{parts: number, amountMinor: number, tenders: number[]}} PayPart */
/** @typedef {{send(type: string, data: object, options?: {id?: string}): Promise<{data: any}>, readonly isLive: boolean}} Sender */

const STORED = 'tabletap.payment'; // survives a reload of the page, not the end of the tab
const LEAST_SHARES = 2;

export class PayPad {
  #root;
  #sender;
  /** What was chosen. sumMinor: of "Sum"; givenMinor: 0 is the exact amount. */
  #choice = { part: 'all', shares: LEAST_SHARES, method: 'cash', sumMinor: 0, givenMinor: 0 };
  #isSending = false;
  #message = { sentence: '', isFault: false };
  /**
   * The payment that was sent and has no answer: the same wish goes out again under its id.
   * @type {{wish: string, id: string} | null}
   */
  #unanswered = null;

  /** @param {HTMLElement} root @param {Sender} sender */
  constructor(root, sender) {
    this.#root = root;
    this.#sender = sender;
    root.addEventListener('change', (event) => this.#onChange(event));
    root.addEventListener('input', (event) => this.#onInput(event));
    root.addEventListener('click', (event) => this.#onClick(event));
    root.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#take();
    });
    // A key of the pad must not take the focus from what it types into.
    root.addEventListener('mousedown', (event) => {
      if (/** @type {Element} */ (event.target).closest('[data-digit]')) event.preventDefault();
    });
    document.addEventListener('keydown', (event) => this.#onKey(event));
    document.addEventListener('card-change', () => this.show());
    document.addEventListener('lists-change', () => this.show());
    document.addEventListener('connection-state', () => this.show());
    addEventListener('beforeunload', (event) => { if (this.#isSending) event.preventDefault(); });
    this.#restore();
    this.show();
  }

  // --- what is chosen -------------------------------------------------------------------------

  /** @param {Event} event */
  #onChange(event) {
    const input = /** @type {HTMLInputElement} */ (event.target);
    if (!input.closest('[data-pay-pad]')) return;
    if (input.name === 'part') {
      this.#choice.part = input.value;
      this.#choice.givenMinor = 0;
    } else if (input.name === 'method') {
      this.#choice.method = input.value;
    } else if (input.name === 'tender') {
      this.#choice.givenMinor = input.value === 'exact' ? 0 : Number(input.value);
    }
    this.#say('');
    this.show();
    if (input.name === 'part' && input.value === 'sum') this.#field('sum')?.focus();
  }

  /** @param {Event} event */
  #onInput(event) {
    const input = /** @type {HTMLInputElement} */ (event.target);
    if (!input.matches('[data-pay-pad] [data-money]')) return;
    if (input.name === 'sum') this.#choice.sumMinor = readMinor(input);
    else this.#choice.givenMinor = readMinor(input);
    this.#say('');
    this.show();
  }

  /** @param {Event} event */
  #onClick(event) {
    const target = /** @type {Element} */ (event.target);
    const step = target.closest('[data-shares]')?.getAttribute('data-shares');
    const digit = target.closest('[data-digit]')?.getAttribute('data-digit');
    if (step) {
      this.#choice.shares = this.#shares + Number(step);
      this.#choice.givenMinor = 0;
      this.show();
    } else if (digit) {
      const field = this.#typedField;
      if (field) pressDigit(field, digit);
    }
  }

  /** Digits go to the pad from wherever the focus is, Enter takes the payment. @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector('dialog[open]')) return;
    const active = /** @type {HTMLElement | null} */ (document.activeElement);
    if (active?.matches('[data-money]')) return;
    const field = this.#typedField;
    if (field && (/^\d$/.test(event.key) || event.key === 'Backspace')) {
      event.preventDefault();
      field.focus();
      pressDigit(field, event.key === 'Backspace' ? 'back' : event.key);
    } else if (event.key === 'Enter' && (!active || active === document.body)) {
      void this.#take();
    }
  }

  /** What digits mean now: the amount where that is asked for and not said, else what was given. */
  get #typedField() {
    const { part, method, sumMinor } = this.#choice;
    const active = /** @type {HTMLElement | null} */ (document.activeElement);
    if (active?.matches('[data-pay-pad] [data-money]')) return /** @type {HTMLInputElement} */ (active);
    return this.#field(part === 'sum' && (!sumMinor || method !== 'cash') ? 'sum' : 'given');
  }

  // --- what is shown --------------------------------------------------------------------------

  /** Put what was chosen into the card as it is now. */
  show() {
    this.#showMessage();
    const pad = this.#pad;
    if (!pad) return;
    const parts = this.#parts;
    const { part, method, sumMinor, givenMinor } = this.#choice;
    this.#check(pad, 'part', part);
    this.#check(pad, 'method', method);
    const { amountMinor, tenders } = this.#part;
    this.#write('shares', String(this.#shares));
    this.#write('share', this.#format((parts[this.#shares - 1] ?? parts[0]).amountMinor));
    for (const key of /** @type {NodeListOf<HTMLElement>} */ (pad.querySelectorAll('[data-shares]'))) {
      const next = this.#shares + Number(key.dataset.shares);
      key.toggleAttribute('disabled', next < LEAST_SHARES || next > parts.length);
    }
    this.#showTenders(pad, tenders);
    const [sum, given] = [this.#field('sum'), this.#field('given')];
    if (sum) writeMinor(sum, sumMinor);
    if (given) {
      writeMinor(given, givenMinor);
      given.placeholder = formatAmount(amountMinor, this.#currency);
    }
    this.#showChange(pad, givenMinor ? givenMinor - amountMinor : 0);
    this.#write('amount', this.#format(amountMinor));
    this.#write('go', method === 'cash' ? 'Take cash' : 'Start card');
    this.#write('total', this.#format(method === 'cash' && givenMinor ? givenMinor : amountMinor));
    const go = this.#find('[data-pay-go]');
    // Not while it is sent: a key that is disabled loses the focus, and a second press does nothing anyhow.
    go?.toggleAttribute('disabled', this.#findFault() !== null);
    if (this.#isSending) go?.setAttribute('aria-busy', 'true');
    else go?.removeAttribute('aria-busy');
  }

  /** @param {HTMLElement} pad @param {number[]} tenders */
  #showTenders(pad, tenders) {
    const { givenMinor } = this.#choice;
    /** @type {NodeListOf<HTMLElement>} */ (pad.querySelectorAll('[data-tender-key]')).forEach((key, index) => {
      const minor = tenders[index];
      key.hidden = minor === undefined;
      const input = /** @type {HTMLInputElement} */ (key.querySelector('input'));
      input.value = String(minor ?? '');
      input.checked = minor !== undefined && minor === givenMinor;
      const figure = key.querySelector('[data-figure]');
      if (figure && minor !== undefined) figure.textContent = formatAmount(minor, this.#currency).replace(/[.,]0+$/, '');
    });
    this.#check(pad, 'tender', 'exact', givenMinor === 0);
  }

  /** @param {HTMLElement} pad @param {number} changeMinor */
  #showChange(pad, changeMinor) {
    this.#write('change-word', changeMinor < 0 ? 'Missing' : 'Change');
    this.#write('change', this.#format(Math.abs(changeMinor)));
    const change = pad.querySelector('[data-change]');
    if (changeMinor < 0) change?.setAttribute('data-tone', 'late');
    else change?.removeAttribute('data-tone');
  }

  /** Why nothing can be taken as it is chosen now, in words; "" where that is plain to see. */
  #findFault() {
    const { amountMinor } = this.#part;
    const { method, givenMinor } = this.#choice;
    if (amountMinor <= 0) return '';
    if (amountMinor > this.#parts[0].amountMinor) return `Only ${this.#format(this.#parts[0].amountMinor)} is due.`;
    if (method === 'cash' && givenMinor && givenMinor < amountMinor) return '';
    return null;
  }

  // --- sending --------------------------------------------------------------------------------

  async #take() {
    const pad = this.#pad;
    if (!pad || this.#isSending || this.#findFault() !== null) return;
    const { method, givenMinor } = this.#choice;
    const data = {
      orderId: pad.dataset.orderId,
      method,
      amountMinor: this.#part.amountMinor,
      ...(method === 'cash' && givenMinor ? { tenderedMinor: givenMinor } : {}),
    };
    // The number of payments that are shown: an equal one after them is a wish of its own.
    const wish = JSON.stringify([pad.dataset.legs, data]);
    const id = this.#unanswered?.wish === wish ? this.#unanswered.id : makeCommandId();
    this.#keep({ wish, id });
    this.#isSending = true;
    this.#say(this.#sender.isLive ? '' : 'Kept: it goes out as soon as the connection is back.');
    this.show();
    try {
      const { data: payment } = await this.#sender.send('initiate_payment', data, { id });
      this.#keep(null);
      this.#goOn();
      this.#tell(payment);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      if (!error.isUndecided) this.#keep(null);
      this.#say(error.message, { isFault: true });
    } finally {
      this.#isSending = false;
      this.show();
    }
  }

  /** After one payment the next: a share less, nothing typed. */
  #goOn() {
    const { part, shares, method } = this.#choice;
    const isShared = part === 'share' && shares > LEAST_SHARES;
    this.#choice = { part: isShared ? part : 'all', shares: isShared ? shares - 1 : LEAST_SHARES, method, sumMinor: 0, givenMinor: 0 };
  }

  /** The list shows what waits for the terminal; what to hand back is said. @param {{method: string, amountMinor: number, changeMinor: number}} payment */
  #tell({ method, amountMinor, changeMinor }) {
    if (method !== 'cash') return;
    this.#say(changeMinor ? `Paid. Change ${this.#format(changeMinor)}.` : `${this.#format(amountMinor)} paid.`);
    findLiveRegion()?.say(this.#message.sentence);
  }

  /** @param {{wish: string, id: string} | null} unanswered */
  #keep(unanswered) {
    this.#unanswered = unanswered;
    try {
      sessionStorage.setItem(STORED, JSON.stringify(unanswered));
    } catch {
      // Storage is closed in private windows: after a reload the list of payments tells.
    }
  }

  #restore() {
    try {
      this.#unanswered = JSON.parse(sessionStorage.getItem(STORED) ?? 'null');
    } catch {
      // Nothing was kept, or it cannot be read.
    }
  }

  // --- small things ---------------------------------------------------------------------------

  /** @returns {HTMLFormElement | null} absent where nothing can be taken */
  get #pad() {
    return this.#root.querySelector('[data-pay-pad]');
  }

  /** @returns {PayPart[]} */
  get #parts() {
    const pad = this.#pad;
    return pad ? readJson(pad, 'data-parts') : [];
  }

  /** Into how many shares what is due now is divided: a few cents go into few. */
  get #shares() {
    return Math.max(LEAST_SHARES, Math.min(this.#choice.shares, this.#parts.length));
  }

  /** @returns {{amountMinor: number, tenders: number[]}} what is chosen of what is due */
  get #part() {
    const { part, sumMinor } = this.#choice;
    const parts = this.#parts;
    if (part === 'sum') return { amountMinor: sumMinor, tenders: [] };
    return (part === 'share' && parts[this.#shares - 1]) || parts[0];
  }

  get #currency() {
    return this.#pad?.dataset.currency ?? 'EUR';
  }

  /** @param {string} sentence @param {{isFault?: boolean}} [options] */
  #say(sentence, { isFault = false } = {}) {
    this.#message = { sentence, isFault };
    this.#showMessage();
  }

  #showMessage() {
    const place = this.#find('[data-pay-message]');
    if (!place) return;
    const sentence = this.#message.sentence || this.#pad && this.#findFault() || '';
    if (place.textContent !== sentence) place.textContent = sentence;
    if (this.#message.isFault) place.setAttribute('data-tone', 'late');
    else place.removeAttribute('data-tone');
  }

  /** @param {number} minor */
  #format(minor) {
    return formatMoney(minor, this.#currency);
  }

  /** @param {string} name @param {string} text */
  #write(name, text) {
    for (const figure of this.#root.querySelectorAll(`[data-figure="${name}"]`)) {
      if (figure.textContent !== text) figure.textContent = text;
    }
  }

  /** @param {HTMLElement} pad @param {string} name @param {string} value @param {boolean} [isChecked] */
  #check(pad, name, value, isChecked = true) {
    const input = /** @type {HTMLInputElement | null} */ (pad.querySelector(`[name="${name}"][value="${value}"]`));
    if (input) input.checked = isChecked;
  }

  /** @param {'sum' | 'given'} name @returns {HTMLInputElement | null} */
  #field(name) {
    return this.#root.querySelector(`[data-pay-pad] [name="${name}"]`);
  }

  /** @param {string} selector @returns {HTMLElement | null} */
  #find(selector) {
    return this.#root.querySelector(selector);
  }
}
