// @ts-check
/**
 * A SockJS client: one session over websocket, else xhr-streaming, else xhr-polling.
 *
 * It opens once and ends once; coming back is the business of core/socket.js. It asks `/info`
 * first: that tells "the server is away" (end at once) from "websockets do not get through here"
 * (try the next transport), and what the server offers.
 */

/**
 * @typedef {object} TransportHandlers
 * @property {() => void} onOpen
 * @property {(text: string) => void} onMessage one message of ours, still encoded
 * @property {() => void} onBeat bytes arrived that are no message: the peer lives
 * @property {(code: number, reason: string) => void} onClose called exactly once
 */

/**
 * @typedef {object} Network what of the browser is used; tests pass their own
 * @property {typeof globalThis.fetch} fetch
 * @property {typeof globalThis.WebSocket | undefined} WebSocket
 */

/** @typedef {'websocket' | 'xhr_streaming' | 'xhr'} TransportName */

/** No transport got through, or the one that had died without a word. */
export const LOST = 1006;

/** The transports as SockJS names them in its addresses, best first. */
const TRANSPORTS = /** @type {const} */ (['websocket', 'xhr_streaming', 'xhr']);

// A transport that has not opened by then is taken for blocked: a proxy that swallows upgrades or
// buffers streams answers nothing at all. Slow mobile networks open within 3 s.
const CONNECTING = 0; // WebSocket.readyState
const OPEN_TIMEOUT_MS = 5000;

// The server takes 64 messages and 64 KiB a request; half of the first, and messages of ours are
// far below 1 KiB, stays clear of both.
const BATCH_MESSAGES = 32;

/** One SockJS session. */
export class SockJSClient {
  /** @type {TransportName | null} */
  transport = null;
  #url;
  #handlers;
  #network;
  /** @type {TransportName[]} */
  #candidates = [...TRANSPORTS];
  #isOpen = false;
  #isClosed = false;
  #abort = new AbortController();
  /** @type {{send: (text: string) => void, close: (code?: number) => void} | null} */
  #line = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #openTimer;

  /**
   * @param {string} url address of the endpoint, without a trailing slash
   * @param {TransportHandlers} handlers
   * @param {Network} [network]
   */
  constructor(url, handlers, network = { fetch: globalThis.fetch.bind(globalThis), WebSocket: globalThis.WebSocket }) {
    this.#url = url;
    this.#handlers = handlers;
    this.#network = network;
    void this.#start();
  }

