// @ts-check
/** A station's wall: pages of tickets, sounds, keys, and receipts of what was painted. */

import { Alarms } from '../core/alarms.js';
import { AllDay } from '../core/all_day.js';
import { startLive } from '../core/live.js';
import { showNames } from '../core/names.js';
import { makeCommandId } from '../core/protocol.js';
import { Pager } from '../core/pager.js';
import { openPanel } from '../core/panel.js';
import { Returned } from '../core/returned.js';
import { letScale, spareThePixels, stayAwake } from '../core/screen.js';
import { TicketMenu } from '../core/ticket-menu.js';
import { showToast } from '../core/toast.js';
import { BumpKeys } from '../elements/bump-keys.js';
import '../elements/order-ticket.js';
import { SoundAlert } from '../elements/sound-alert.js';
import '../elements/notification-tray.js';

/** @typedef {import('../core/stream.js').CardChange} CardChange */

const NOTICED_OUTAGE_MS = 3000; // shorter ones were never shown
const TOLD_AT_ONCE = 100; // tickets in one heartbeat
const SCREEN_NAME = 'tabletap.screen';
const NAMED_ARRIVALS = 6;
const GATHER_MS = 1500; // what a resume brings comes within that

const PARTS = '/kitchen/parts';

const wall = /** @type {HTMLElement} */ (document.querySelector('.kitchen'));
const openList = /** @type {HTMLElement} */ (document.querySelector('[data-list="kitchen_ticket"][data-column="open"]'));
const sound = /** @type {SoundAlert | null} */ (document.querySelector('sound-alert'));
const stationId = wall.dataset.stationId ?? '';

const painted = followPainting();
const live = startLive({
  heartbeat: 'dashboard',
  // A cook's connection hears of every station; this wall is one station's, or everybody's.
  isForThisPage: ({ data }) => !stationId || !data?.kitchenStationId || data.kitchenStationId === stationId || showsToo(data.kitchenStationId),
  onMessage: ({ type, data }) => {
    if (type === 'station_moved' || type === 'station_returned') takeMove(data);
    if (type === 'menu_pause_changed') live?.reloadSoon(); // one a station, and all may be paused together
    if (['menu_availability_changed', 'menu_pause_changed', 'menu_item_counted'].includes(type) && soldOut?.isOpen) soldOut.refresh();
  },
  painted: () => painted.takeNews(),
  isQuiet: () => !openList.querySelector(':scope > [data-rank], [data-pending]'),
});
showNames();

const pager = new Pager(openList, /** @type {HTMLElement} */ (document.querySelector('[data-pager]')));
new AllDay(openList, /** @type {HTMLElement} */ (document.querySelector('[data-all-day]')));
const keys = /** @type {BumpKeys} */ (document.querySelector('bump-keys') ?? document.body.appendChild(document.createElement('bump-keys')));
keys.pages = pager;
const menuDialog = /** @type {HTMLDialogElement | null} */ (document.querySelector('[data-ticket-menu]'));
if (live && menuDialog) keys.menu = new TicketMenu(openList, menuDialog, live.commands);
const recall = openPanel('[data-recall-panel]', '[data-open-recall]');
const soldOut = openPanel('[data-sold-out-panel]', '[data-open-sold-out]');
keys.recall = recall;
keys.soldOut = soldOut;
menuDialog?.addEventListener('click', (event) => {
  const key = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('[data-sold-out]'));
  if (!key) return;
  menuDialog.close();
  soldOut?.open(`${PARTS}/sold-out/item/${key.dataset.soldOut}`);
});
letScale(wall);
stayAwake();
spareThePixels(wall);
new Alarms(openList, sound);
tellAfterOutage();
markGuests();
const returned = /** @type {HTMLElement | null} */ (document.querySelector('[data-returned]'));
if (returned) new Returned(returned);

/** Whether another station's tickets were moved here. @param {string} id */
function showsToo(id) {
  return document.querySelector(`[data-guest="${CSS.escape(id)}"]`) !== null;
}

/** A wall that shows another station's tickets names stations. As `:has()` it would style the whole wall anew with every card. */
function markGuests() {
  const mark = () => wall.toggleAttribute('data-has-guests', document.querySelector('[data-guest]') !== null);
  for (const change of ['card-change', 'lists-change']) document.addEventListener(change, mark);
  mark();
}

