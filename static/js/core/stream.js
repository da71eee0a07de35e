// @ts-check
/**
 * Puts rendered cards where they belong. The server makes every card; this only places it.
 *
 * One rule serves insert, replace and remove: a card says by `data-column` and `data-rank` where
 * it stands, and leaves the page where that column has no list (templates/README.md). What is not
 * newer than what is shown is dropped, so a repeated or late fragment does no harm.
 */

import { announce, findCard, isTextField, parseCard, readComponent } from './dom.js';

/** @typedef {'inserted' | 'replaced' | 'removed'} ChangeKind */
/**
 * What the document is told by `card-change`: `previous` is the card that was there.
 * @typedef {{kind: ChangeKind, card: HTMLElement, previous: HTMLElement | null}} CardChange
 */

// Never under a finger; but a finger left on the glass must not blind a screen.
const LONGEST_HOLD_MS = 2000;
// A touch's click comes a little after its pointerup, and goes to what lies under it by then: it
// must meet the element that the finger met.
const CLICK_MS = 100;
const HIGHLIGHT_MS = 5000;
// What a person who reads by ear or goes by keys knows as one part of the page.
const PLACES = 'section, aside, main, [role="region"]';
const KEYS = '[data-command], summary, a[href], button';
const REMEMBERED_CARDS = 1000; // versions of cards that left; older ones cannot come back any more

/** @typedef {{html?: string, card?: string, target?: string}} Fragment */

export class Stream {
  #root;
  /** @type {Fragment[]} in order of arrival */
  #waiting = [];
  /** @type {Map<string, number>} versions of cards that left the page */
  #gone = new Map();
  #isPressed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #holdTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #releaseTimer;
  #isOverdue = false;
  #abort = new AbortController();

