// @ts-check
/** One dish with its choices: what the key adds, kept in step with them. */

import { letStep } from '../core/forms.js';
import { formatMoney } from '../core/money.js';
import { holdMaximum, readChoices } from '../core/options.js';

const form = /** @type {HTMLFormElement | null} */ (document.querySelector('[data-item-form]'));

if (form) {
  const price = form.querySelector('[data-live-price]');
  const showPrice = () => {
    const quantity = Number(/** @type {HTMLInputElement} */ (form.elements.namedItem('quantity')).value) || 0;
    const unitMinor = readChoices(form).reduce((sum, choice) => sum + choice.priceMinor, Number(form.dataset.unitMinor));
    if (price) price.textContent = formatMoney(unitMinor * quantity, form.dataset.currency ?? '');
  };
  form.addEventListener('change', (event) => {
    holdMaximum(event.target);
    showPrice();
  });
  form.addEventListener('input', showPrice);
  letStep(form);
  showPrice();
}
