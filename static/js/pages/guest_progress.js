// @ts-check
/**
 * A guest's orders, live. Without this module the page asks again every ten seconds; taking an
 * order back is a plain form with or without it.
 */

import { readServerTimeMs } from '../core/clock.js';
import { submitInPlace, takeOverElements } from '../core/forms.js';
import { startLive } from '../core/live.js';
import { findLiveRegion } from '../elements/live-region.js';

const LOOK_MS = 1000;

// Calling somebody leaves nobody's place in the page.
submitInPlace('[data-call-form]', (fresh) => {
  if (!fresh.querySelector('.call-place') || fresh.querySelector('.notice[data-tone="late"]')) return false; // closed, or refused
  takeOverElements(fresh, ['.call-place']);
  return true;
});

submitInPlace('[data-rating-form]', (fresh) => {
  if (fresh.querySelector('.notice[data-tone="late"]')) return false; // refused: the page says why
  takeOverElements(fresh, ['.rating-place']);
  findLiveRegion()?.say(document.querySelector('.rating-place')?.textContent?.trim() ?? '');
  return true;
});

const live = startLive({
  heartbeat: 'guest',
  onSnapshot: (fresh) => {
    // What somebody is saying is theirs until it is sent.
    if (!document.querySelector('[data-rating-form]')) takeOverElements(fresh, ['.rating-place']);
  },
  onMessage: ({ type, data }) => {
    hideOffers();
    if (type === 'order_ready') {
      document.getElementById(`queue_place-${data.orderId}`)?.remove(); // before the kitchen's next tick says so
      findLiveRegion()?.say((document.querySelector('[data-say-ready]')?.getAttribute('data-say-ready') ?? '').replace('{number}', data.orderNumber));
      navigator.vibrate?.([120, 80, 120]);
    } else if (data?.newStatus === 'completed') {
      live?.reloadSoon(); // how was it?
    } else if (type === 'table_session_closed' || type === 'table_session_moved') {
      location.reload(); // the seating has ended: the server says what comes now
    }
  },
});

// "Take it back" is offered for seconds, to whoever ordered; an offer that the server would refuse goes away.
setInterval(hideOffers, LOOK_MS);

function hideOffers() {
  const ownLane = document.querySelector('[data-own-lane]')?.getAttribute('data-own-lane');
  for (const form of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-undo-until]:not([hidden])'))) {
    const isOver = Date.parse(form.dataset.undoUntil ?? '') <= readServerTimeMs();
    if (isOver || (form.dataset.lane && form.dataset.lane !== ownLane)) form.hidden = true;
  }
}
