// @ts-check
/** The paired screens; the list is loaded again while nobody is about to act on it. */

import { startLive } from '../core/live.js';
import { openPanel } from '../core/panel.js';

const isQuiet = () => !document.querySelector('.screen-list details[open], .failover-list details[open], .busy-row select:focus, dialog[open]');

const live = startLive({
  heartbeat: 'dashboard',
  isQuiet,
  // How a screen does is no message; that it was paired, changed or unpaired is one.
  refreshMs: 5000,
  onMessage: ({ type }) => {
    if ((type.startsWith('device_') || type === 'menu_pause_changed') && isQuiet()) live?.reloadSoon();
  },
});
openPanel('[data-pause-panel]', '[data-open-pause]');
