// @ts-check
/** The order-ready board: numbers that come by themselves, and a tone for each one that is ready. */

import { startLive } from '../core/live.js';
import { stayAwake } from '../core/screen.js';
import { findLiveRegion } from '../elements/live-region.js';
import { SoundAlert } from '../elements/sound-alert.js';

/** @typedef {import('../core/stream.js').CardChange} CardChange */

const sound = /** @type {SoundAlert | null} */ (document.querySelector('sound-alert'));

// A board has nothing that could be lost.
startLive({ heartbeat: 'dashboard', isQuiet: () => true });
stayAwake();
document.addEventListener('card-change', (event) => {
  const { kind, card } = /** @type {CustomEvent<CardChange>} */ (event).detail;
  if (kind !== 'inserted' || card.dataset.column !== 'ready') return;
  sound?.play('ready');
  findLiveRegion()?.tell('ready', `number ${card.dataset.orderNumber}`);
});
