// @ts-check
/**
 * The till's pane of unsent lines: shows a Draft in the markup's own templates, asks the server
 * what it costs, and sends it. The one card that lives in the browser alone
 * (templates/components/draft_line.html).
 */

import { fillFields } from './dom.js';
import { Draft, priceLineMinor } from './draft.js';
import { formatAmount, formatMoney } from './money.js';
import { findUnfilledGroup, holdMaximum, readChoices, toggleChoice, writeChoices } from './options.js';
import { ProtocolError, makeCommandId } from './protocol.js';

/** @typedef {import('./draft.js').DraftLine} DraftLine */
/** @typedef {{send(type: string, data: object, options?: {id?: string}): Promise<{data: any}>, readonly isLive: boolean}} Sender */

const QUOTE_DELAY_MS = 150; // taps in a row ask once
const STORED = 'tabletap.draft'; // survives a reload of the page, not the end of the tab

export class Till {
  draft = new Draft();
  #root;
  #sender;
  #onSent;
  /** @type {any} the last quote of exactly these lines */
  #quote = null;
  #quoteId = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #quoteTimer;
  /** @type {number | null} the line that is being edited */
  #editedKey = null;
  #isSending = false;
  /** The lines of the order before, as `Draft.save` wrote them: the next guest often wants the same. */
  #lastSent = '';
  /**
   * The order that was sent and has no answer. What it comes to may have happened: the same wish
   * goes out again word for word under its id, whatever the screen has learnt since.
   * @type {{wish: string, id: string, type: string, data: object} | null}
   */
  #unanswered = null;

