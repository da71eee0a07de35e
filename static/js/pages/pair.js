// @ts-check
/** A screen that waits: asks whether somebody has let it in, and goes on by itself. */

import '../elements/elapsed-time.js';

const ASK_MS = 3000;

async function ask() {
  try {
    const response = await fetch('/pair/state', { credentials: 'same-origin', cache: 'no-store' });
    const { state } = await response.json();
    // Let in, or its code has run out: the page itself knows what comes next.
    if (state !== 'waiting') {
      location.reload();
      return;
    }
  } catch {
    // The network is away; the next time will tell.
  }
  setTimeout(ask, ASK_MS);
}

setTimeout(ask, ASK_MS);
