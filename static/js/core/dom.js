// @ts-check
/** Small questions to the document: which card is this, what JSON does it carry. */

const TEXT_NODE = 3; // Node.TEXT_NODE

/**
 * A card is the root that a component's macro renders: it has a place in a list, and its id is
 * `{component}-{key}`.
 * @param {Element | null} element @returns {HTMLElement | null}
 */
export function findCard(element) {
  return /** @type {HTMLElement | null} */ (element?.closest('[data-rank][id]') ?? null);
}

/** @param {Element} card the word before the first hyphen of its id: components have none in their names */
export function readComponent(card) {
  return card.id.split('-', 1)[0];
}

/** Parse one rendered card. @param {string} html @returns {HTMLElement | null} */
export function parseCard(html) {
  const template = document.createElement('template');
  template.innerHTML = html;
  // Adopted, so that custom elements inside are upgraded before they are looked at.
  return /** @type {HTMLElement | null} */ (document.importNode(template.content, true).firstElementChild);
}

/**
 * Read JSON that the server wrote into an attribute.
 * @param {Element} element @param {string} attribute @returns {any} null where there is none
 */
export function readJson(element, attribute) {
  const text = element.getAttribute(attribute);
  return text ? JSON.parse(text) : null;
}

/** @param {Element | null} element text can be lost in it */
export function isTextField(element) {
  if (!element) return false;
  if (element instanceof HTMLInputElement) return !['button', 'checkbox', 'radio', 'submit', 'range'].includes(element.type);
  return element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement || /** @type {HTMLElement} */ (element).isContentEditable;
}

/** Write a text only where it changed: a screen has many figures and ticks all day. */
export function writeText(/** @type {Element} */ element, /** @type {string} */ text) {
  if (element.textContent === text) return;
  const only = element.childNodes.length === 1 ? element.firstChild : null;
  // The same node with other words: sixty tickets tick each second, and new nodes are garbage.
  if (only?.nodeType === TEXT_NODE) only.nodeValue = text;
  else element.textContent = text;
}

/** @param {string} name @param {any} detail @param {EventTarget} [target] */
export function announce(name, detail, target = document) {
  target.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
}

/**
 * Fill a row that was cloned from one of the page's templates.
 * @param {ParentNode} row @param {Readonly<Record<string, string | number>>} texts by the name of `[data-field]`
 */
export function fillFields(row, texts) {
  for (const [name, text] of Object.entries(texts)) {
    const field = row.querySelector(`[data-field="${name}"]`);
    if (field) field.textContent = String(text);
  }
}

/** Make of work what does it once for all changes of one turn. @param {() => void} work */
export function oncePerTurn(work) {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    queueMicrotask(() => {
      isDue = false;
      work();
    });
  };
}
