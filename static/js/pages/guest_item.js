// @ts-check
/** One dish with its choices: what the key adds, kept in step with them and with what there still is. */

import { letStep, takeOverElements } from '../core/forms.js';
import { startLive } from '../core/live.js';
import { formatMoney } from '../core/money.js';
import { holdMaximum, readChoices, writeChoices } from '../core/options.js';
import { findLiveRegion } from '../elements/live-region.js';

const form = /** @type {HTMLFormElement | null} */ (document.querySelector('[data-item-form]'));

if (form) {
  const showPrice = () => {
    const price = form.querySelector('[data-live-price]');
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

  const live = startLive({
    heartbeat: 'guest',
    onMessage: ({ type }) => {
      if (['table_session_closed', 'table_session_moved'].includes(type)) location.reload();
      else if (type.startsWith('menu_')) live?.reloadSoon();
    },
    onSnapshot: (fresh) => {
      const address = fresh.querySelector('[data-item-form]')?.getAttribute('action');
      if (address !== form.getAttribute('action')) return; // a form that was refused has no page of its own
      takeOverMenu(fresh, form);
      form.dataset.unitMinor = /** @type {HTMLElement | null} */ (fresh.querySelector('[data-item-form]'))?.dataset.unitMinor;
      showPrice();
    },
  });
}

/** What was chosen stays chosen; what of it is gone is said. @param {Document} fresh @param {HTMLFormElement} form */
function takeOverMenu(fresh, form) {
  const parts = ['.item-options', '[data-item-sold-out]'];
  if (parts.every((part) => form.querySelector(part)?.outerHTML === fresh.querySelector(part)?.outerHTML)) return;
  const chosen = readChoices(form);
  const focused = /** @type {HTMLInputElement | null} */ (form.querySelector('.option__input:focus'))?.value;
  takeOverElements(fresh, [...parts, '.dock-keys button[type="submit"]']);
  writeChoices(form, chosen.map((choice) => choice.modifierId));
  /** @type {HTMLElement | null} */ (focused ? form.querySelector(`.option__input[value="${CSS.escape(focused)}"]:not(:disabled)`) : null)?.focus();
  const left = new Set(readChoices(form).map((choice) => choice.modifierId));
  const gone = chosen.filter((choice) => !left.has(choice.modifierId));
  const words = form.querySelector('[data-item-sold-out]')?.textContent?.trim() ?? '';
  const sentence = (form.dataset.saySoldOut ?? '').replace('{options}', gone.map((choice) => choice.name).join(', '));
  if (gone.length || words) findLiveRegion()?.say(gone.length ? sentence : words);
}
