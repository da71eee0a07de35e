// @ts-check
/**
 * The page's one toast (templates/components/toast.html): what was done, with Undo for five
 * seconds; or what went wrong, a little longer.
 */

const DONE_MS = 5000;
const FAULT_MS = 8000;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {AbortController | null} */
let undoing = null;

/**
 * @param {string} text
 * @param {{undo?: (() => void) | null, isFault?: boolean}} [options]
 */
export function showToast(text, { undo = null, isFault = false } = {}) {
  const toast = /** @type {HTMLElement | null} */ (document.querySelector('[data-toast]'));
  if (!toast) return;
  hideToast();
  const words = toast.querySelector('[data-toast-text]');
  const key = /** @type {HTMLElement | null} */ (toast.querySelector('[data-toast-undo]'));
  if (words) words.textContent = text;
  if (isFault) toast.setAttribute('data-tone', 'late');
  if (key) key.hidden = undo === null;
  if (key && undo) {
    undoing = new AbortController();
    key.addEventListener('click', () => { hideToast(); undo(); }, { signal: undoing.signal });
    toast.setAttribute('data-timed', '');
  }
  toast.hidden = false;
  timer = setTimeout(hideToast, isFault ? FAULT_MS : DONE_MS);
}

export function hideToast() {
  clearTimeout(timer);
  undoing?.abort();
  undoing = null;
  const toast = /** @type {HTMLElement | null} */ (document.querySelector('[data-toast]'));
  if (!toast) return;
  toast.hidden = true;
  toast.removeAttribute('data-tone');
  toast.removeAttribute('data-timed');
}
