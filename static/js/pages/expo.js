// @ts-check
/** The pass: whole orders, whose they are, and what can be carried now. */

import { makeReasonDialog } from '../core/commands.js';
import { makeConsentDialog } from '../core/consent.js';
import { startLive } from '../core/live.js';
import { Pager } from '../core/pager.js';
import { letScale, spareThePixels, stayAwake } from '../core/screen.js';
import { announce, fillFields, oncePerTurn } from '../core/dom.js';
import { keepHere, readKept } from '../core/kept.js';
import { showNames } from '../core/names.js';
import { BumpKeys } from '../elements/bump-keys.js';
import { findLiveRegion } from '../elements/live-region.js';
import '../elements/order-ticket.js';
import { SoundAlert } from '../elements/sound-alert.js';
import '../elements/notification-tray.js';

/** @typedef {import('../core/stream.js').CardChange} CardChange */

const REMIND_MS = 30000; // what is complete gets cold
const ZONE = 'tabletap.zone'; // per screen: whose runner stands before it

const wall = /** @type {HTMLElement} */ (document.querySelector('.expo'));
const openList = /** @type {HTMLElement} */ (document.querySelector('[data-list="pass_order"][data-column="open"]'));
const sound = /** @type {SoundAlert | null} */ (document.querySelector('sound-alert'));
const reasonDialog = /** @type {HTMLDialogElement} */ (document.querySelector('[data-reason-dialog]'));

startLive({
  heartbeat: 'dashboard',
  isQuiet: () => !openList.querySelector(':scope > [data-rank], [data-pending]'),
  askReason: makeReasonDialog(reasonDialog),
  askConsent: makeConsentDialog(document.querySelector('[data-consent-dialog]')),
});
showNames();

chooseZone();
const pager = new Pager(openList, /** @type {HTMLElement} */ (document.querySelector('[data-pager]')));
const keys = /** @type {BumpKeys} */ (document.querySelector('bump-keys'));
keys.pages = pager;
letScale(wall);
spareThePixels(wall);
stayAwake();
showWhatToCarry();
announceOrders();

/** @returns {HTMLElement[]} the orders that this screen is about, oldest first */
function listOrders() {
  return /** @type {HTMLElement[]} */ ([...openList.querySelectorAll(':scope > [data-rank]:not([hidden])')]);
}

/** A runner's screen shows one part of the cafe, or only what can be carried. */
function chooseZone() {
  const zones = /** @type {HTMLSelectElement} */ (document.querySelector('[data-zones]'));
  const carryOnly = /** @type {HTMLElement} */ (document.querySelector('[data-carry-only]'));
  const choice = readChoice();
  if ([...zones.options].some((option) => option.value === choice.zone)) zones.value = choice.zone;
  carryOnly.setAttribute('aria-pressed', String(choice.isCarryOnly));
  const narrow = () => {
    const isCarryOnly = carryOnly.getAttribute('aria-pressed') === 'true';
    for (const card of /** @type {NodeListOf<HTMLElement>} */ (openList.querySelectorAll(':scope > [data-rank]'))) {
      card.hidden = (zones.value !== '' && card.dataset.zone !== zones.value) || (isCarryOnly && card.dataset.readyUnits === '0');
    }
  };
  const choose = () => {
    keepHere(ZONE, JSON.stringify({ zone: zones.value, isCarryOnly: carryOnly.getAttribute('aria-pressed') === 'true' }));
    narrow();
    announce('lists-change', null);
  };
  zones.addEventListener('change', choose);
  carryOnly.addEventListener('click', () => {
    carryOnly.setAttribute('aria-pressed', String(carryOnly.getAttribute('aria-pressed') !== 'true'));
    choose();
  });
  // Before everything else that counts or lays out what is shown.
  document.addEventListener('card-change', narrow, { capture: true });
  document.addEventListener('lists-change', narrow, { capture: true });
  narrow();
}

/** @returns {{zone: string, isCarryOnly: boolean}} */
function readChoice() {
  try {
    return { zone: '', isCarryOnly: false, ...JSON.parse(readKept(ZONE) ?? '{}') };
  } catch {
    return { zone: '', isCarryOnly: false };
  }
}

/** The rail names what is complete, wherever on the pages it stands. */
function showWhatToCarry() {
  const rows = /** @type {HTMLElement} */ (document.querySelector('[data-carry]'));
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector('[data-template="carry-row"]'));
  const update = () => {
    const complete = listOrders().filter((card) => card.hasAttribute('data-complete'));
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.card;
    rows.replaceChildren(...complete.map((card) => {
      const row = document.importNode(template.content, true);
      /** @type {HTMLElement} */ (row.querySelector('button')).dataset.card = card.id;
      const { orderNumber = '', place = '', readyUnits = '' } = card.dataset;
      fillFields(row, { number: orderNumber, place, units: readyUnits });
      return row;
    }));
    document.querySelector('[data-carry-none]')?.toggleAttribute('hidden', complete.length > 0);
    if (focused) /** @type {HTMLElement | null} */ (rows.querySelector(`[data-card="${CSS.escape(focused)}"]`))?.focus({ preventScroll: true });
  };
  rows.addEventListener('click', (event) => {
    const id = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('[data-card]'))?.dataset.card ?? '';
    const card = document.getElementById(id);
    if (!card) return;
    pager.show(card);
    /** @type {HTMLElement | null} */ (card.querySelector('[data-main-key]'))?.focus();
  });
  const updateSoon = oncePerTurn(update);
  document.addEventListener('card-change', updateSoon);
  document.addEventListener('lists-change', updateSoon);
  update();
}

/** A tone and a word when an order is complete, and again until somebody carries it; another when one is late. */
function announceOrders() {
  document.addEventListener('card-change', (event) => {
    const { card, previous } = /** @type {CustomEvent<CardChange>} */ (event).detail;
    if (card.parentElement !== openList || card.hidden || !card.hasAttribute('data-complete') || previous?.hasAttribute('data-complete')) return;
    sound?.play('ready');
    findLiveRegion()?.tell('all ready', `order ${card.dataset.orderNumber}`);
  });
  document.addEventListener('band-change', (event) => {
    const card = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('order-ticket'));
    const isOfStation = /** @type {Element} */ (event.target).closest('.pass-missing');
    if (card?.parentElement === openList && !isOfStation && !card.hidden && card.dataset.band === 'late') sound?.play('late');
  });
  setInterval(() => {
    if (listOrders().some((card) => card.hasAttribute('data-complete'))) sound?.play('ready');
  }, REMIND_MS);
}
