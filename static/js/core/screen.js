// @ts-check
/** What a screen that hangs on a wall needs: it stays awake, and keeps the size of its letters. */

import { announce } from './dom.js';

const SCALE = 'tabletap.scale'; // per screen: how far away its cooks stand
const SCALES = [0.8, 0.9, 1, 1.1, 1.25, 1.4, 1.6];

/** Keep the display from sleeping; the lock is lost whenever the page is hidden. */
export function stayAwake() {
  const request = async () => {
    try {
      if (document.visibilityState === 'visible') await navigator.wakeLock?.request('screen');
    } catch {
      // Refused on a low battery, and without https: the device's own setting has to do.
    }
  };
  document.addEventListener('visibilitychange', () => void request());
  void request();
}

/** `[data-scale]` keys make everything on the wall smaller or larger. @param {HTMLElement} wall */
export function letScale(wall) {
  let index = Math.max(0, SCALES.indexOf(readNumber(SCALE) ?? 1));
  const apply = () => {
    wall.style.setProperty('--kds-scale', String(SCALES[index]));
    for (const key of wall.querySelectorAll('[data-scale]')) {
      const next = index + Number(key.getAttribute('data-scale'));
      key.toggleAttribute('disabled', !(next in SCALES));
    }
    announce('lists-change', null); // a page has other cells at another size
  };
  wall.addEventListener('click', (event) => {
    const key = /** @type {Element} */ (event.target).closest('[data-scale]');
    if (!key) return;
    index = Math.min(Math.max(0, index + Number(key.getAttribute('data-scale'))), SCALES.length - 1);
    try {
      localStorage.setItem(SCALE, String(SCALES[index]));
    } catch {
      // Storage is closed in private windows: then the size lasts as long as the page.
    }
    apply();
  });
  apply();
}

/** @param {string} name */
function readNumber(name) {
  try {
    const text = localStorage.getItem(name);
    return text === null ? null : Number(text);
  } catch {
    return null;
  }
}
