// @ts-check
/** The order-ready board: numbers that come by themselves, and a tone for each one that is ready. */

import { readServerTimeMs } from '../core/clock.js';
import { announce } from '../core/dom.js';
import { startLive } from '../core/live.js';
import { stayAwake } from '../core/screen.js';
import { findLiveRegion } from '../elements/live-region.js';
import { SoundAlert } from '../elements/sound-alert.js';

/** @typedef {import('../core/stream.js').CardChange} CardChange */

const CLEAR_MS = 5000;
const sound = /** @type {SoundAlert | null} */ (document.querySelector('sound-alert'));

// A board has nothing that could be lost.
startLive({ heartbeat: 'dashboard', isQuiet: () => true });
stayAwake();
clearOldNumbers();

/** A number that nobody came for leaves the board by itself: no event says so. */
function clearOldNumbers() {
  const clear = () => {
    const nowMs = readServerTimeMs();
    const old = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('[data-clears-ms]')]).filter((card) => Number(card.dataset.clearsMs) <= nowMs);
    for (const card of old) card.remove();
    if (old.length) announce('lists-change', null);
  };
  setInterval(clear, CLEAR_MS);
  clear();
}

document.addEventListener('card-change', (event) => {
  const { kind, card } = /** @type {CustomEvent<CardChange>} */ (event).detail;
  if (kind !== 'inserted' || card.dataset.column !== 'ready') return;
  sound?.play('ready');
  findLiveRegion()?.tell('ready', `number ${card.dataset.orderNumber}`);
});