/** Tickets came here or left, or our own are shown elsewhere. @param {{stationId: string, shownAtStationId: string}} move */
function takeMove(move) {
  if (!stationId || stationId === move.stationId || stationId === move.shownAtStationId) live?.connection.reload();
}

/**
 * What the screen shows, told once per version. A receipt is for pixels: a card counts once a frame
 * with it has been drawn, which a hidden or frozen page never does.
 */
function followPainting() {
  /** @type {Map<string, number>} */
  const known = new Map();
  /** @type {Map<string, number>} */
  const news = new Map();
  let isNoted = false;
  const note = () => {
    if (!isNoted) requestAnimationFrame(() => { isNoted = false; requestAnimationFrame(collect); });
    isNoted = true;
  };
  const collect = () => {
    // What is held has to be seen once it is fired.
    for (const card of /** @type {NodeListOf<HTMLElement>} */ (openList.querySelectorAll(':scope > [data-ticket-id]:not([data-held])'))) {
      const [id, version] = [card.dataset.ticketId ?? '', Number(card.dataset.version)];
      if (known.get(id) !== version) news.set(id, version);
      known.set(id, version);
    }
    for (const id of known.keys()) if (!document.getElementById(`kitchen_ticket-${id}`)) known.delete(id);
    if (news.size) live?.connection.beatSoon();
  };
  const repeat = (/** @type {Event} */ event) => {
    if (/** @type {CustomEvent} */ (event).detail.state !== 'live') return;
    known.clear(); // the server's side of an old connection is gone
    note();
  };
  document.addEventListener('card-change', note);
  document.addEventListener('lists-change', note);
  document.addEventListener('connection-state', repeat);
  document.addEventListener('visibilitychange', () => live?.connection.beatSoon());
  if (sound) new MutationObserver(() => live?.connection.beatSoon()).observe(sound, { attributeFilter: ['data-state'] });
  const screen = nameScreen();
  return {
    takeNews() {
      const isVisible = document.visibilityState === 'visible';
      // What was drawn just before the screen went dark is told when it is seen again.
      const told = isVisible ? [...news].slice(0, TOLD_AT_ONCE) : [];
      for (const [id] of told) news.delete(id);
      return {
        tickets: Object.fromEntries(told),
        open: openList.querySelectorAll(':scope > [data-ticket-id]').length,
        isVisible,
        sound: sound?.dataset.state,
        screen,
      };
    },
  };
}

/** What this page calls itself: the same screen when it is loaded again. */
function nameScreen() {
  const name = makeCommandId();
  try {
    const kept = sessionStorage.getItem(SCREEN_NAME);
    if (kept) return kept;
    sessionStorage.setItem(SCREEN_NAME, name);
  } catch {
    // Storage is closed in private windows: then it is another screen each time.
  }
  return name;
}

/** After an outage that could be seen: how many tickets it kept from the cooks. */
function tellAfterOutage() {
  let downSinceMs = 0;
  /** @type {string[]} */
  let arrived = [];
  document.addEventListener('card-change', (event) => {
    const { kind, card } = /** @type {CustomEvent<CardChange>} */ (event).detail;
    if (kind === 'inserted' && card.parentElement === openList && !card.hasAttribute('data-held')) arrived.push(card.dataset.orderNumber ?? '');
  });
  document.addEventListener('connection-state', (event) => {
    const { state } = /** @type {CustomEvent} */ (event).detail;
    if (state === 'waiting') downSinceMs ||= Date.now();
    if (state !== 'live' || !downSinceMs) return;
    const outageMs = Date.now() - downSinceMs;
    downSinceMs = 0;
    arrived = [];
    if (outageMs < NOTICED_OUTAGE_MS) return;
    setTimeout(() => {
      const numbers = arrived.length > NAMED_ARRIVALS ? `${arrived.slice(0, NAMED_ARRIVALS).join(', ')} …` : arrived.join(', ');
      if (arrived.length) showToast(`${arrived.length === 1 ? '1 ticket' : `${arrived.length} tickets`} arrived while offline: ${numbers}`);
    }, GATHER_MS);
  });
}
