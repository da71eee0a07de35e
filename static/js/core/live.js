// @ts-check
/**
 * Makes a page live: reads `body[data-live]`, connects, places fragments, loads the page anew on a
 * resync, shows the connection's state, sends the keys' commands. What is particular to a page
 * comes from pages/*.js as options.
 */

import { learnServerTime, readServerTimeMs } from './clock.js';
import { Commands } from './commands.js';
import { updateCounts, updateLateCount } from './counts.js';
import { announce, readJson } from './dom.js';
import { leaveWhenIdle } from './idle.js';
import { ProtocolError } from './protocol.js';
import { keepSignedIn, renewAfterRestarts } from './renewal.js';
import { connect } from './socket.js';
import { Stream } from './stream.js';
import { fetchTicket } from './tickets.js';
import { showToast } from './toast.js';
import '../elements/elapsed-time.js';
import { ConnectionStatus } from '../elements/connection-status.js';
import { findLiveRegion } from '../elements/live-region.js';

/** @typedef {import('./protocol.js').Message} Message */

/**
 * @typedef {object} LiveOptions
 * @property {'dashboard' | 'guest'} heartbeat
 * @property {(message: Message) => boolean} [isForThisPage] a room may carry more than the page shows
 * @property {(message: Message) => void} [onMessage] after its fragment was placed
 * @property {(fresh: Document) => void} [onSnapshot] after the lists were taken over
 * @property {() => object} [painted]
 * @property {() => boolean} [isQuiet] for screens that stay open: may a new version be loaded now
 * @property {number} [refreshMs] what is in no event is loaded again this often, while somebody looks and it is quiet
 * @property {import('./commands.js').AskReason} [askReason]
 * @property {import('./consent.js').AskConsent} [askConsent]
 */

// One step of an order is several messages, and one option is in many dishes: what belongs together comes within that.
const GATHER_MS = 250;
const LOAD_TIMEOUT_MS = 10000;

// What a screen's connection ends with once its access was taken back.
const UNPAIRED = new Set(['revoked', 'device_unpaired']);
// What a phone's ends with once its table was closed: the server's page says what comes now.
const TABLE_CLOSED = new Set(['revoked', 'table_session_closed']);

/** @param {LiveOptions} options @returns the connection, the commands, and `reloadSoon` for what several messages say together; null on a page that does not attach */
export function startLive(options) {
  const live = readJson(document.body, 'data-live');
  if (!live) return null;
  // A paired screen that nobody is signed in on: it follows what it is made, without a touch.
  const isScreen = 'screen' in document.body.dataset;
  const isGuest = options.heartbeat === 'guest';
  const stream = new Stream();
  const status = /** @type {ConnectionStatus | null} */ (document.querySelector('connection-status'));
  const renew = options.isQuiet && renewAfterRestarts(options.isQuiet, async () => (await loadPage()).fresh);
  const connection = connect({
    namespace: live.namespace,
    token: () => fetchTicket(live.roles ? { namespace: live.namespace, roles: live.roles } : { namespace: live.namespace }),
    rooms: live.rooms,
    render: live.render,
    position: live.position,
    locale: document.documentElement.lang,
    heartbeat: options.heartbeat,
    painted: options.painted,
    onConnected: (welcome) => void renew?.(welcome.boot),
    onServerTime: learnServerTime,
    onMessage: (message) => {
      if (options.isForThisPage && !options.isForThisPage(message)) return;
      if (message.fragment) stream.apply(message.fragment);
      if (message.type === 'device_updated' && isScreen) location.assign('/displays'); // the server says where it belongs now
      options.onMessage?.(message);
    },
    // The one way in which a page takes itself over: until then the connection holds what comes, tries again, and is
    // not current. Returns the position that the lists belong to.
    onResync: async () => {
      const { fresh, position } = await loadPage();
      stream.swapLists(fresh);
      options.onSnapshot?.(fresh);
      return position;
    },
    onCurrent: () => status?.update(),
    // A phone's connection carries no commands: what is wrong with it shows in its state, in the guest's language.
    onError: (error) => { if (!isGuest) showToast(error.message, { isFault: true }); },
    onMaxReconnectionAttemptsReached: () => status?.giveUp(),
    onState: (state, reason) => {
      if (state === 'live') commands?.onLive();
      if (state === 'stopped' && isScreen && UNPAIRED.has(reason?.name ?? '')) location.assign('/pair');
      if (state === 'stopped' && isGuest && TABLE_CLOSED.has(reason?.name ?? '')) location.reload();
      if (state === 'stopped' && reason) {
        findLiveRegion()?.say(status?.stop(reason) ?? reason.sentence);
      }
      status?.update();
      announce('connection-state', { state, reason });
    },
  });
  /** @type {Commands | undefined} */
  const commands = new Commands(connection, options.askReason, options.askConsent);
  status?.watch(connection, { isDashboard: options.heartbeat === 'dashboard' });
  if (options.heartbeat === 'dashboard') keepSignedIn();
  leaveWhenIdle();
  followLists();
  showClocks();
  if (options.refreshMs) {
    setInterval(() => {
      if (document.visibilityState === 'visible' && connection.isCurrent && options.isQuiet?.() !== false) connection.reload();
    }, options.refreshMs);
  }
  // A page that goes into the browser's back cache would come back with a dead socket.
  addEventListener('pagehide', () => connection.close());
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
  const reloadGathered = makeGathered(() => connection.reload());
  // What was missed is not to look true for the moment that is granted to what is new.
  const reloadSoon = () => (connection.isReplaying ? connection.reload() : reloadGathered());
  return { connection, commands, stream, reloadSoon };
}

