// @ts-check
/**
 * The manager's dashboard: the server renders the figures and sends them anew when they change. Who
 * is connected and what works is nobody's event, so the page is asked for that every few seconds.
 */

import { startLive } from '../core/live.js';

startLive({
  heartbeat: 'dashboard',
  isQuiet: () => !document.querySelector('dialog[open], [data-pending]'),
  refreshMs: 5000,
});
