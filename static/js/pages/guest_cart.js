// @ts-check
/**
 * The guest's order before it is sent: changed in place, sent once, and kept in step with the house.
 * What sells out meanwhile, or is fewer than what is wanted, says so here with what there is instead,
 * and how long it takes follows. How many a house has is never told: the page asks about this cart.
 */

import { sendOnce, submitInPlace, takeOverElements } from '../core/forms.js';
import { startLive } from '../core/live.js';
import { findLiveRegion } from '../elements/live-region.js';

const SEND = '[data-send-order]';
const PARTS = ['[data-cart-faults]', '[data-cart-lines]', '[data-cart-sums]', '.phone__dock'];

/** Forms come with each new dock. @type {WeakSet<HTMLFormElement>} */
const guarded = new WeakSet();
let earlier = ''; // what the wait on this page was before it changed

submitInPlace('.cart-line form', (fresh) => {
  if (fresh.body.dataset.page !== document.body.dataset.page) return false;
  showFresh(fresh);
  return true;
});
guardSending();

const live = startLive({
  heartbeat: 'guest',
  onMessage: ({ type, data }) => {
    if (['table_session_closed', 'table_session_moved'].includes(type)) location.reload();
    else if (type.startsWith('menu_') || type === 'wait_estimates') live?.reloadSoon();
    else if (type === 'dish_stock_changed' && hasDish(data.menuItemId)) live?.reloadSoon();
  },
  onSnapshot: showFresh,
});

/** Only what is new is replaced: what somebody types stays theirs, and so does its place. @param {Document} fresh */
function showFresh(fresh) {
  const [shown, there] = [document, fresh].map((page) => page.querySelectorAll('.cart-line').length);
  const before = readEstimate();
  const soldOut = listSoldOut();
  if (Boolean(shown) !== Boolean(there)) {
    takeOverElements(fresh, ['main', '.phone__dock']);
  } else {
    for (const part of PARTS) takeOverPart(fresh, part);
  }
  guardSending();
  tell(before, soldOut);
}

/** @param {Document} fresh @param {string} part */
function takeOverPart(fresh, part) {
  const [old, next] = [document, fresh].map((page) => page.querySelector(part));
  if (!old || !next || old.outerHTML === next.outerHTML) return;
  // Lines by themselves: a finger may be on one while another sells out.
  const lines = part === '[data-cart-lines]' ? listChangedLines(fresh) : null;
  for (const selector of lines ?? [part]) {
    const focused = document.querySelector(selector)?.contains(document.activeElement) ? document.activeElement?.getAttribute('aria-label') : undefined;
    takeOverElements(fresh, [selector]);
    if (focused === undefined) continue;
    const keys = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(`${selector} :is(button, a, input:not([type="hidden"]))`)]);
    (keys.find((key) => key.getAttribute('aria-label') === focused) ?? keys[0])?.focus({ preventScroll: true });
  }
}

/** Selectors of the lines that differ; null where lines came or left. @param {Document} fresh */
function listChangedLines(fresh) {
  const [shown, there] = [document, fresh].map((page) => /** @type {HTMLElement[]} */ ([...page.querySelectorAll('.cart-line')]));
  if (shown.map((line) => line.dataset.lineId).join() !== there.map((line) => line.dataset.lineId).join()) return null;
  return there.filter((line, index) => line.outerHTML !== shown[index].outerHTML).map((line) => `[data-line-id="${CSS.escape(line.dataset.lineId ?? '')}"]`);
}

/** A wait that has changed is never moved silently: what it was stays beside it. @param {string} before @param {string[]} soldOut */
function tell(before, soldOut) {
  const news = listSoldOut().filter((text) => !soldOut.includes(text));
  const now = readEstimate();
  const place = /** @type {HTMLElement | null} */ (document.querySelector('[data-estimate-before]'));
  const isMoved = before && now && before !== now;
  if (isMoved) earlier = before;
  if (place && earlier) {
    place.textContent = (place.dataset.estimateBefore ?? '').replace('{range}', earlier);
    place.hidden = false;
    if (isMoved) news.push(place.closest('p')?.textContent ?? '');
  }
  if (news.length) findLiveRegion()?.say(news.join(' ').replace(/\s+/g, ' ').trim());
}

function readEstimate() {
  return /** @type {HTMLElement | null} */ (document.querySelector('[data-estimate]'))?.dataset.estimate ?? '';
}

/** @param {string} id */
function hasDish(id) {
  return document.querySelector(`.cart-line[data-menu-item-id="${CSS.escape(id)}"]`) !== null;
}

function listSoldOut() {
  return [...document.querySelectorAll('.cart-line:is([data-sold-out], [data-paused], [data-short])')].map((line) => {
    const [name, words] = ['.cart-line__name', '.notice p'].map((part) => line.querySelector(part)?.textContent ?? '');
    return `${name}: ${words}`;
  });
}

function guardSending() {
  const form = /** @type {HTMLFormElement | null} */ (document.querySelector(SEND));
  if (form && !guarded.has(form)) sendOnce(form);
  if (form) guarded.add(form);
}
