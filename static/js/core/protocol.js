// @ts-check
/**
 * The words of the socket protocol: shapes, message constructors, close codes, errors.
 *
 * Written out in docs/protocol.md. The table of close codes mirrors realtime/close_codes.py; a
 * test holds the two together.
 */

/**
 * Place in a cafe's log: everything up to and including `seq` of `epoch` is known.
 * @typedef {{epoch: string, seq: number, eventId: string}} Position
 */

/**
 * A rendered card that comes beside the JSON of an event.
 * @typedef {{target: string, action: 'insert' | 'replace' | 'remove', rank: number, html: string}} Fragment
 */

/**
 * Any message from the server. `seq` and `epoch` stand on events of the log alone.
 * @typedef {{type: string, id?: string, data?: any, seq?: number, epoch?: string, eventId?: string,
 *   cafeId?: string, timestamp?: number, fragment?: Fragment}} Message
 */

/**
 * An error as the server writes it.
 * @typedef {{type: string, code: string, message: string, recoverable: boolean, details?: any,
 *   retryAfter?: number, id?: string}} ErrorBody
 */

/** @typedef {{id: string, data: any, seq: number | null}} Acknowledgement */

/** @typedef {{name: string, comesBack: boolean, sentence: string}} CloseRule */

/** What the server's close codes mean to a client; a code that is not here came from elsewhere. */
export const CLOSE_RULES = /** @type {Readonly<Record<number, CloseRule>>} */ (Object.freeze({
  4001: { name: 'drain', comesBack: true, sentence: 'The server is restarting.' },
  4002: { name: 'server_error', comesBack: true, sentence: 'The server had a fault.' },
  4003: { name: 'token_expired', comesBack: true, sentence: 'The connection needs a new ticket.' },
  4008: { name: 'slow_consumer', comesBack: true, sentence: 'This connection could not keep up.' },
  4010: { name: 'insufficient_state', comesBack: true, sentence: 'The connection has to start afresh.' },
  4012: { name: 'no_pong', comesBack: true, sentence: 'The server heard nothing from here.' },
  4013: { name: 'rate_limited', comesBack: true, sentence: 'Too many messages in a short time.' },
  4014: { name: 'rooms_changed', comesBack: true, sentence: 'What this connection may see has changed.' },
  4016: { name: 'overloaded', comesBack: true, sentence: 'The server is too busy just now.' },
  4501: { name: 'invalid_token', comesBack: false, sentence: 'The sign-in is not valid. Sign in again.' },
  4502: { name: 'revoked', comesBack: false, sentence: 'Access was taken back. Ask a manager.' },
  4504: { name: 'not_allowed', comesBack: false, sentence: 'Your role does not allow this screen.' },
  4505: { name: 'protocol_version', comesBack: false, sentence: 'This page is out of date. Load it again.' },
  4506: { name: 'bad_frames', comesBack: false, sentence: 'This page sent what the server could not read. Load it again.' },
  4507: { name: 'cafe_closed', comesBack: false, sentence: 'The cafe is closed.' },
  4509: { name: 'replaced', comesBack: false, sentence: 'This screen was opened somewhere else.' },
}));

/**
 * Say what a close code means: 4500-4999 do not come back, everything else does.
 * @param {number} code @returns {CloseRule}
 */
export function readCloseCode(code) {
  if (CLOSE_RULES[code]) return CLOSE_RULES[code];
  const comesBack = code < 4500 || code > 4999;
  return {
    name: comesBack ? 'connection_lost' : 'stopped',
    comesBack,
    sentence: comesBack ? 'The connection was lost.' : 'The server ended this connection.',
  };
}

const UNDECIDED = new Set(['timeout', 'connection_lost', 'server_error']);

/** An error that answers a command or concerns the connection. */
export class ProtocolError extends Error {
  /** @param {ErrorBody} body */
  constructor(body) {
    super(body.message);
    this.name = 'ProtocolError';
    this.body = body;
    this.type = body.type;
    this.code = body.code;
  }

  /** Whether nobody here knows if the command was done: then it is sent again under its id. */
  get isUndecided() {
    return UNDECIDED.has(this.type);
  }
}

/** The error that the client raises itself: no answer within its time. */
export function makeTimeoutError(/** @type {string} */ id) {
  return new ProtocolError({
    type: 'timeout', code: 'no_acknowledgement', recoverable: true, id,
    message: 'The server has not answered. Look before you try again.',
  });
}

/** The error that the client raises itself: the connection ended for good. */
export function makeConnectionLostError(/** @type {string} */ message) {
  return new ProtocolError({ type: 'connection_lost', code: 'connection_lost', recoverable: false, message });
}

/**
 * @param {{token: string, rooms?: string[], position?: Position | null, render?: string[], locale?: string,
 *   boot?: string | null}} wish boot: of the last `welcome`, for who comes back
 * @returns {Message}
 */
export function makeAuthenticate({ token, rooms, position, render, locale, boot }) {
  return { type: 'authenticate', id: makeCommandId(), data: withoutEmpty({ token, rooms, position, render, locale, boot }) };
}

/** @param {string} type @param {object} data @param {string} id @returns {Message} */
export function makeCommand(type, data, id) {
  return { type, id, data };
}

/** Go on with another token of the same person or phone. @param {string} token @returns {Message} */
export function makeRefresh(token) {
  return makeCommand('refresh', { token }, makeCommandId());
}

/** @param {{position?: Position | null, painted?: object}} state @returns {Message} */
export function makeHeartbeat(state) {
  return { type: 'heartbeat', data: withoutEmpty(state) };
}

/**
 * Make the id of a command: sent again with the same id it has no second effect.
 * `crypto.randomUUID` exists on https and localhost only; a cafe's own network may be neither.
 */
export function makeCommandId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40; // version 4
  bytes[8] = (bytes[8] & 0x3f) | 0x80; // variant of RFC 9562
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** @param {Record<string, any>} data */
function withoutEmpty(data) {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined && value !== null));
}
