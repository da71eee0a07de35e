// @ts-check
/** The till: products to a draft, the draft to the kitchen, and the open orders live beside it. */

import { makeReasonDialog } from '../core/commands.js';
import { makeConsentDialog } from '../core/consent.js';
import { isTextField } from '../core/dom.js';
import { startLive } from '../core/live.js';
import { formatAmount } from '../core/money.js';
import { showNames } from '../core/names.js';
import { ProtocolError, makeCommandId } from '../core/protocol.js';
import { matches } from '../core/search.js';
import { openPanel } from '../core/panel.js';
import { Till } from '../core/till.js';
import { showToast } from '../core/toast.js';
import { findLiveRegion } from '../elements/live-region.js';
import '../elements/notification-tray.js';

/** @typedef {import('../core/stream.js').CardChange} CardChange */

const root = /** @type {HTMLElement} */ (document.querySelector('.till'));
const reasonDialog = /** @type {HTMLDialogElement | null} */ (document.querySelector('[data-reason-dialog]'));
let nextQuantity = 1;
/** @type {Till | null} */
let till = null;

const live = startLive({
  heartbeat: 'dashboard',
  isQuiet: () => !till?.draft.lines.length && !document.querySelector('dialog[open], [data-pending], [data-list]:not(#notifications) > *'),
  askReason: reasonDialog ? makeReasonDialog(reasonDialog) : undefined,
  askConsent: makeConsentDialog(document.querySelector('[data-consent-dialog]')),
  onMessage: ({ type, data }) => {
    if (type === 'menu_availability_changed') showAvailability(data);
    if (type === 'menu_pause_changed' && pausing?.isOpen) pausing.refresh();
    if (['menu_availability_changed', 'menu_pause_changed', 'menu_item_changed'].includes(type)) live?.reloadSoon(); // prices, names, choices and marks come with the page
    else if (type === 'menu_item_counted') showLeft(data);
    else if (type === 'table_session_opened' || type === 'table_session_closed') showTable(data);
    else if (type === 'table_session_moved') showMove(data);
    else if (type === 'order_created') showOpenOrder(data);
    else if (type === 'order_status_updated' && data.newStatus === 'ready') findLiveRegion()?.tell('ready', `order ${data.orderNumber}`);
  },
  onSnapshot: takeOverMenu,
});
showNames();
const pausing = openPanel('[data-pause-panel]', '[data-open-pause]');

if (live) {
  till = new Till(root, live.connection, (order, { wantsPay }) => {
    if (wantsPay) {
      location.assign(`${location.pathname}/orders/${order?.orderId ?? root.dataset.orderId}/pay`);
      return;
    }
    showToast(order?.orderNumber ? `${order.orderNumber} sent to the kitchen` : 'Sent to the kitchen');
    // The page of one order showed what it was before this round.
    if (root.dataset.orderId) location.assign(location.pathname);
  });
  // Without a connection the estimate stands, and what is on the till may be sent: it is kept.
  document.addEventListener('connection-state', () => till?.askAgain());
  chooseProducts(till);
}
chooseCategories();
changeName();
searchMenu();
hearKeys();

/** The name of the order that this page is about, as it is typed: a misheard one is corrected, or taken back. */
function changeName() {
  const name = /** @type {HTMLInputElement | null} */ (root.querySelector('[data-order-name]'));
  const initial = /** @type {HTMLInputElement | null} */ (root.querySelector('[data-order-name-initial]'));
  if (!name || !initial) return;
  const send = async () => {
    try {
      const wish = { orderId: root.dataset.orderId, customerName: name.value.trim(), mayShowInitial: initial.checked };
      await live?.connection.send('name_order', wish, { id: makeCommandId() });
      showToast(wish.customerName ? `Called by ${wish.customerName}` : 'Called by its number');
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      showToast(error.message, { isFault: true });
    }
  };
  for (const field of [name, initial]) field.addEventListener('change', () => void send());
}

/** @param {Till} till */
function chooseProducts(till) {
  root.addEventListener('click', (event) => {
    const target = /** @type {Element} */ (event.target);
    const product = /** @type {HTMLElement | null} */ (target.closest('[data-product]'));
    const quantity = target.closest('[data-next-quantity]');
    if (product) till.add(product, nextQuantity);
    if (product || quantity) setNextQuantity(Number(quantity?.getAttribute('data-next-quantity') ?? 1));
  });
}

/**
 * Digits say how many of the next item, a stroke leads to the search, the arrow down from there to what
 * is asked for most with the dish just added, Control and Enter send: hands stay on the keys.
 */
function hearKeys() {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey && event.key === 'Enter' && !document.querySelector('dialog[open]')) till?.send();
    if (event.ctrlKey || event.metaKey || event.altKey || isTextField(document.activeElement) || document.querySelector('dialog[open]')) return;
    if (/^[1-9]$/.test(event.key)) setNextQuantity(Number(event.key));
    else if (event.key === '/') /** @type {HTMLElement | null} */ (root.querySelector('[data-search]'))?.focus();
    else return;
    event.preventDefault();
  });
}

