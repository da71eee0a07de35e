// @ts-check
/** Who works here and what they have open; the list is loaded again while nobody is about to act on it. */

import { startLive } from '../core/live.js';

const isQuiet = () => !document.querySelector('.confirm[open], .people__add[open], .people__link');

startLive({ heartbeat: 'dashboard', isQuiet, refreshMs: 5000 });
