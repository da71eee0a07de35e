// @ts-check
/** The till's tables. A tile says what several messages say together, so news load the tiles again. */

import { startLive } from '../core/live.js';
import '../elements/notification-tray.js';

const dialog = /** @type {HTMLDialogElement} */ (document.querySelector('[data-move-dialog]'));

const live = startLive({
  heartbeat: 'dashboard',
  isQuiet: () => !document.querySelector('[data-pending], dialog[open]'),
  onMessage: ({ type }) => {
    if (/^(order|payment|table)_/.test(type)) live?.reloadSoon();
  },
  onSnapshot: (fresh) => {
    for (const part of ['[data-tables-taken]', '[data-move-tables]']) {
      const [shown, now] = [document, fresh].map((page) => page.querySelector(part));
      // Not under a finger: what is chosen from an open list is checked by the server.
      if (shown && now && !dialog.open) shown.replaceChildren(...[...now.childNodes].map((child) => document.importNode(child, true)));
    }
  },
});
chooseZone();
moveGuests();

/** One part of the cafe, or all. */
function chooseZone() {
  document.querySelector('.tables__zones')?.addEventListener('change', (event) => {
    const { value } = /** @type {HTMLInputElement} */ (event.target);
    for (const section of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-zone]'))) {
      section.hidden = value !== '' && section.dataset.zone !== value;
    }
  });
}

/** The tile asks where to; each key of the list becomes the command for these guests (core/commands.js sends it). */
function moveGuests() {
  document.addEventListener('click', (event) => {
    const target = /** @type {Element} */ (event.target);
    const from = /** @type {HTMLElement | null} */ (target.closest('[data-move-from]'));
    if (from) ask(from.dataset.moveFrom ?? '', from.dataset.moveLabel ?? '');
    else if (target.closest('[data-move-to]')) dialog.close();
  });
}

/** @param {string} tableSessionId @param {string} label */
function ask(tableSessionId, label) {
  const name = dialog.querySelector('[data-move-name]');
  if (name) name.textContent = label;
  for (const key of /** @type {NodeListOf<HTMLElement>} */ (dialog.querySelectorAll('[data-move-to]'))) {
    const { sessionId } = key.dataset;
    key.hidden = sessionId === tableSessionId;
    key.dataset.command = sessionId ? 'merge_tables' : 'move_table';
    key.dataset.payload = JSON.stringify(
      sessionId ? { tableSessionId, intoSessionId: sessionId } : { tableSessionId, tableNumber: Number(key.dataset.moveTo) },
    );
    key.dataset.done = `${label} sits at ${key.firstChild?.textContent ?? ''} now`;
  }
  dialog.showModal();
}