/** @param {number} quantity */
function setNextQuantity(quantity) {
  nextQuantity = quantity;
  for (const key of root.querySelectorAll('[data-next-quantity]')) {
    key.setAttribute('aria-pressed', String(key.getAttribute('data-next-quantity') === String(quantity)));
  }
}

function chooseCategories() {
  root.addEventListener('click', (event) => {
    const key = /** @type {Element} */ (event.target).closest('[data-category]');
    if (!key) return;
    const search = /** @type {HTMLInputElement | null} */ (root.querySelector('[data-search]'));
    if (search) search.value = '';
    showCategory(key.getAttribute('data-category') ?? '');
  });
}

/** @param {string} categoryId */
function showCategory(categoryId) {
  for (const key of root.querySelectorAll('[data-category]')) {
    key.setAttribute('aria-pressed', String(key.getAttribute('data-category') === categoryId));
  }
  for (const keys of root.querySelectorAll('[data-category-keys]')) {
    keys.toggleAttribute('hidden', keys.getAttribute('data-category-keys') !== categoryId);
    for (const product of keys.querySelectorAll('[data-product]')) product.removeAttribute('hidden');
  }
}

/** The search narrows all categories; Enter takes the first match. */
function searchMenu() {
  const search = /** @type {HTMLInputElement | null} */ (root.querySelector('[data-search]'));
  if (!search) return;
  search.addEventListener('input', () => {
    const typed = search.value.trim();
    if (!typed) {
      showCategory(root.querySelector('[data-category]')?.getAttribute('data-category') ?? '');
      return;
    }
    for (const keys of root.querySelectorAll('[data-category-keys]')) {
      const products = /** @type {HTMLElement[]} */ ([...keys.querySelectorAll('[data-product]')]);
      for (const product of products) product.hidden = !matches(product.dataset.name ?? '', typed);
      keys.toggleAttribute('hidden', products.every((product) => product.hidden));
    }
    for (const key of root.querySelectorAll('[data-category]')) key.setAttribute('aria-pressed', 'false');
  });
  search.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') {
      event.preventDefault();
      till?.focusShortcut();
    }
    if (event.key !== 'Enter' || !search.value.trim()) return;
    event.preventDefault();
    /** @type {HTMLElement | null} */ (root.querySelector('[data-category-keys]:not([hidden]) [data-product]:not([hidden], [disabled])'))?.click();
    search.select();
  });
}

/** The key at once; options, and what there is instead, come with the menu. @param {{menuItemId: string, isSoldOut: boolean, item: {priceMinor: number}}} change */
function showAvailability({ menuItemId, isSoldOut }) {
  const key = /** @type {HTMLButtonElement | null} */ (root.querySelector(`[data-product="${CSS.escape(menuItemId)}"]`));
  const foot = key?.querySelector('.product-key__foot > span');
  if (!key || !foot) return;
  key.disabled = isSoldOut;
  foot.textContent = isSoldOut ? 'sold out' : formatAmount(Number(key.dataset.priceMinor), root.dataset.currency ?? 'EUR');
}

/** @param {{menuItemId: string, left: number | null}} count of units; null when nobody counts any more */
function showLeft({ menuItemId, left }) {
  const place = root.querySelector(`[data-product="${CSS.escape(menuItemId)}"] [data-left]`);
  if (place) place.textContent = left ? `${left} left` : '';
}

/** @param {Document} fresh */
function takeOverMenu(fresh) {
  for (const keys of root.querySelectorAll('[data-category-keys]')) {
    const there = fresh.querySelector(`[data-category-keys="${CSS.escape(keys.getAttribute('data-category-keys') ?? '')}"]`);
    keys.replaceChildren(...[...(there?.children ?? [])].map((key) => document.importNode(key, true)));
  }
  const choices = '[data-options-for], [data-shortcuts-for], [data-substitutes-for]';
  for (const template of document.querySelectorAll(choices)) template.remove();
  for (const template of fresh.querySelectorAll(choices)) document.body.append(document.importNode(template, true));
  root.querySelector('[data-search]')?.dispatchEvent(new Event('input'));
  till?.readMenu();
}

/** Which order a table's next lines belong to. @param {{table: {number: number, label: string, openOrderId: string | null, openOrderNumber: number | null}}} change */
function showTable({ table }) {
  const option = findTableOption(table.number);
  if (!option) return;
  if (table.openOrderId) option.dataset.orderId = table.openOrderId;
  else delete option.dataset.orderId;
  option.textContent = table.openOrderNumber ? `${table.label}, order ${table.openOrderNumber} is open` : table.label;
}

/** @param {{table: any, left: any}} change */
function showMove({ table, left }) {
  showTable({ table });
  showTable({ table: left });
}

/** @param {{orderId: string, orderNumber: number, tableNumber?: number | null, tableLabel: string}} order */
function showOpenOrder({ orderId, orderNumber, tableNumber, tableLabel }) {
  if (tableNumber) showTable({ table: { number: tableNumber, label: tableLabel, openOrderId: orderId, openOrderNumber: orderNumber } });
}

/** @param {number} number */
function findTableOption(number) {
  const options = /** @type {NodeListOf<HTMLOptionElement>} */ (root.querySelectorAll('[data-draft-table] option'));
  return [...options].find((option) => option.value === String(number)) ?? null;
}
