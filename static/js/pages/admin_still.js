// @ts-check
/** A management page whose content does not move: it is connected to say so when it is not. */

import { startLive } from '../core/live.js';

startLive({ heartbeat: 'dashboard', isQuiet: () => true });
