// @ts-check
/** Who works here and what they have open; the list is loaded again while nobody is about to act on it. */

import { startLive } from '../core/live.js';

const isQuiet = () => !document.querySelector('.confirm[open]');

startLive({ heartbeat: 'dashboard', isQuiet, refreshMs: 5000 });
