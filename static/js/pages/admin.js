// @ts-check
/** The manager's dashboard: the server renders the figures and sends them anew when they change. */

import { startLive } from '../core/live.js';

startLive({
  heartbeat: 'dashboard',
  isQuiet: () => !document.querySelector('dialog[open], [data-pending]'),
});
