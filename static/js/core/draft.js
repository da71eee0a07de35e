// @ts-check
/** An order that has not been sent: its lines, and the body that the server prices and takes. */

/** @typedef {import('./options.js').Choice} Choice */
/**
 * @typedef {{firesInS?: number}} Hold when a line comes later: after so long, or when somebody fires it
 * @typedef {{key: number, menuItemId: string, name: string, priceMinor: number, quantity: number, choices: Choice[], note: string, hold?: Hold | null}} DraftLine
 */

const MOST_UNITS = 99; // of one line (domain/commands.py)

export class Draft {
  /** @type {DraftLine[]} */
  lines = [];
  /**
   * What was added last and is as it was: the next choice of an option is about these units.
   * @type {{key: number, quantity: number} | null}
   */
  added = null;
  #nextKey = 1;

  /**
   * Add units. The same dish with the same choices and no note is one line.
   * @param {{menuItemId: string, name: string, priceMinor: number, choices: Choice[]}} dish @param {number} quantity
   * @returns {DraftLine}
   */
  add(dish, quantity) {
    const same = this.lines.find((line) => line.menuItemId === dish.menuItemId && !line.note && !line.hold && haveSameChoices(line.choices, dish.choices));
    if (same && same.quantity + quantity <= MOST_UNITS) {
      same.quantity += quantity;
      this.added = { key: same.key, quantity };
      return same;
    }
    const line = { ...dish, key: this.#nextKey, quantity, note: '' };
    this.#nextKey += 1;
    this.lines.push(line);
    this.added = { key: line.key, quantity };
    return line;
  }

  /** One more of the last line as it is. @returns {boolean} was there one */
  addAgain() {
    const last = this.lines[this.lines.length - 1];
    if (!last || last.quantity >= MOST_UNITS) return false;
    last.quantity += 1;
    // What the kitchen was told about one of them is not the next one's to lose.
    this.added = last.note ? null : { key: last.key, quantity: 1 };
    return true;
  }

  /** Give what was added last other choices: of two flat whites the second gets the oat milk. @param {Choice[]} choices */
  chooseForAdded(choices) {
    const line = this.added && this.find(this.added.key);
    if (!line || !this.added) return;
    const { key: _key, note: _note, hold: _hold, ...dish } = line;
    const { quantity } = this.added;
    if (line.quantity === quantity) this.lines = this.lines.filter((each) => each !== line);
    else line.quantity -= quantity;
    this.add({ ...dish, choices }, quantity);
  }

  /** Change a line in its editor. @param {number} key @param {{choices: Choice[], note: string}} changes */
  edit(key, changes) {
    const line = this.find(key);
    if (line) Object.assign(line, changes);
    this.added = null;
  }

  /** Have a line made later, or with the others after all. @param {number} key @param {Hold | null} hold */
  hold(key, hold) {
    const line = this.find(key);
    if (line) line.hold = hold;
    this.added = null;
  }

  /** @param {number} key */
  find(key) {
    return this.lines.find((line) => line.key === key) ?? null;
  }

  /** @param {number} key @param {number} step @returns {boolean} is the line still there */
  change(key, step) {
    const line = this.find(key);
    if (!line) return false;
    line.quantity = Math.min(MOST_UNITS, line.quantity + step);
    this.added = null;
    if (line.quantity < 1) this.remove(key);
    return line.quantity >= 1;
  }

  /** @param {number} key */
  remove(key) {
    this.lines = this.lines.filter((line) => line.key !== key);
    this.added = null;
  }

  clear() {
    this.lines = [];
    this.added = null;
  }

  /** @param {string} menuItemId */
  countOf(menuItemId) {
    return this.lines.reduce((count, line) => count + (line.menuItemId === menuItemId ? line.quantity : 0), 0);
  }

  /** The lines as the server wants them: no prices. */
  buildLines() {
    return this.lines.map((line) => ({
      menuItemId: line.menuItemId,
      quantity: line.quantity,
      modifiers: line.choices.map((choice) => ({ modifierId: choice.modifierId, quantity: 1 })),
      note: line.note,
      ...(line.hold ? { hold: line.hold } : {}),
    }));
  }

  /** What it would come to by the prices on the keys: shown as an estimate where no quote can be had. */
  estimateMinor() {
    return this.lines.reduce((total, line) => total + priceLineMinor(line), 0);
  }

  /** @returns {string} to put away, and to `restore` after a reload */
  save() {
    return JSON.stringify(this.lines);
  }

  /** @param {string} text */
  restore(text) {
    for (const line of /** @type {DraftLine[]} */ (JSON.parse(text))) {
      this.lines.push({ ...line, key: this.#nextKey });
      this.#nextKey += 1;
    }
  }
}

/** @param {DraftLine} line */
export function priceLineMinor(line) {
  return line.quantity * line.choices.reduce((price, choice) => price + choice.priceMinor, line.priceMinor);
}

/** @param {Choice[]} some @param {Choice[]} others */
function haveSameChoices(some, others) {
  const ids = new Set(some.map((choice) => choice.modifierId));
  return ids.size === others.length && others.every((choice) => ids.has(choice.modifierId));
}
