// @ts-check
/** Connect tickets: a page's cookie opens no socket, a one-use ticket does (spec D2). */

import { ProtocolError } from './protocol.js';

const ADDRESS = '/api/v1/connect-tickets';
const TIMEOUT_MS = 10000;

/**
 * Fetch a ticket for one connection.
 * @param {{namespace: string, roles?: string[]}} wish roles: fewer than the person has
 * @returns {Promise<string>}
 * @throws {ProtocolError} that is not recoverable when the sign-in has ended
 */
export async function fetchTicket(wish) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(ADDRESS, {
      method: 'POST', body: JSON.stringify(wish), headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      credentials: 'same-origin', cache: 'no-store', signal: abort.signal,
    });
    const body = await response.json();
    if (response.ok) return body.token;
    // Forbidden stays forbidden: only an error of the moment is worth another attempt.
    throw new ProtocolError({ ...body, recoverable: ![401, 403].includes(response.status) });
  } finally {
    clearTimeout(timer);
  }
}
