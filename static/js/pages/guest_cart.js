// @ts-check
/** The guest's order before it is sent: changed in place, sent once. */

import { sendOnce, submitInPlace, takeOverElements } from '../core/forms.js';

const SEND = '[data-send-order]';

submitInPlace('.cart-line form', (fresh) => {
  if (fresh.body.dataset.page !== document.body.dataset.page) return false;
  // What was typed and not sent yet is not the server's to replace.
  const typed = new Map(readTyped().map((field) => [field.id, field.value]));
  takeOverElements(fresh, ['main', '.phone__dock']);
  for (const field of readTyped()) field.value = typed.get(field.id) ?? field.value;
  guardSending();
  return true;
});
guardSending();

function readTyped() {
  return /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll('#allergy, #order-note')]);
}

function guardSending() {
  const form = /** @type {HTMLFormElement | null} */ (document.querySelector(SEND));
  if (form) sendOnce(form);
}