  /**
   * @param {HTMLElement} root @param {Sender} sender
   * @param {(order: any, options: {wantsPay: boolean}) => void} onSent order: null where nothing had to be sent
   */
  constructor(root, sender, onSent) {
    this.#root = root;
    this.#sender = sender;
    this.#onSent = onSent;
    root.addEventListener('click', (event) => this.#onClick(event));
    root.addEventListener('change', (event) => this.#onChange(event));
    root.addEventListener('input', () => this.#store());
    addEventListener('beforeunload', (event) => { if (this.draft.lines.length && !this.#isSending) event.preventDefault(); });
    this.#restore();
    this.#changed();
  }

  /** Add a dish; one whose choices cannot be guessed opens at once. @param {HTMLElement} key `[data-product]` @param {number} quantity */
  add(key, quantity) {
    this.#closeEditor();
    const menuItemId = key.dataset.product ?? '';
    const options = this.#cloneOptions(menuItemId);
    const dish = {
      menuItemId, name: key.dataset.name ?? '', priceMinor: Number(key.dataset.priceMinor), choices: options ? readChoices(options) : [],
    };
    const line = this.draft.add(dish, quantity);
    if (options && findUnfilledGroup(options)) this.#editedKey = line.key;
    this.#changed();
    if (this.#editedKey === line.key) this.#showEditor();
    else this.#rowOf(line.key)?.scrollIntoView({ block: 'nearest' });
  }

  /** The page's keys and choices are those of a new menu: unsent lines show what they cost there. */
  readMenu() {
    for (const line of this.draft.lines) {
      const key = this.#findKey(line.menuItemId);
      if (key) line.priceMinor = Number(key.dataset.priceMinor);
      const options = this.#cloneOptions(line.menuItemId);
      for (const choice of line.choices) {
        const input = /** @type {HTMLInputElement | null | undefined} */ (options?.querySelector(`.option__input[value="${CSS.escape(choice.modifierId)}"]`));
        if (input) choice.priceMinor = Number(input.dataset.priceMinor);
      }
      const row = this.#rowOf(line.key);
      if (!row) continue;
      this.#writeLine(row, line);
      if (line.key !== this.#editedKey) this.#offer(row, line);
    }
    this.#showCounts();
    this.askAgain();
  }

  /** Prices or what is sold out may have changed. */
  askAgain() {
    this.#quote = null;
    this.#askQuote();
  }

  /** @param {Event} event */
  #onClick(event) {
    const key = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('[data-draft]'));
    if (!key) return;
    const row = /** @type {HTMLElement | null} */ (key.closest('[data-draft-line]'));
    const lineKey = Number(row?.dataset.key);
    const instead = key.dataset.draft === 'instead' && this.#findKey(key.dataset.menuItemId ?? '');
    switch (key.dataset.draft) {
      case 'edit':
        this.#toggleEditor(lineKey);
        this.#changed();
        this.#showEditor();
        return;
      case 'done': this.#closeEditor(); break;
      case 'fewer': if (!this.draft.change(lineKey, -1)) this.#editedKey = null; break;
      case 'more': this.draft.change(lineKey, 1); break;
      case 'remove':
        this.draft.remove(lineKey);
        this.#editedKey = null;
        break;
      case 'hold': this.draft.hold(lineKey, this.draft.find(lineKey)?.hold ? null : {}); break;
      case 'hold-for': this.draft.hold(lineKey, key.dataset.seconds ? { firesInS: Number(key.dataset.seconds) } : {}); break;
      case 'option': this.#chooseShortcut(lineKey, key.dataset.modifierId ?? ''); return;
      case 'instead': if (instead) this.#putInstead(lineKey, instead); return;
      case 'clear': this.#clear(); break;
      case 'again': this.#repeat(); break;
      case 'send': void this.#send({ wantsPay: false }); return;
      case 'pay':
        if (this.draft.lines.length) void this.#send({ wantsPay: true });
        else this.#onSent(null, { wantsPay: true });
        return;
      default: return;
    }
    this.#changed();
  }

  /** @param {Event} event */
  #onChange(event) {
    if (/** @type {Element} */ (event.target).matches('[data-draft-table]')) {
      this.#say('');
      this.#showNameField();
    }
    const row = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('[data-draft-line]'));
    const line = row && this.draft.find(Number(row.dataset.key));
    if (!row || !line) return;
    holdMaximum(event.target);
    const note = /** @type {HTMLInputElement} */ (row.querySelector('input[data-field="note"]')).value.trim();
    this.draft.edit(line.key, { choices: readChoices(row), note });
    // Only the figures: the field that is being used must stay where it is.
    this.#writeLine(row, line);
    this.#store();
    this.#askQuote();
  }

  /** One more of the last line as it is; of what was just sent where nothing is unsent. */
  #repeat() {
    this.#closeEditor();
    if (!this.draft.addAgain() && !this.draft.lines.length && this.#lastSent) this.draft.restore(this.#lastSent);
  }

  /** Give what was just added an option that many ask for, or take it off. @param {number} lineKey @param {string} modifierId */
  #chooseShortcut(lineKey, modifierId) {
    const line = this.draft.find(lineKey);
    const options = line && this.#cloneOptions(line.menuItemId);
    if (!line || !options) return;
    writeChoices(options, line.choices.map((choice) => choice.modifierId));
    if (!toggleChoice(options, modifierId)) {
      this.#say('No more of these can be chosen for one.');
      return;
    }
    this.draft.chooseForAdded(readChoices(options));
    this.#changed();
    this.focusShortcut(modifierId);
  }

  /** @param {number} lineKey @param {HTMLElement} product the key of what comes in its place */
  #putInstead(lineKey, product) {
    const quantity = this.draft.find(lineKey)?.quantity ?? 0;
    this.draft.remove(lineKey);
    if (quantity) this.add(product, quantity);
  }

  /** Go to the keys under what was just added. @param {string} [modifierId] to this one, else to the first */
  focusShortcut(modifierId) {
    const key = modifierId ? `[data-modifier-id="${CSS.escape(modifierId)}"]` : '[data-modifier-id]:not([disabled])';
    const row = this.draft.added && this.#rowOf(this.draft.added.key);
    row?.scrollIntoView({ block: 'nearest' });
    /** @type {HTMLElement | null | undefined} */ (row?.querySelector(key))?.focus({ preventScroll: true });
  }

  /** Send what is on the till, as its key does. */
  send() {
    /** @type {HTMLElement | null} */ (this.#find('[data-draft="send"]'))?.click();
  }

  /** @param {number} key */
  #toggleEditor(key) {
    const wasOpen = this.#editedKey === key;
    this.#closeEditor();
    if (!wasOpen) this.#editedKey = key;
  }

  /** An editor is taller than what is left of the pane: its line comes to the top. */
  #showEditor() {
    if (this.#editedKey !== null) this.#rowOf(this.#editedKey)?.scrollIntoView({ block: 'start' });
  }

  #closeEditor() {
    this.#editedKey = null;
  }

  #clear() {
    this.draft.clear();
    this.#unanswered = null; // the next guest may want the very same
    this.#editedKey = null;
    for (const name of ['allergy', 'note']) this.#field(name).value = '';
    const [name, initial] = [this.#nameField, this.#initialField];
    if (name && initial) [name.value, initial.checked] = ['', false];
    // The next order is another guest's: it must not land on this one's table unseen.
    const table = /** @type {HTMLSelectElement | null} */ (this.#find('[data-draft-table]'));
    if (table) table.value = '';
    this.#say('');
  }

  // --- what is shown --------------------------------------------------------------------------

  #changed() {
    this.#store();
    this.#showLines();
    const hasLines = this.draft.lines.length > 0;
    for (const name of ['heading', 'extras']) this.#find(`[data-draft-${name}]`)?.toggleAttribute('hidden', !hasLines);
    this.#showNameField();
    this.#find('[data-draft="clear"]')?.toggleAttribute('hidden', !hasLines);
    this.#find('[data-draft="again"]')?.toggleAttribute('disabled', !hasLines && !this.#lastSent);
    this.#find('[data-draft-empty]')?.toggleAttribute('hidden', hasLines);
    this.#showCounts();
    this.#askQuote();
  }

  /** An order at a table is called by its table. */
  #showNameField() {
    const table = /** @type {HTMLSelectElement | null} */ (this.#find('[data-draft-table]'));
    this.#nameField?.closest('.counter__name')?.toggleAttribute('hidden', Boolean(table?.value));
  }

  #showCounts() {
    for (const figure of /** @type {NodeListOf<HTMLElement>} */ (this.#root.querySelectorAll('[data-count-of]'))) {
      figure.textContent = String(this.draft.countOf(figure.dataset.countOf ?? '') || '');
    }
  }

  #showLines() {
    const list = this.#find('[data-draft-lines]');
    const template = /** @type {HTMLTemplateElement | null} */ (document.querySelector('[data-template="draft-line"]'));
    if (!list || !template) return;
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    const [focusedKey, focusedAction] = [/** @type {HTMLElement | null | undefined} */ (focused?.closest('[data-draft-line]'))?.dataset.key, focused?.dataset.draft];
    const seconds = focused?.dataset.seconds ? `[data-seconds="${focused.dataset.seconds}"]` : '';
    list.replaceChildren(...this.draft.lines.map((line) => {
      const row = /** @type {HTMLElement} */ (document.importNode(template.content, true).firstElementChild);
      row.dataset.key = String(line.key);
      this.#writeLine(row, line);
      if (line.key === this.#editedKey) this.#fillEditor(row, line);
      else this.#offer(row, line);
      return row;
    }));
    if (focusedKey && focusedAction) {
      /** @type {HTMLElement | null} */ (this.#rowOf(Number(focusedKey))?.querySelector(`[data-draft="${focusedAction}"]${seconds}`))?.focus();
    }
  }

  /** @param {HTMLElement} row @param {DraftLine} line */
  #writeLine(row, line) {
    const soldOut = this.#findSoldOut(line);
    row.toggleAttribute('data-sold-out', Boolean(soldOut));
    showHold(row, line);
    fillFields(row, {
      'sold-out': soldOut,
      quantity: line.quantity,
      name: line.name,
      price: formatAmount(priceLineMinor(line), this.#root.dataset.currency ?? 'EUR'),
      modifiers: [...line.choices.filter((choice) => !choice.isUsual).map((choice) => choice.name), ...(line.note ? [`“${line.note}”`] : [])].join(', '),
    });
  }

  /** What of a line cannot be had, in words; "" while all of it can. @param {DraftLine} line */
  #findSoldOut(line) {
    if (this.#findKey(line.menuItemId)?.hasAttribute('disabled')) return 'Sold out';
    const options = this.#cloneOptions(line.menuItemId);
    const gone = line.choices.filter((choice) => options?.querySelector(`.option__input[value="${CSS.escape(choice.modifierId)}"]:disabled`));
    return gone.length ? `${gone.map((choice) => choice.name).join(', ')} sold out: choose another` : '';
  }

  /** @param {string} menuItemId @returns {HTMLElement | null} the dish's key */
  #findKey(menuItemId) {
    return this.#find(`[data-product="${CSS.escape(menuItemId)}"]`);
  }

  /** @param {HTMLElement} row @param {DraftLine} line */
  #fillEditor(row, line) {
    const editor = /** @type {HTMLElement} */ (row.querySelector('[data-field="editor"]'));
    editor.hidden = false;
    row.querySelector('[data-draft="edit"]')?.setAttribute('aria-expanded', 'true');
    const options = this.#cloneOptions(line.menuItemId);
    if (options) {
      writeChoices(options, line.choices.map((choice) => choice.modifierId));
      row.querySelector('[data-field="options"]')?.replaceChildren(options);
    }
    /** @type {HTMLInputElement} */ (row.querySelector('input[data-field="note"]')).value = line.note;
  }

