// @ts-check
/** The till's tables. A tile says what several messages say together, so news load the tiles again. */

import { startLive } from '../core/live.js';
import '../elements/notification-tray.js';

const GATHER_MS = 250; // what one step of an order sends comes within that

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

const live = startLive({
  heartbeat: 'dashboard',
  isQuiet: () => !document.querySelector('[data-pending]'),
  onMessage: ({ type }) => {
    if (!/^(order|payment|table_session)_/.test(type)) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      // Where there is no way to the server, coming back brings the tiles.
      live?.takeOver().catch(() => undefined);
    }, GATHER_MS);
  },
  onSnapshot: (fresh) => {
    const [shown, taken] = [document, fresh].map((page) => page.querySelector('[data-tables-taken]'));
    if (shown && taken) shown.textContent = taken.textContent;
  },
});