  /** Send one encoded message. @param {string} text */
  send(text) {
    if (!this.#isOpen || this.#isClosed || !this.#line) throw new Error('The connection is not open.');
    this.#line.send(text);
  }

  /**
   * End the session from this side. The server learns the code where a WebSocket carries it: 3000
   * is a page that was left, which is no alarm.
   * @param {number} [code] 1000, or 3000 to 4999 @param {string} [reason]
   */
  close(code = 1000, reason = '') {
    this.#end(code, reason, code);
  }

  async #start() {
    try {
      const response = await this.#network.fetch(`${this.#url}/info`, this.#request({ method: 'GET' }, OPEN_TIMEOUT_MS));
      if (!response.ok) throw new Error(`/info answered ${response.status}`);
      const info = await response.json();
      if (info.websocket === false || !this.#network.WebSocket) this.#candidates.shift();
      this.#tryNext();
    } catch (error) {
      this.#end(LOST, String(error));
    }
  }

  #tryNext() {
    if (this.#isClosed) return;
    const name = this.#candidates.shift();
    this.#line?.close();
    if (!name) {
      this.#end(LOST, 'No transport gets through to the server.');
      return;
    }
    this.transport = name;
    clearTimeout(this.#openTimer);
    this.#openTimer = setTimeout(() => this.#tryNext(), OPEN_TIMEOUT_MS);
    // A session id is used by one transport only: the server would refuse the second.
    const base = `${this.#url}/${serverId()}/${sessionId()}`;
    this.#line = name === 'websocket' ? this.#openWebSocket(base) : this.#openHttp(base, name);
  }

  /** @param {string} base */
  #openWebSocket(base) {
    const WebSocket = /** @type {typeof globalThis.WebSocket} */ (this.#network.WebSocket);
    const socket = new WebSocket(`${base.replace(/^http/, 'ws')}/websocket`);
    const line = {
      /** @param {string} text */
      send: (text) => socket.send(JSON.stringify([text])),
      /** @param {number} [code] */
      close: (code) => {
        // The browser reports one that ends while it is connecting as a fault: it ends once it is open.
        if (socket.readyState === CONNECTING) socket.onopen = () => socket.close(code);
        else socket.close(code);
      },
    };
    socket.onmessage = (event) => this.#line === line && this.#readFrame(String(event.data));
    socket.onclose = (event) => {
      if (this.#line !== line) return;
      if (this.#isOpen) this.#end(event.code >= 3000 ? event.code : LOST, event.reason);
      else this.#tryNext();
    };
    return line;
  }

  /** @param {string} base @param {TransportName} name */
  #openHttp(base, name) {
    const abort = new AbortController();
    /** @type {string[]} */
    let unsent = [];
    let isSending = false;

    const sendAll = async () => {
      isSending = true;
      while (unsent.length && !abort.signal.aborted) {
        const batch = unsent.slice(0, BATCH_MESSAGES);
        unsent = unsent.slice(BATCH_MESSAGES);
        const response = await this.#network.fetch(`${base}/xhr_send`, {
          method: 'POST', body: JSON.stringify(batch), headers: { 'Content-Type': 'text/plain' },
          credentials: 'same-origin', signal: abort.signal,
        });
        if (!response.ok) throw new Error(`xhr_send answered ${response.status}`);
      }
      isSending = false;
    };
    const fail = (/** @type {unknown} */ error) => {
      if (this.#line !== line || abort.signal.aborted) return;
      if (this.#isOpen) this.#end(LOST, String(error));
      else this.#tryNext();
    };
    const line = {
      /** @param {string} text */
      send: (text) => {
        unsent.push(text);
        if (!isSending) sendAll().catch(fail);
      },
      close: () => abort.abort(),
    };
    // One turn later, so that this.#line is already this line when the first frame is read.
    queueMicrotask(() => this.#receive(`${base}/${name}`, abort.signal, () => this.#line === line).catch(fail));
    return line;
  }

  /**
   * Ask for frames again and again: a stream ends after the server's byte limit, a poll after one frame.
   * @param {string} url @param {AbortSignal} signal @param {() => boolean} isCurrent
   */
  async #receive(url, signal, isCurrent) {
    while (!signal.aborted) {
      const response = await this.#network.fetch(url, { method: 'POST', credentials: 'same-origin', cache: 'no-store', signal });
      if (!response.ok || !response.body) throw new Error(`${url} answered ${response.status}`);
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      let rest = '';
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
        rest = /** @type {string} */ (lines.pop());
        for (const frame of lines) if (frame && isCurrent()) this.#readFrame(frame);
      }
    }
  }

  /** @param {string} frame a letter, and JSON after it where the letter has some */
  #readFrame(frame) {
    if (this.#isClosed) return;
    try {
      switch (frame[0]) {
        case 'o': this.#open(); break;
        case 'h': this.#handlers.onBeat(); break; // also the 2 KiB of "h" that begin a stream
        case 'a': for (const text of JSON.parse(frame.slice(1))) this.#deliver(text); break;
        case 'm': this.#deliver(JSON.parse(frame.slice(1))); break;
        case 'c': {
          const [code, reason] = JSON.parse(frame.slice(1));
          this.#end(code, reason);
          break;
        }
        default: this.#end(LOST, 'The server sent a frame that is none of SockJS.');
      }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#end(LOST, 'The server sent a frame that cannot be read.');
    }
  }

  #open() {
    if (this.#isOpen) return;
    this.#isOpen = true;
    clearTimeout(this.#openTimer);
    this.#handlers.onOpen();
  }

  /** @param {string} text */
  #deliver(text) {
    // A handler may close in the middle of a batch: nothing is delivered after onClose.
    if (!this.#isClosed) this.#handlers.onMessage(text);
  }

  /** @param {number} code @param {string} reason @param {number} [tells] what the server is told */
  #end(code, reason, tells) {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#openTimer);
    this.#abort.abort();
    this.#line?.close(tells);
    this.#line = null;
    this.#handlers.onClose(code, reason);
  }

  /** @param {RequestInit} init @param {number} timeoutMs @returns {RequestInit} */
  #request(init, timeoutMs) {
    const signal = AbortSignal.any
      ? AbortSignal.any([this.#abort.signal, AbortSignal.timeout(timeoutMs)])
      : this.#abort.signal; // browsers before 2023: the dead-peer timer of core/socket.js ends it
    return { credentials: 'same-origin', cache: 'no-store', signal, ...init };
  }
}

function serverId() {
  return String(crypto.getRandomValues(new Uint16Array(1))[0] % 1000).padStart(3, '0');
}

function sessionId() {
  // The only capability of an xhr session: 128 bits, in letters that SockJS allows in a path.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