  /** What one tap does for a line: something instead of what sold out, or an option of what was just added. @param {HTMLElement} row @param {DraftLine} line */
  #offer(row, line) {
    const place = /** @type {HTMLElement | null} */ (row.querySelector('[data-field="shortcuts"]'));
    const isGone = this.#findKey(line.menuItemId)?.hasAttribute('disabled');
    const isNew = this.#editedKey === null && line.key === this.draft.added?.key;
    const kind = isGone ? 'substitutes' : isNew ? 'shortcuts' : '';
    const template = /** @type {HTMLTemplateElement | null} */ (kind && document.querySelector(`[data-${kind}-for="${CSS.escape(line.menuItemId)}"]`));
    const focused = place?.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.modifierId : undefined;
    place?.replaceChildren();
    place?.toggleAttribute('hidden', !template);
    if (place && template) this.#fillKeys(place, template, line);
    if (focused) this.focusShortcut(focused);
  }

  /** @param {HTMLElement} place @param {HTMLTemplateElement} template @param {DraftLine} line */
  #fillKeys(place, template, line) {
    place.replaceChildren(document.importNode(template.content, true));
    for (const key of /** @type {NodeListOf<HTMLElement>} */ (place.querySelectorAll('[data-modifier-id]'))) {
      key.setAttribute('aria-pressed', String(line.choices.some((choice) => choice.modifierId === key.dataset.modifierId)));
    }
  }

  /** @param {string} menuItemId @returns {DocumentFragment | null} */
  #cloneOptions(menuItemId) {
    const template = /** @type {HTMLTemplateElement | null} */ (document.querySelector(`[data-options-for="${CSS.escape(menuItemId)}"]`));
    return template && document.importNode(template.content, true);
  }

  // --- what it costs --------------------------------------------------------------------------

  #askQuote() {
    clearTimeout(this.#quoteTimer);
    this.#quoteId += 1;
    this.#quote = null;
    this.#showQuote();
    if (!this.draft.lines.length) return;
    const quoteId = this.#quoteId;
    this.#quoteTimer = setTimeout(async () => {
      if (!this.#sender.isLive) { // the estimate stands; sending prices it
        this.#showQuote();
        return;
      }
      try {
        const answer = await this.#sender.send('quote', { lines: this.draft.buildLines() });
        if (quoteId !== this.#quoteId) return;
        this.#quote = answer.data;
        this.#say('');
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        if (quoteId === this.#quoteId) this.#say(error.message);
      }
      this.#showQuote();
    }, QUOTE_DELAY_MS);
  }

  #showQuote() {
    const totals = this.#quote?.totals;
    const hasLines = this.draft.lines.length > 0;
    const estimate = this.#format(this.draft.estimateMinor());
    this.#write('send', hasLines ? (totals ? this.#format(totals.totalMinor) : `≈ ${estimate}`) : '');
    // The page of an order shows what that comes to; with the round it is the server's to say, after sending.
    if (!this.#root.dataset.orderId && (totals || !hasLines)) {
      this.#write('total', this.#format(totals?.totalMinor ?? 0));
      this.#write('tax', this.#format(totals?.taxMinor ?? 0));
    } else if (!this.#root.dataset.orderId && !this.#sender.isLive) {
      // While a quote is under way the last one stands; without a connection none comes.
      this.#write('total', `≈ ${estimate}`);
      this.#write('tax', '–');
    }
    const isComplete = hasLines && (Boolean(totals) || !this.#sender.isLive);
    this.#find('[data-draft="send"]')?.toggleAttribute('disabled', !isComplete || this.#isSending);
    // Money is taken for what the kitchen has: an order that stands, or one that is sent first.
    const isPayable = isComplete || (!hasLines && Boolean(this.#root.dataset.orderId));
    this.#find('[data-draft="pay"]')?.toggleAttribute('disabled', !isPayable || this.#isSending);
  }

  // --- sending --------------------------------------------------------------------------------

  /** The order that gets a round: the page's, or the one that is open at the chosen table. */
  get #orderId() {
    const table = /** @type {HTMLSelectElement | null} */ (this.#find('[data-draft-table]'));
    return this.#root.dataset.orderId ?? table?.selectedOptions[0]?.dataset.orderId ?? '';
  }

  /** What the person wants to send. Neither a quote nor an order that opened meanwhile makes it another. */
  #buildWish() {
    return {
      lines: this.draft.buildLines(),
      note: this.#field('note').value.trim(),
      allergy: this.#field('allergy').value.trim(),
      customerName: this.#nameField?.value.trim() ?? '',
      mayShowInitial: this.#initialField?.checked ?? false,
      tableNumber: Number(/** @type {HTMLSelectElement | null} */ (this.#find('[data-draft-table]'))?.value || 0),
    };
  }

  /** The command for a wish: the one without an answer again, or a new one. */
  #buildOrder() {
    const { tableNumber, customerName, mayShowInitial, ...extras } = this.#buildWish();
    const isSale = !tableNumber && !this.#root.dataset.orderId;
    const name = isSale && customerName ? { customerName, mayShowInitial } : {};
    const wish = JSON.stringify([tableNumber, this.#root.dataset.orderId ?? '', extras, name]);
    if (this.#unanswered?.wish === wish) return this.#unanswered;
    const orderId = this.#orderId;
    return {
      wish,
      id: makeCommandId(),
      type: orderId ? 'add_round' : 'place_order',
      data: {
        ...extras,
        ...name,
        ...(this.#quote ? { quoteHash: this.#quote.quoteHash } : {}),
        ...(orderId ? { orderId } : {}),
        ...(!orderId && tableNumber ? { tableNumber } : {}),
      },
    };
  }

  /** @param {{wantsPay: boolean}} options */
  async #send({ wantsPay }) {
    if (this.#isSending || !this.draft.lines.length) return;
    this.#isSending = true;
    const key = this.#find(`[data-draft="${wantsPay ? 'pay' : 'send'}"]`);
    key?.setAttribute('aria-busy', 'true');
    this.#showQuote();
    if (!this.#sender.isLive) this.#say('Kept: it goes out as soon as the connection is back.');
    const order = this.#buildOrder();
    this.#unanswered = order;
    this.#store();
    try {
      const answer = await this.#sender.send(order.type, order.data, { id: order.id });
      this.#lastSent = this.draft.save();
      this.#clear();
      this.#changed();
      this.#onSent(answer.data, { wantsPay });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      if (!error.isUndecided) {
        // It did not happen; a refusal may be about a changed price or menu.
        this.#unanswered = null;
        this.#store();
        this.#askQuote();
      }
      this.#say(error.message);
    } finally {
      this.#isSending = false;
      key?.removeAttribute('aria-busy');
      this.#showQuote();
    }
  }

  // --- small things ---------------------------------------------------------------------------

  /** @param {string} sentence */
  #say(sentence) {
    const message = this.#find('[data-draft-message]');
    if (message && message.textContent !== sentence) message.textContent = sentence;
  }

  #store() {
    const { lines: _, ...fields } = this.#buildWish();
    try {
      sessionStorage.setItem(STORED, JSON.stringify({
        lines: this.draft.save(), ...fields, unanswered: this.#unanswered,
      }));
    } catch {
      // Storage is closed in private windows: a reload then loses the draft.
    }
  }

  #restore() {
    try {
      const stored = JSON.parse(sessionStorage.getItem(STORED) ?? 'null');
      if (!stored) return;
      this.draft.restore(stored.lines);
      this.#unanswered = stored.unanswered;
      for (const name of ['note', 'allergy']) this.#field(name).value = stored[name];
      const [name, initial] = [this.#nameField, this.#initialField];
      if (name && initial) [name.value, initial.checked] = [stored.customerName ?? '', stored.mayShowInitial ?? false];
      const table = /** @type {HTMLSelectElement | null} */ (this.#find('[data-draft-table]'));
      if (table && stored.tableNumber) table.value = String(stored.tableNumber);
    } catch {
      // Nothing was kept, or it cannot be read: the till begins empty.
    }
  }

  /** @param {number} minor */
  #format(minor) {
    return formatMoney(minor, this.#root.dataset.currency ?? 'EUR');
  }

  /** @param {string} name @param {string} text */
  #write(name, text) {
    const figure = this.#find(`[data-quote="${name}"]`);
    if (figure) figure.textContent = text;
  }

  /** Not on the page of an order: that has its name. */
  get #nameField() {
    return /** @type {HTMLInputElement | null} */ (this.#find('[data-draft-name]'));
  }

  get #initialField() {
    return /** @type {HTMLInputElement | null} */ (this.#find('[data-draft-name-initial]'));
  }

  /** @param {string} name @returns {HTMLInputElement} */
  #field(name) {
    return /** @type {HTMLInputElement} */ (this.#find(`[data-draft-${name}]`));
  }

  /** @param {number} key @returns {HTMLElement | null} */
  #rowOf(key) {
    return this.#find(`[data-draft-line][data-key="${key}"]`);
  }

  /** @param {string} selector @returns {HTMLElement | null} */
  #find(selector) {
    return this.#root.querySelector(selector);
  }
}

/** Whether a line comes later, and when. @param {HTMLElement} row @param {DraftLine} line */
function showHold(row, line) {
  row.toggleAttribute('data-held', Boolean(line.hold));
  row.querySelector('[data-draft="hold"]')?.setAttribute('aria-pressed', String(Boolean(line.hold)));
  row.querySelector('[data-field="hold"]')?.toggleAttribute('hidden', !line.hold);
  for (const key of /** @type {NodeListOf<HTMLElement>} */ (row.querySelectorAll('[data-draft="hold-for"]'))) {
    key.setAttribute('aria-pressed', String(Number(key.dataset.seconds ?? 0) === (line.hold?.firesInS ?? 0)));
  }
}
