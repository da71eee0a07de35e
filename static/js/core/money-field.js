// @ts-check
/**
 * Fields for amounts (templates/components/money_field.html): digits move in from the end, as on a
 * till. Whatever a field holds is read as its digits alone, so typing, pasting and every kind of
 * keyboard come to the same.
 */

import { formatAmount } from './money.js';

const MOST_DIGITS = 9; // ten million of the largest unit, or a thousand million of one without cents

/** @param {HTMLInputElement} field */
export function readMinor(field) {
  return Number(field.value.replace(/\D/g, '').slice(-MOST_DIGITS));
}

/** @param {HTMLInputElement} field @param {number} minor 0 leaves it empty */
export function writeMinor(field, minor) {
  const text = minor ? formatAmount(minor, field.dataset.money ?? 'EUR') : '';
  if (field.value !== text) field.value = text;
}

/** Move a digit in, or one out. @param {HTMLInputElement} field @param {string} key "7", "00" or "back" */
export function pressDigit(field, key) {
  const digits = field.value.replace(/\D/g, '');
  field.value = key === 'back' ? digits.slice(0, -1) : digits + key;
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

/** Make all money fields of the page behave so, those of later cards too. */
export function letTypeMoney() {
  // While capturing: whoever listens for `input` reads what the field is now.
  document.addEventListener('input', (event) => {
    const field = /** @type {HTMLInputElement} */ (event.target);
    if (!field.matches('[data-money]')) return;
    const digits = field.value.replace(/\D/g, '').replace(/^0+/, '');
    writeMinor(field, Number(digits.slice(0, MOST_DIGITS)));
    field.setSelectionRange(field.value.length, field.value.length);
  }, { capture: true });
  // The first digit of a new amount replaces the one that stands there.
  document.addEventListener('focusin', (event) => {
    const field = /** @type {HTMLInputElement} */ (event.target);
    if (field.matches('[data-money]')) field.select();
  });
}
