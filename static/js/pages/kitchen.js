// @ts-check
/** A station's wall: pages of tickets, sounds, keys, and receipts of what was painted. */

import { AllDay } from '../core/all_day.js';
import { startLive } from '../core/live.js';
import { makeCommandId } from '../core/protocol.js';
import { Pager } from '../core/pager.js';
import { letScale, stayAwake } from '../core/screen.js';
import { showToast } from '../core/toast.js';
import { BumpKeys } from '../elements/bump-keys.js';
import { findLiveRegion } from '../elements/live-region.js';
import { OrderTicket } from '../elements/order-ticket.js';
import { SoundAlert } from '../elements/sound-alert.js';
import '../elements/notification-tray.js';

/** @typedef {import('../core/stream.js').CardChange} CardChange */
/** @typedef {import('../elements/sound-alert.js').Tone} Tone */

const REMIND_MS = 30000; // until somebody touches what is new or late
const NOTICED_OUTAGE_MS = 3000; // shorter ones were never shown
const TOLD_AT_ONCE = 100; // tickets in one heartbeat
const SCREEN_NAME = 'tabletap.screen';
const GATHER_MS = 1500; // what a resume brings comes within that

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
    if (type === 'kitchen_ticket_updated' && data.change === 'void') sound?.play('void');
  },
  painted: () => painted.takeNews(),
  isQuiet: () => !openList.querySelector(':scope > [data-rank], [data-pending]'),
});

const pager = new Pager(openList, /** @type {HTMLElement} */ (document.querySelector('[data-pager]')));
new AllDay(openList, /** @type {HTMLElement} */ (document.querySelector('[data-all-day]')));
const keys = /** @type {BumpKeys} */ (document.querySelector('bump-keys') ?? document.body.appendChild(document.createElement('bump-keys')));
keys.pages = pager;
letScale(wall);
stayAwake();
announceTickets();
remind();
tellAfterOutage();

/** Whether another station's tickets were moved here. @param {string} id */
function showsToo(id) {
  return document.querySelector(`[data-guest="${CSS.escape(id)}"]`) !== null;
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
  const note = () => requestAnimationFrame(() => requestAnimationFrame(collect));
  const collect = () => {
    for (const card of /** @type {NodeListOf<HTMLElement>} */ (openList.querySelectorAll(':scope > [data-ticket-id]'))) {
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

/** A tone and a word for every ticket that arrives or comes back. */
function announceTickets() {
  document.addEventListener('card-change', (event) => {
    const { kind, card } = /** @type {CustomEvent<CardChange>} */ (event).detail;
    if (kind !== 'inserted' || card.parentElement !== openList) return;
    const [tone, word] = readArrival(card);
    sound?.play(tone);
    findLiveRegion()?.tell(word, `order ${card.dataset.orderNumber}`);
  });
}

/** @param {HTMLElement} card @returns {[Tone, string]} */
function readArrival(card) {
  if (card.hasAttribute('data-recalled')) return ['recall', 'recalled'];
  if (card.hasAttribute('data-allergy')) return ['allergy', 'new, with an allergy'];
  if (card.hasAttribute('data-add-on')) return ['add-on', 'added to'];
  return ['new', 'new'];
}

/** What is new or late says so again until somebody touches it. */
function remind() {
  /** @type {Set<string>} */
  const late = new Set();
  document.addEventListener('band-change', (event) => {
    const card = /** @type {Element} */ (event.target).closest('order-ticket');
    const { band } = /** @type {CustomEvent} */ (event).detail;
    if (!card || card.parentElement !== openList) return;
    if (band !== 'late') late.delete(card.id);
    else if (!late.has(card.id)) {
      late.add(card.id);
      sound?.play('late');
    }
  });
  const touch = (/** @type {Event} */ event) => {
    const card = /** @type {Element} */ (event.target).closest?.('order-ticket');
    if (card) late.delete(card.id);
  };
  document.addEventListener('pointerdown', touch);
  document.addEventListener('keydown', touch);
  setInterval(() => {
    for (const id of late) if (document.getElementById(id)?.parentElement !== openList) late.delete(id);
    const tickets = /** @type {OrderTicket[]} */ ([...openList.querySelectorAll(':scope > order-ticket')]);
    if (tickets.some((ticket) => ticket.isNew)) sound?.play('new');
    else if (late.size) sound?.play('late');
  }, REMIND_MS);
}

/** After an outage that could be seen: how many tickets it kept from the cooks. */
function tellAfterOutage() {
  let downSinceMs = 0;
  let arrived = 0;
  document.addEventListener('card-change', (event) => {
    const { kind, card } = /** @type {CustomEvent<CardChange>} */ (event).detail;
    if (kind === 'inserted' && card.parentElement === openList) arrived += 1;
  });
  document.addEventListener('connection-state', (event) => {
    const { state } = /** @type {CustomEvent} */ (event).detail;
    if (state === 'waiting') downSinceMs ||= Date.now();
    if (state !== 'live' || !downSinceMs) return;
    const outageMs = Date.now() - downSinceMs;
    downSinceMs = 0;
    arrived = 0;
    if (outageMs < NOTICED_OUTAGE_MS) return;
    setTimeout(() => {
      if (arrived) showToast(arrived === 1 ? '1 ticket arrived while offline' : `${arrived} tickets arrived while offline`);
    }, GATHER_MS);
  });
}

export { live };
