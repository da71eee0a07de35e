// @ts-check
/** The paired screens; the list is loaded again while nobody is about to act on it. */

import { startLive } from '../core/live.js';

const isQuiet = () => !document.querySelector('.screen-list details[open]');

startLive({ heartbeat: 'dashboard', isQuiet, refreshMs: 5000 });
