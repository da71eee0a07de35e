// @ts-check
/** The money of one order at the till: takes payments, gives back, follows the other tills. */

import { startLive } from '../core/live.js';
import { letTypeMoney } from '../core/money-field.js';
import { formatMoney } from '../core/money.js';
import { PayPad } from '../core/pay-pad.js';
import { RefundDialog } from '../core/refunds.js';
import { findLiveRegion } from '../elements/live-region.js';
import '../elements/notification-tray.js';

/** @type {Record<string, string>} */
const NEWS = {
  payment_initiated: 'is being paid',
  payment_completed: 'is paid',
  payment_failed: 'was not paid',
  payment_refunded: 'payment: money was given back',
};

const root = /** @type {HTMLElement} */ (document.querySelector('.till'));
const dialog = /** @type {HTMLDialogElement | null} */ (document.querySelector('[data-refund-dialog]'));

letTypeMoney();
const live = startLive({
  heartbeat: 'dashboard',
  // Where nothing is left to take nobody is in the middle of something.
  isQuiet: () => !document.querySelector('dialog[open], [data-pending], [data-pay-pad]'),
  isForThisPage: ({ data }) => data?.orderId === undefined || data.orderId === root.dataset.orderId,
  onMessage: ({ type, data }) => {
    if (NEWS[type]) findLiveRegion()?.say(`${formatMoney(data.amount, data.currency)} ${NEWS[type]}.`);
  },
});

if (live) {
  new PayPad(root, live.connection);
  if (dialog) new RefundDialog(dialog, live.connection);
}
