// @ts-check
/**
 * One lasting connection to a namespace: it authenticates, joins, resumes where it was, resends
 * what was not answered, and comes back by itself. See docs/protocol.md and spec F1-F3.
 *
 * Knows no document: pages hand in callbacks (core/live.js does for all of them).
 */

import { computeDelayMs, LONGEST_MS } from './backoff.js';
import { SockJSClient, LOST } from './sockjs.js';
import {
  ProtocolError, makeAuthenticate, makeCommand, makeCommandId, makeConnectionLostError, makeHeartbeat, makeRefresh,
  makeTimeoutError, readCloseCode,
} from './protocol.js';

/** @typedef {import('./protocol.js').Position} Position */
/** @typedef {import('./protocol.js').Message} Message */
/** @typedef {import('./protocol.js').CloseRule} CloseRule */
/** @typedef {import('./protocol.js').Acknowledgement} Acknowledgement */

/** @typedef {'connecting' | 'live' | 'waiting' | 'stopped' | 'closed'} ConnectionState */
/** @typedef {CloseRule & {code: number}} DisconnectReason */

/**
 * @typedef {object} ConnectOptions
 * @property {string} namespace
 * @property {() => Promise<string>} token a fresh one-use ticket for every attempt and renewal; a ProtocolError
 *   that is not recoverable (signed out) ends the connection for good
 * @property {string[]} [rooms] asked for beside those that the roles imply
 * @property {Position | null} [position] where the page's content stands
 * @property {string[]} [render] cards wanted as HTML
 * @property {string} [locale]
 * @property {'dashboard' | 'guest'} [heartbeat]
 * @property {() => object | undefined} [painted] what the screen shows, for the dashboard's heartbeat
 * @property {(welcome: any) => void} [onConnected]
 * @property {(reason: DisconnectReason) => void} [onDisconnected]
 * @property {(error: ProtocolError) => void} [onError] an error that answers no command
 * @property {(error: Error) => void} [onConnectionError] an attempt failed
 * @property {() => void} [onMaxReconnectionAttemptsReached]
 * @property {(state: ConnectionState, reason: DisconnectReason | null) => void} [onState]
 * @property {(message: Message) => void} [onMessage] events, each once and in order, and others without `seq`
 * @property {(reason: string) => Promise<Position | null>} [onResync] load a snapshot and return its position;
 *   without it the connection goes on from the server's position
 * @property {() => void} [onCurrent] nothing is missing any more from what is shown
 * @property {(serverTime: string | number, requestedAtMs: number) => void} [onServerTime] for core/clock.js
 * @property {(url: string, handlers: import('./sockjs.js').TransportHandlers) => {send(text: string): void, close(code?: number): void}} [openTransport]
 * @property {() => number} [random]
 */

/**
 * Dashboards beat every 2 s and count as dead after three missed answers: sooner than the 10 s at
 * which a screen turns red, later than a commit that takes its time. They never give up, and nobody
 * stands before them to touch them: what was not let in tries again within 10 s (decision 0051).
 * Guests beat every 25 s, are dead 20 s later (looked at every 2 s), are told after ten attempts, and go on.
 */
export const HEARTBEATS = Object.freeze({
  dashboard: Object.freeze({ everyMs: 2000, deadMs: 6000, checkMs: 1000, attempts: Infinity, longestMs: 10000 }),
  guest: Object.freeze({ everyMs: 25000, deadMs: 45000, checkMs: 2000, attempts: 10, longestMs: LONGEST_MS }),
});

const ACKNOWLEDGEMENT_TIMEOUT_MS = 10000;
const WELCOME_TIMEOUT_MS = 10000; // what the server grants for the first frame
const STABLE_MS = 30000; // a connection that lived this long starts the back-off anew
// What the server is told when this side ends a connection: a page that was left is no alarm and
// the next page no return, a connection that is no good any more may be a screen that does not come
// back.
const LEFT = 3000;
const GIVEN_UP = 3001;
const RENEWAL_RETRY_MS = 5000; // the server gives a minute from `refresh_due` on
const EARLY_BEAT_MS = 250; // between beats that cannot wait: a burst of tickets is told together
const PROBE_MS = 5000; // the network changed under a live connection: answer, or be replaced

