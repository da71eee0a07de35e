// @ts-check
/** Payments and giving them back: the list is loaded again when money moved. */

import { startLive } from '../core/live.js';
import { letTypeMoney } from '../core/money-field.js';
import { RefundDialog } from '../core/refunds.js';

const dialog = /** @type {HTMLDialogElement | null} */ (document.querySelector('[data-refund-dialog]'));

letTypeMoney();
const live = startLive({
  heartbeat: 'dashboard',
  isQuiet: () => !document.querySelector('dialog[open], [data-pending]'),
  onMessage: ({ type }) => {
    if (type.startsWith('payment_')) live?.reloadSoon();
  },
});
if (live && dialog) new RefundDialog(dialog, live.connection);
