// @ts-check
/** The menu's editor: its forms are posted in place, and others' changes of the menu show in the list. */

import { submitInPlace, takeOverElements } from '../core/forms.js';
import { startLive } from '../core/live.js';

/** @param {Document} fresh */
function showVersion(fresh) {
  takeOverElements(fresh, ['[data-menu-version]']);
}

const live = startLive({
  heartbeat: 'dashboard',
  isQuiet: () => !document.querySelector('form[aria-busy="true"], [data-editor] form'),
  onMessage: ({ type }) => {
    if (type.startsWith('menu_') || type === 'station_screens') live?.reloadSoon();
  },
  onSnapshot: showVersion,
});

submitInPlace('[data-in-place]', (fresh, form) => {
  if (fresh.body.dataset.page !== document.body.dataset.page) return false; // signed out, or a fault of the whole page
  const isOfEditor = form.closest('[data-editor]') !== null;
  live?.stream.swapLists(fresh);
  takeOverElements(fresh, ['[data-editor]']);
  showVersion(fresh);
  const [done, news] = [document, fresh].map((page) => page.querySelector('[data-done]'));
  if (done && news) {
    done.textContent = news.textContent;
    done.toggleAttribute('data-warns', news.hasAttribute('data-warns'));
  }
  // Where the form was is another one now: who works by keys goes on from its head, or from the fault.
  const head = document.querySelector('[data-editor] .error-summary') ?? document.querySelector('[data-editor] h2');
  if (isOfEditor) /** @type {HTMLElement | null} */ (head)?.focus();
  return true;
});