// Commands on their way at once. The server allows bursts of 60 frames: a queue of an outage goes
// out in order, each next one as an earlier one is answered.
const COMMANDS_IN_FLIGHT = 16;

/**
 * @typedef {object} PendingCommand
 * @property {Message} message
 * @property {(answer: Acknowledgement) => void} resolve
 * @property {(error: ProtocolError) => void} reject
 * @property {boolean} isSent on the present connection
 * @property {number} timeoutMs
 * @property {ReturnType<typeof setTimeout> | undefined} timer
 */

/** Open a connection that lasts until `close()`. @param {ConnectOptions} options */
export function connect(options) {
  const connection = new Connection(options);
  connection.open();
  return connection;
}

export class Connection {
  /** @type {ConnectionState} */
  state = 'waiting';
  /** @type {Position | null} */
  position;
  /** Client time of the last frame of any kind: the other side lives. */
  lastFrameAtMs = Date.now();
  /** Client time up to which what is shown is known to be true: its age counts from here. */
  currentAtMs = Date.now();
  /** Attempts that failed since the last stable connection. */
  attempts = 0;

  #options;
  #heartbeat;
  /** @type {{send(text: string): void, close(code?: number): void} | null} */
  #transport = null;
  #attemptId = 0;
  #loadId = 0;
  /** @type {Map<string, PendingCommand>} */
  #pending = new Map();
  /** @type {Message[] | null} events that wait for a snapshot */
  #held = null;
  #needsSnapshot;
  /** Everything before what arrives now has been passed on. */
  #isComplete = false;
  #isReloadDue = false;
  /** @type {Position | null} the stream is complete after this */
  #floor = null;
  #minimumDelayMs = 0;
  /** The server asked to wait until then; a network that is back changes nothing about that. */
  #notBeforeMs = 0;
  /** @type {string | null} the life of the server that this was connected to last */
  #boot = null;
  #lastBeatAtMs = 0;
  #unansweredBeats = 0;
  #hasReachedLimit = false;
  /** @type {Record<'retry' | 'welcome' | 'stable' | 'beat' | 'early' | 'probe' | 'snapshot' | 'renewal', ReturnType<typeof setTimeout> | undefined>} */
  #timers = {
    retry: undefined, welcome: undefined, stable: undefined, beat: undefined, early: undefined, probe: undefined, snapshot: undefined, renewal: undefined,
  };

  /** @param {ConnectOptions} options */
  constructor(options) {
    this.#options = options;
    this.#heartbeat = HEARTBEATS[options.heartbeat ?? 'guest'];
    this.position = options.position ?? null;
    this.#needsSnapshot = Boolean(options.onResync) && !this.position;
  }

  get isLive() {
    return this.state === 'live';
  }

  /** Whether what is shown is what the server says, and not what it said before an outage or a resync. */
  get isCurrent() {
    return this.isLive && this.#isComplete;
  }

  /** Whether what arrives is what was missed: old already, and with more to come. */
  get isReplaying() {
    return this.isLive && !this.#isComplete && !this.#held;
  }

  /** Connect, and connect again whenever needed. */
  open() {
    globalThis.addEventListener?.('online', this.#wake);
    globalThis.document?.addEventListener('visibilitychange', this.#wake);
    void this.#attempt();
  }

  /** Try at once: the person asked for it. A stopped connection tries again too. */
  reconnect() {
    if (this.state === 'live' || this.state === 'connecting') return;
    this.#startBackOffAnew();
    void this.#attempt();
  }

  /** End for good. */
  close() {
    globalThis.removeEventListener?.('online', this.#wake);
    globalThis.document?.removeEventListener('visibilitychange', this.#wake);
    this.#drop(LEFT);
    this.#rejectAll('The page closed its connection.');
    this.#enter('closed', null);
  }

  /**
   * Send a command; while there is no connection it waits for one. Sent again after a reconnect
   * with the same id, it acts once.
   * @param {string} type @param {object} data
   * @param {{id?: string, timeoutMs?: number}} [options] id: of an earlier try of the same command;
   *   timeoutMs: for the answer, counted from the sending
   * @returns {Promise<Acknowledgement>} rejects with a ProtocolError
   */
  send(type, data, { id = makeCommandId(), timeoutMs = ACKNOWLEDGEMENT_TIMEOUT_MS } = {}) {
    return new Promise((resolve, reject) => {
      if (this.state === 'stopped' || this.state === 'closed') {
        reject(makeConnectionLostError('There is no connection. Load the page again.'));
        return;
      }
      const message = makeCommand(type, data, id);
      this.#pending.set(id, { message, resolve, reject, isSent: false, timeoutMs, timer: undefined });
      this.#sendPending();
    });
  }

  /** What the screen shows has changed: say so now and not with the next beat. */
  beatSoon() {
    if (!this.isLive || this.#timers.early !== undefined) return;
    const waitMs = this.#lastBeatAtMs + EARLY_BEAT_MS - Date.now();
    this.#timers.early = setTimeout(() => this.#beatEarly(), Math.max(0, waitMs));
  }

  // --- attempts -------------------------------------------------------------------------------

  async #attempt() {
    this.#drop();
    const attemptId = this.#attemptId;
    this.#enter('connecting', null);
    let token;
    try {
      token = await this.#options.token();
    } catch (error) {
      if (attemptId === this.#attemptId) this.#failAttempt(/** @type {Error} */ (error));
      return;
    }
    if (attemptId !== this.#attemptId) return;
    const isCurrent = () => attemptId === this.#attemptId;
    const open = this.#options.openTransport ?? ((url, handlers) => new SockJSClient(url, handlers));
    this.#transport = open(`${globalThis.location?.origin ?? ''}/ws/${this.#options.namespace}`, {
      onOpen: () => isCurrent() && this.#authenticate(token),
      onMessage: (text) => isCurrent() && this.#read(text),
      onBeat: () => isCurrent() && this.#hear(),
      onClose: (code, reason) => isCurrent() && this.#lose(code, reason),
    });
  }

  /** @param {Error} error no ticket could be had */
  #failAttempt(error) {
    this.#options.onConnectionError?.(error);
    if (error instanceof ProtocolError && !error.body.recoverable) {
      this.#stop({ code: 4501, name: error.code, comesBack: false, sentence: error.message });
      return;
    }
    if (error instanceof ProtocolError) this.#minimumDelayMs = 1000 * (error.body.retryAfter ?? 0);
    this.#scheduleRetry(null, this.#heartbeat.longestMs);
  }

  /** @param {string} token */
  #authenticate(token) {
    const { rooms, render, locale } = this.#options;
    this.lastFrameAtMs = Date.now();
    this.#lastBeatAtMs = Date.now();
    this.#timers.welcome = setTimeout(() => this.#lose(LOST, 'no welcome'), WELCOME_TIMEOUT_MS);
    this.#transmit(makeAuthenticate({ token, rooms, render, locale, position: this.#needsSnapshot ? null : this.position, boot: this.#boot }));
  }

  /** @param {number} code @param {string} reason */
  #lose(code, reason) {
    const wasLive = this.isLive;
    const rule = { ...readCloseCode(code), code };
    this.#drop();
    if (wasLive) this.#options.onDisconnected?.(rule);
    else this.#options.onConnectionError?.(new Error(reason || rule.sentence));
    // Who was let in comes back as one whose returns are counted (decision 0028): not every few seconds.
    if (rule.comesBack) this.#scheduleRetry(rule, wasLive ? LONGEST_MS : this.#heartbeat.longestMs);
    else this.#stop(rule);
  }

  /** @param {DisconnectReason | null} reason @param {number} longestMs */
  #scheduleRetry(reason, longestMs) {
    const hasUsedAttempts = this.attempts >= this.#heartbeat.attempts;
    const delayMs = computeDelayMs(this.attempts, this.#options.random ?? Math.random, longestMs);
    this.attempts += 1;
    this.#notBeforeMs = Date.now() + this.#minimumDelayMs;
    this.#timers.retry = setTimeout(() => void this.#attempt(), Math.max(delayMs, this.#minimumDelayMs));
    this.#minimumDelayMs = 0;
    this.#enter('waiting', reason);
    if (hasUsedAttempts && !this.#hasReachedLimit) {
      this.#hasReachedLimit = true;
      this.#options.onMaxReconnectionAttemptsReached?.();
    }
  }

  /** @param {DisconnectReason} reason */
  #stop(reason) {
    this.#drop();
    this.#rejectAll(reason.sentence);
    this.#enter('stopped', reason);
  }

  /** Forget the present transport and everything that hangs on it. @param {number} [code] why, for the server */
  #drop(code = GIVEN_UP) {
    this.#attemptId += 1;
    this.#loadId += 1;
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#timers.early = undefined;
    this.#transport?.close(code);
    this.#transport = null;
    this.#held = null;
    this.#isComplete = false;
    this.#unansweredBeats = 0;
    for (const command of this.#pending.values()) {
      clearTimeout(command.timer);
      command.isSent = false;
    }
  }

  /** @param {ConnectionState} state @param {DisconnectReason | null} reason */
  #enter(state, reason) {
    this.state = state;
    this.#options.onState?.(state, reason);
  }

  #startBackOffAnew() {
    this.attempts = 0;
    this.#hasReachedLimit = false;
  }

  #wake = () => {
    if (globalThis.document?.visibilityState === 'hidden') return;
    if (!this.isLive) this.#startBackOffAnew(); // an attempt that hangs in the old network is followed by another soon
    if (this.state === 'waiting') {
      if (Date.now() >= this.#notBeforeMs) void this.#attempt();
    } else if (this.isLive) {
      this.#beat();
      const askedAtMs = Date.now();
      clearTimeout(this.#timers.probe);
      this.#timers.probe = setTimeout(() => {
        if (this.lastFrameAtMs < askedAtMs) this.#lose(LOST, 'no answer');
      }, PROBE_MS);
    }
  };

  // --- messages -------------------------------------------------------------------------------

  #hear() {
    this.lastFrameAtMs = Date.now();
    if (this.isCurrent) this.currentAtMs = this.lastFrameAtMs;
  }

  /** What is shown has everything that came: from here on it is as old as the last frame. */
  #becomeCurrent() {
    if (this.#held || this.#isReloadDue) return;
    this.#isComplete = true;
    this.currentAtMs = this.lastFrameAtMs;
    this.#options.onCurrent?.();
  }

  /** @param {string} text */
  #read(text) {
    this.#hear();
    /** @type {Message} */
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      this.#lose(LOST, 'The server sent a message that cannot be read.');
      return;
    }
    switch (message.type) {
      case 'welcome': this.#onWelcome(message); break;
      case 'joined': this.#onJoined(message); break;
      case 'resync': this.#startResync(message.data.reason, message.data.position); break;
      case 'ack': this.#onAcknowledgement(message); break;
      case 'heartbeat': this.#onHeartbeat(message); break;
      case 'refresh_due': void this.#renew(); break;
      default: if (isError(message)) this.#onError(message); else this.#accept(message);
    }
  }

  /** @param {Message} message */
  #onWelcome(message) {
    clearTimeout(this.#timers.welcome);
    this.#timers.stable = setTimeout(() => this.#startBackOffAnew(), STABLE_MS);
    this.#options.onServerTime?.(message.data.serverTime, this.#lastBeatAtMs);
    this.#boot = message.data.boot ?? null;
    this.#enter('live', null);
    this.#options.onConnected?.(message.data);
    this.#sendPending();
    this.#checkBeat();
  }

  /** The token behind this connection runs out soon: go on with another one, on the same connection. */
  async #renew() {
    const attemptId = this.#attemptId;
    let token;
    try {
      token = await this.#options.token();
    } catch (error) {
      // For good: the server closes when the old one runs out, and the next attempt says why.
      if (error instanceof ProtocolError && !error.body.recoverable) return;
      if (attemptId === this.#attemptId) this.#timers.renewal = setTimeout(() => void this.#renew(), RENEWAL_RETRY_MS);
      return;
    }
    if (attemptId === this.#attemptId) this.#transmit(makeRefresh(token));
  }

  /** @param {Message} message */
  #onJoined({ data }) {
    if (data.mode === 'resync') return; // the `resync` that follows says from where
    this.#floor = data.position ?? null;
    if (this.#needsSnapshot) this.#startResync('no_position', data.position);
    else if (!this.position) this.position = data.position ?? null;
    // What was missed comes in several frames where it is much; a mark ends it.
    if (data.mode !== 'replay') this.#becomeCurrent();
  }

  /**
   * The page is to show something else from here on: load its snapshot, until one is there; what
   * comes meanwhile waits. Without a connection the next one begins with a snapshot.
   */
  reload() {
    if (this.#isReloadDue) return;
    this.#isReloadDue = true;
    // After the frame that says so: all of it is older than the snapshot then.
    queueMicrotask(() => {
      this.#isReloadDue = false;
      if (this.isLive) this.#startResync('page_changed', this.position);
      else this.#needsSnapshot = Boolean(this.#options.onResync);
    });
  }

  /** @param {string} reason @param {Position | null} floor */
  #startResync(reason, floor) {
    this.#floor = floor;
    if (!this.#options.onResync) {
      this.position = floor;
      this.#options.onMessage?.({ type: 'resync', data: { reason, position: floor } });
      this.#becomeCurrent();
      return;
    }
    this.#needsSnapshot = true;
    this.#isComplete = false;
    if (!this.#held) this.#held = [];
    void this.#loadSnapshot(reason);
  }

  /** @param {string} reason @param {number} [tries] that failed before */
  async #loadSnapshot(reason, tries = 0) {
    const loadId = ++this.#loadId;
    clearTimeout(this.#timers.snapshot);
    let position = null;
    try {
      position = await this.#options.onResync?.(reason) ?? null;
    } catch (error) {
      this.#options.onConnectionError?.(/** @type {Error} */ (error));
    }
    // For a connection that is gone, or asked for again meanwhile: the later load counts.
    if (loadId !== this.#loadId) return;
    if (!position || isBehind(position, this.#floor)) {
      const delayMs = computeDelayMs(tries, this.#options.random ?? Math.random, this.#heartbeat.longestMs);
      this.#timers.snapshot = setTimeout(() => void this.#loadSnapshot(reason, tries + 1), delayMs);
      return;
    }
    this.position = position;
    this.#needsSnapshot = false;
    const held = this.#held ?? [];
    this.#held = null;
    for (const message of held) this.#accept(message);
    this.#becomeCurrent();
  }

  /** Pass on an event once and in its order; whatever has no `seq` always. @param {Message} message */
  #accept(message) {
    if (this.#held && (message.seq !== undefined || message.type === 'mark')) {
      this.#held.push(message);
      return;
    }
    if (message.type === 'mark') {
      this.#moveOn(message.data.epoch ?? this.position?.epoch, message.data.seq, message.data.eventId);
      if (!this.#isComplete) this.#becomeCurrent(); // the end of a replay
      return;
    }
    if (message.seq === undefined) {
      this.#options.onMessage?.(message);
      return;
    }
    if (this.position && message.epoch !== this.position.epoch) {
      this.#startResync('epoch_changed', null); // a restored database: what is shown may never have happened
      return;
    }
    if (this.position && message.seq <= this.position.seq) return;
    this.#options.onMessage?.(message);
    this.#moveOn(message.epoch, message.seq, message.eventId);
  }

  /** @param {string | undefined} epoch @param {number} seq @param {string | undefined} eventId */
  #moveOn(epoch, seq, eventId) {
    if (!epoch || (this.position && seq <= this.position.seq)) return;
    this.position = { epoch, seq, eventId: eventId ?? '' };
  }

  // --- commands -------------------------------------------------------------------------------

  #sendPending() {
    if (!this.isLive) return;
    let inFlight = 0;
    for (const command of this.#pending.values()) if (command.isSent) inFlight += 1;
    for (const command of this.#pending.values()) {
      if (inFlight >= COMMANDS_IN_FLIGHT || !this.isLive) return;
      if (command.isSent) continue;
      inFlight += 1;
      this.#sendCommand(command);
    }
  }

  /** @param {PendingCommand} command */
  #sendCommand(command) {
    const id = /** @type {string} */ (command.message.id);
    command.isSent = true;
    clearTimeout(command.timer);
    command.timer = setTimeout(() => this.#take(id)?.reject(makeTimeoutError(id)), command.timeoutMs);
    this.#transmit(command.message);
  }

  /** @param {Message} message */
  #onAcknowledgement(message) {
    const id = message.id ?? '';
    this.#take(id)?.resolve({ id, data: message.data, seq: message.seq ?? null });
  }

  /** @param {any} body */
  #onError(body) {
    const command = body.id && this.#pending.get(body.id);
    if (command && body.code === 'command_in_flight') {
      // The first sending, over a connection that broke, is still being worked on.
      clearTimeout(command.timer);
      command.timer = setTimeout(() => { if (this.isLive) this.#sendCommand(command); }, 1000 * (body.retryAfter ?? 1));
      return;
    }
    if (body.retryAfter && !command) this.#minimumDelayMs = 1000 * body.retryAfter;
    const error = new ProtocolError(body);
    if (command) this.#take(body.id)?.reject(error);
    else this.#options.onError?.(error);
  }

  /** Take a command off the list. @param {string} id */
  #take(id) {
    const command = this.#pending.get(id);
    if (!command) return undefined; // answered twice, or after its time
    clearTimeout(command.timer);
    this.#pending.delete(id);
    queueMicrotask(() => this.#sendPending());
    return command;
  }

  /** @param {string} sentence */
  #rejectAll(sentence) {
    for (const id of [...this.#pending.keys()]) this.#take(id)?.reject(makeConnectionLostError(sentence));
  }

  // --- heartbeat ------------------------------------------------------------------------------

  #checkBeat() {
    const nowMs = Date.now();
    if (nowMs - this.lastFrameAtMs > this.#heartbeat.deadMs) {
      this.#lose(LOST, 'The server has gone silent.');
      return;
    }
    if (nowMs - this.#lastBeatAtMs >= this.#heartbeat.everyMs) this.#beat();
    this.#timers.beat = setTimeout(() => this.#checkBeat(), this.#heartbeat.checkMs);
  }

  #beatEarly() {
    this.#timers.early = undefined;
    if (this.isLive) this.#beat();
  }

  /** @param {Message} message */
  #onHeartbeat(message) {
    // With several beats on their way nobody can say which one this answers.
    if (this.#unansweredBeats === 1) this.#options.onServerTime?.(message.data.serverTime, this.#lastBeatAtMs);
    this.#unansweredBeats = Math.max(0, this.#unansweredBeats - 1);
  }

  #beat() {
    this.#lastBeatAtMs = Date.now();
    this.#unansweredBeats += 1;
    const position = this.#needsSnapshot ? null : this.position;
    this.#transmit(makeHeartbeat({ position, painted: this.#options.painted?.() }));
  }

  /** @param {Message} message */
  #transmit(message) {
    try {
      this.#transport?.send(JSON.stringify(message));
    } catch {
      // The transport has just died; its onClose is on the way and everything is sent again.
    }
  }
}

/** @param {any} message an error is flat: its type is one of E1's and it has a code */
function isError(message) {
  return typeof message.code === 'string' && typeof message.recoverable === 'boolean';
}

/** @param {Position} position @param {Position | null} floor */
function isBehind(position, floor) {
  return floor !== null && (position.epoch !== floor.epoch || position.seq < floor.seq);
}