/**
 * Load this page again; its lists and its position belong together.
 * @returns {Promise<{fresh: Document, position: import('./protocol.js').Position}>}
 */
async function loadPage() {
  const abort = new AbortController(); // a network that swallows answers would keep the old content for ever
  const timer = setTimeout(() => abort.abort(), LOAD_TIMEOUT_MS);
  let text;
  try {
    const response = await fetch(location.href, {
      credentials: 'same-origin', cache: 'no-store', headers: { Accept: 'text/html' }, signal: abort.signal,
    });
    if (!response.ok) throw new Error(`The page answered ${response.status}.`);
    text = await response.text();
  } finally {
    clearTimeout(timer);
  }
  const fresh = new DOMParser().parseFromString(text, 'text/html');
  const live = readJson(fresh.body, 'data-live');
  // Another page came, the sign-in's most likely.
  if (!live) throw new ProtocolError({
    type: 'authentication_failed', code: 'signed_out', recoverable: false, message: 'The sign-in has ended. Sign in again.',
  });
  return { fresh, position: live.position };
}

/** Make of work what is done once for everything that comes within a moment. @param {() => void} work */
function makeGathered(work) {
  let isDue = false;
  return () => {
    if (isDue) return; // not put off by what follows: in a rush something always does
    isDue = true;
    setTimeout(() => {
      isDue = false;
      work();
    }, GATHER_MS);
  };
}

function followLists() {
  let isDue = false;
  const update = () => {
    if (isDue) return;
    isDue = true; // once for all changes of one turn
    queueMicrotask(() => {
      isDue = false;
      updateCounts();
    });
  };
  document.addEventListener('card-change', update);
  document.addEventListener('lists-change', update);
  document.addEventListener('band-change', updateLateCount);
}

/** `[data-clock]`: the time of day in the cafe, by the server's clock: a tablet's own drifts. */
function showClocks() {
  const clocks = /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll('[data-clock]'));
  if (!clocks.length) return;
  const format = new Intl.DateTimeFormat(document.documentElement.lang || 'en', {
    hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: clocks[0].dataset.timeZone || undefined,
  });
  const update = () => {
    for (const clock of clocks) clock.textContent = format.format(new Date(readServerTimeMs()));
  };
  update();
  setInterval(update, 1000);
}
