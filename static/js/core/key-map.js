// @ts-check
/**
 * Which key does what at a wall: the defaults of a numpad and of common bump bars, and what somebody
 * taught this screen by pressing. Kept per screen, because a bump bar hangs at one.
 */

const KEPT = 'tabletap.keys';

/** Letters are lower case; the rest are names of `KeyboardEvent.key`. @type {Readonly<Record<string, readonly string[]>>} */
export const DEFAULT_KEYS = Object.freeze({
  'bump-1': ['1'], 'bump-2': ['2'], 'bump-3': ['3'], 'bump-4': ['4'], 'bump-5': ['5'],
  'bump-6': ['6'], 'bump-7': ['7'], 'bump-8': ['8'], 'bump-9': ['9'],
  'previous-ticket': ['ArrowLeft'], 'next-ticket': ['ArrowRight'], 'previous-line': ['ArrowUp'], 'next-line': ['ArrowDown'],
  line: [' '], bump: ['Enter'], 'recall-last': ['Backspace', '-'], 'next-page': ['0', '.', ',', 'PageDown'], 'previous-page': ['PageUp'],
  'all-day': ['*'], search: ['/'], 'sold-out': ['x'], rush: ['+'], menu: ['m'], screens: ['s'], acknowledge: ['a'], legend: ['?'], cancel: ['Escape'],
});

const SIGNS = new Map([
  ['ArrowLeft', '←'], ['ArrowRight', '→'], ['ArrowUp', '↑'], ['ArrowDown', '↓'], [' ', 'Space'], ['Escape', 'Esc'], ['-', '−'],
  ['PageDown', 'Page ↓'], ['PageUp', 'Page ↑'],
]);
// Without them nobody finds the way back.
const FIXED = new Set(['cancel', 'legend']);
const MODIFIERS = new Set(['Shift', 'Control', 'Alt', 'Meta', 'AltGraph', 'CapsLock', 'NumLock', 'Dead', 'Unidentified']);

/** @typedef {{getItem(name: string): string | null, setItem(name: string, text: string): void, removeItem(name: string): void}} Storage */
/** @typedef {{keys: Record<string, string[]>, selectsFirst: boolean}} Kept what differs from the defaults */

export class KeyMap {
  #storage;
  /** @type {Kept} */
  #kept = { keys: {}, selectsFirst: false };

  /** @param {Storage | null} storage null where nothing can be kept: then a change lasts as long as the page */
  constructor(storage) {
    this.#storage = storage;
    try {
      const kept = JSON.parse(storage?.getItem(KEPT) ?? 'null');
      if (kept?.keys) this.#kept = { keys: kept.keys, selectsFirst: Boolean(kept.selectsFirst) };
    } catch {
      // Closed, or written by something else: the defaults are good.
    }
  }

  /** Do figures choose a ticket, and Enter bumps it; else they bump it at once. */
  get selectsFirst() {
    return this.#kept.selectsFirst;
  }

  /** @param {boolean} isOn */
  selectFirst(isOn) {
    this.#kept.selectsFirst = isOn;
    this.#keep();
  }

  /** What a key does. @param {string} key of the event @returns {string | null} */
  find(key) {
    const name = readKey(key);
    return Object.keys(DEFAULT_KEYS).find((action) => this.list(action).includes(name)) ?? null;
  }

  /** The keys of an action. @param {string} action @returns {readonly string[]} */
  list(action) {
    return this.#kept.keys[action] ?? DEFAULT_KEYS[action] ?? [];
  }

  /**
   * Teach an action a key, in place of its others; whatever had it before loses it.
   * @param {string} action @param {string} key @returns {boolean} false for a key that cannot be taught
   */
  teach(action, key) {
    const name = readKey(key);
    const owner = this.find(key);
    if (MODIFIERS.has(key) || FIXED.has(action) || (owner !== null && FIXED.has(owner))) return false;
    if (owner !== null && owner !== action) this.#kept.keys[owner] = this.list(owner).filter((each) => each !== name);
    this.#kept.keys[action] = [name];
    this.#keep();
    return true;
  }

  /** May an action's keys be changed. @param {string} action */
  mayTeach(action) {
    return !FIXED.has(action);
  }

  /** As it was delivered. */
  reset() {
    this.#kept = { keys: {}, selectsFirst: false };
    try {
      this.#storage?.removeItem(KEPT);
    } catch {
      // Nothing was kept, then.
    }
  }

  #keep() {
    try {
      this.#storage?.setItem(KEPT, JSON.stringify(this.#kept));
    } catch {
      // Storage is closed in private windows: then it lasts as long as the page.
    }
  }
}

/** The sign of a key, for people. @param {string} key */
export function nameKey(key) {
  return SIGNS.get(key) ?? (key.length === 1 ? key.toUpperCase() : key);
}

/** @param {string} key */
function readKey(key) {
  return key.length === 1 ? key.toLowerCase() : key;
}