  /** @param {Document} [root] */
  constructor(root = document) {
    this.#root = root;
    const options = { capture: true, signal: this.#abort.signal };
    root.addEventListener('pointerdown', () => {
      clearTimeout(this.#releaseTimer);
      this.#isPressed = true;
    }, options);
    root.addEventListener('pointerup', () => this.#release(CLICK_MS), options);
    root.addEventListener('pointercancel', () => this.#release(0), options);
    root.addEventListener('click', () => this.#release(0), options);
    root.addEventListener('focusout', () => setTimeout(() => this.flush(), 0), options);
    root.addEventListener('close', () => setTimeout(() => this.flush(), 0), options);
  }

  /** Stop listening. */
  stop() {
    clearTimeout(this.#holdTimer);
    clearTimeout(this.#releaseTimer);
    this.#abort.abort();
  }

  /** Put a fragment in place, now or as soon as it disturbs nobody. @param {Fragment} fragment */
  apply(fragment) {
    this.#waiting.push(fragment);
    this.flush();
  }

  /** Put in place what may be put in place. */
  flush() {
    /** @type {Set<string>} a card's later fragments wait behind its first */
    const blocked = new Set();
    const isHeld = this.#isHeld();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const fragment of waiting) {
      const id = fragment.card ?? fragment.target ?? '';
      if (isHeld || blocked.has(id) || this.#isBeingEdited(id)) {
        blocked.add(id);
        this.#waiting.push(fragment);
      } else {
        this.#place(fragment);
      }
    }
    if (isHeld && this.#waiting.length && this.#holdTimer === undefined) {
      this.#holdTimer = setTimeout(() => {
        this.#isPressed = false; // the finger may have left where nobody saw it
        this.#isOverdue = true;
        this.#holdTimer = undefined;
        this.flush();
        this.#isOverdue = false;
      }, LONGEST_HOLD_MS);
    } else if (!isHeld) {
      clearTimeout(this.#holdTimer);
      this.#holdTimer = undefined;
    }
  }

  /**
   * Take over the lists of a page that was loaded anew: what they hold is the truth.
   * @param {Document} fresh
   */
  swapLists(fresh) {
    this.#waiting = [];
    this.#gone.clear();
    for (const list of this.#root.querySelectorAll('[data-list]')) {
      const other = fresh.querySelector(listSelector(list.getAttribute('data-list') ?? '', list.getAttribute('data-column')));
      if (!other) continue;
      const focus = rememberFocus(list);
      const before = new Map(cardsOf(list).map((card) => [card.id, card]));
      const tail = [...list.children].filter((child) => !isCard(child));
      const cards = cardsOf(other).map((card) => /** @type {HTMLElement} */ (this.#root.importNode(card, true)));
      for (const card of cards) carryOver(before.get(card.id) ?? null, card);
      list.replaceChildren(...cards, ...tail);
      focus?.();
      for (const card of cards) if (!before.has(card.id)) this.#tell('inserted', card, null);
    }
    announce('lists-change', null, this.#root);
  }

  /** @param {number} afterMs */
  #release(afterMs) {
    clearTimeout(this.#releaseTimer);
    this.#releaseTimer = setTimeout(() => {
      this.#isPressed = false;
      this.flush();
    }, afterMs);
  }

  #isHeld() {
    if (this.#isOverdue) return false;
    return this.#isPressed || this.#root.querySelector('dialog[open]') !== null;
  }

  /** @param {string} id */
  #isBeingEdited(id) {
    const active = this.#root.activeElement;
    return isTextField(active) && !active?.hasAttribute('data-restored') && findCard(active)?.id === id;
  }

  /** @param {Fragment} fragment */
  #place(fragment) {
    const card = fragment.html ? parseCard(fragment.html) : null;
    if (!card) {
      const previous = this.#root.getElementById(fragment.card ?? fragment.target ?? '');
      if (previous) this.#remove(previous);
      return;
    }
    const previous = this.#root.getElementById(card.id);
    const version = Number(card.dataset.version);
    const known = previous ? Number(previous.dataset.version) : this.#gone.get(card.id) ?? -1;
    if (version <= known) return;
    const list = this.#root.querySelector(listSelector(readComponent(card), card.dataset.column ?? null));
    if (!list) {
      if (previous) this.#remove(previous);
      this.#remember(card.id, version);
    } else {
      this.#put(card, previous, list);
    }
  }

  /** @param {HTMLElement} card @param {HTMLElement | null} previous @param {Element} list */
  #put(card, previous, list) {
    const focus = previous && rememberFocus(previous);
    const isNew = previous?.parentElement !== list;
    carryOver(previous, card);
    const next = findNext(list, card, previous);
    if (previous && !isNew && findNext(list, previous, previous) === next) {
      previous.replaceWith(card);
    } else {
      previous?.remove();
      list.insertBefore(card, next);
    }
    this.#gone.delete(card.id);
    focus?.();
    if (isNew) highlight(card);
    dropSurplus(list);
    this.#tell(isNew ? 'inserted' : 'replaced', card, previous);
  }

  /** @param {HTMLElement} card */
  #remove(card) {
    this.#remember(card.id, Number(card.dataset.version));
    const focus = rememberFocus(card);
    const { parentElement } = card;
    card.remove();
    focus?.();
    this.#tell('removed', card, card, parentElement);
  }

  /** @param {string} id @param {number} version */
  #remember(id, version) {
    this.#gone.delete(id); // to the end of the order
    this.#gone.set(id, version);
    for (const oldest of this.#gone.keys()) {
      if (this.#gone.size <= REMEMBERED_CARDS) break;
      this.#gone.delete(oldest);
    }
  }

  /** @param {ChangeKind} kind @param {HTMLElement} card @param {HTMLElement | null} previous @param {Element | null} [where] */
  #tell(kind, card, previous, where = card) {
    announce('card-change', { kind, card, previous }, where ?? this.#root);
  }
}

/** @param {Element} element */
function isCard(element) {
  return element.hasAttribute('data-rank');
}

/** @param {Element} list @returns {HTMLElement[]} */
function cardsOf(list) {
  return /** @type {HTMLElement[]} */ ([...list.children].filter(isCard));
}

/** @param {string} component @param {string | null} column */
function listSelector(component, column) {
  const list = `[data-list="${CSS.escape(component)}"]`;
  return column === null ? list : `${list}[data-column="${CSS.escape(column)}"], ${list}:not([data-column])`;
}

/**
 * Find what a card stands before: the first of higher rank, else what ends the list.
 * @param {Element} list @param {HTMLElement} card @param {HTMLElement | null} previous
 */
function findNext(list, card, previous) {
  const sign = list.hasAttribute('data-descending') ? -1 : 1;
  const rank = Number(card.dataset.rank);
  for (const child of list.children) {
    if (child === previous || child === card) continue;
    if (!isCard(child)) {
      if (child.hasAttribute('data-after-list')) return child;
    } else if (sign * (Number(/** @type {HTMLElement} */ (child).dataset.rank) - rank) > 0) {
      return child;
    }
  }
  return null;
}

/** @param {Element} list `data-most`: how many cards it keeps */
function dropSurplus(list) {
  const most = Number(list.getAttribute('data-most') ?? Infinity);
  for (const card of cardsOf(list).slice(most)) card.remove();
}

/** What a person did to a card survives its replacement. @param {HTMLElement | null} previous @param {HTMLElement} card */
function carryOver(previous, card) {
  if (!previous) return;
  if (previous.hasAttribute('data-selected')) card.setAttribute('data-selected', '');
  const open = previous.querySelectorAll('details[data-keep-open]');
  card.querySelectorAll('details[data-keep-open]').forEach((details, index) => {
    /** @type {HTMLDetailsElement} */ (details).open = Boolean(/** @type {HTMLDetailsElement | undefined} */ (open[index])?.open);
  });
}

/** @param {HTMLElement} card */
function highlight(card) {
  card.setAttribute('data-highlight', '');
  setTimeout(() => card.removeAttribute('data-highlight'), HIGHLIGHT_MS);
}

/**
 * Remember which key of a card or list has the focus; the answer gives it to the same key again:
 * the one of the same mark or name, or the same command on the same thing, else another command on
 * it, else the card's `[data-heir]`, else its first key. When the card is gone, or is not shown any
 * more, a neighbour's first key gets it, and after the last card the place where it stood.
 * @param {Element} holder
 * @returns {(() => void) | null}
 */
function rememberFocus(holder) {
  const active = /** @type {HTMLElement | null} */ (holder.ownerDocument.activeElement);
  if (!active || !holder.contains(active)) return null;
  const cardId = findCard(active)?.id ?? '';
  const others = isCard(holder) ? listNeighbours(/** @type {HTMLElement} */ (holder)) : [];
  const place = /** @type {HTMLElement | null} */ (holder.parentElement?.closest(PLACES) ?? null);
  const mark = readMark(active);
  const command = active.getAttribute('data-command');
  const thing = readThing(active);
  const tag = active.tagName;
  return () => {
    const card = [holder.ownerDocument.getElementById(cardId), ...others].find((each) => each && isShown(each));
    if (!card) {
      if (place && !place.hasAttribute('tabindex')) place.tabIndex = -1;
      place?.focus({ preventScroll: true });
      return;
    }
    const keys = /** @type {HTMLElement[]} */ ([...card.querySelectorAll(KEYS)]);
    const marked = /** @type {HTMLElement[]} */ (mark ? [...card.querySelectorAll('[data-focus], [name]')] : []);
    const heir = marked.find((key) => readMark(key) === mark)
      ?? keys.find((key) => command && key.getAttribute('data-command') === command && readThing(key) === thing)
      ?? keys.find((key) => command && key.hasAttribute('data-command') && readThing(key) === thing)
      ?? /** @type {HTMLElement | null} */ (card.querySelector('[data-heir]'))
      ?? keys.find((key) => !command && key.tagName === tag)
      ?? keys[0];
    heir?.focus({ preventScroll: true });
  };
}

/** The other cards of a card's list, nearest first: those after it, then those before it. @param {HTMLElement} card */
function listNeighbours(card) {
  const cards = card.parentElement ? cardsOf(card.parentElement) : [];
  const index = cards.indexOf(card);
  return [...cards.slice(index + 1), ...cards.slice(0, Math.max(index, 0)).reverse()];
}

/** A list may show some of its cards alone. A card may have no box of its own: what it is worked by has. @param {HTMLElement} card */
function isShown(card) {
  return card.isConnected && [...card.querySelectorAll(`${KEYS}, input, [tabindex]`)].some((key) => key.checkVisibility?.() ?? true);
}

/** What tells a field from the others of its card: its mark, or its name, of a choice its value too. @param {Element} key */
function readMark(key) {
  const name = key.getAttribute('name') ?? '';
  return key.getAttribute('data-focus') ?? (key.getAttribute('type') === 'radio' ? `${name}=${key.getAttribute('value')}` : name);
}

/** What a key is about: its payload without what changes with every version. @param {Element} key */
function readThing(key) {
  return (key.getAttribute('data-payload') ?? '').replace(/,?\s*"expectedVersion":\s*\d+/g, '');
}
