// @ts-check
/**
 * A guest's payment, live. What of it is the guest's own only the server knows, so each news of the
 * order loads the page's middle again; without this module the page asks again by itself.
 */

import { sendOnce, takeOverElements } from '../core/forms.js';
import { startLive } from '../core/live.js';
import { findLiveRegion } from '../elements/live-region.js';

const FORM = '[data-pay-form]';
const orderId = /** @type {HTMLElement} */ (document.querySelector('[data-order-id]')).dataset.orderId;

const live = startLive({
  heartbeat: 'guest',
  isForThisPage: ({ data }) => data?.orderId === undefined || data.orderId === orderId,
  onMessage: ({ type, data }) => {
    if (['table_session_closed', 'table_session_moved'].includes(type)) location.reload(); // the server says what comes now
    else if (data?.orderId) live?.reloadSoon();
  },
  onSnapshot: showFresh,
});
guardForm();

/** @param {Document} fresh */
function showFresh(fresh) {
  const wasFocused = document.querySelector('main')?.contains(document.activeElement) ?? false;
  const card = /** @type {HTMLInputElement | null} */ (document.querySelector(`${FORM} [name="card"]:checked`))?.value;
  const word = readWord();
  takeOverElements(fresh, ['main']);
  const chosen = /** @type {HTMLInputElement | null} */ (document.querySelector(`${FORM} [name="card"][value="${card}"]`));
  if (chosen) chosen.checked = true;
  if (wasFocused) /** @type {HTMLElement | null} */ (document.querySelector('.guest-pay__word'))?.focus();
  if (readWord() !== word) findLiveRegion()?.say(readWord());
  guardForm();
}

function readWord() {
  return [...document.querySelectorAll('.guest-pay__word, .guest-pay > .notice')].map((part) => part.textContent?.trim()).join('. ');
}

function guardForm() {
  const form = /** @type {HTMLFormElement | null} */ (document.querySelector(FORM));
  if (form) sendOnce(form);
}
