// @ts-check
/** Payments and giving them back: the list is loaded again when money moved. */

import { startLive } from '../core/live.js';
import { letTypeMoney } from '../core/money-field.js';
import { RefundDialog } from '../core/refunds.js';

const GATHER_MS = 250; // what one payment sends comes within that

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

const dialog = /** @type {HTMLDialogElement | null} */ (document.querySelector('[data-refund-dialog]'));

letTypeMoney();
const live = startLive({
  heartbeat: 'dashboard',
  isQuiet: () => !document.querySelector('dialog[open], [data-pending]'),
  onMessage: ({ type }) => {
    if (!type.startsWith('payment_')) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      // Where there is no way to the server, coming back brings the list.
      live?.takeOver().catch(() => undefined);
    }, GATHER_MS);
  },
});
if (live && dialog) new RefundDialog(dialog, live.connection);
