// @ts-check
/** The newest facts of the audit; they are in no event, so the list is loaded again every few seconds. */

import { startLive } from '../core/live.js';

startLive({ heartbeat: 'dashboard', isQuiet: () => true, refreshMs: 5000 });
