// @ts-check
/** What a screen that hangs on a wall needs: it stays awake, and keeps the size of its letters. */

import { announce } from './dom.js';
import { keepHere, readKept } from './kept.js';

const SCALE = 'tabletap.scale'; // per screen: how far away its cooks stand
const ITEM = 'tabletap.item-px';
const SAID_FOR_PX = 1920; // what sizes of letters are said for (domain/displays.py)
const SHIFT_MS = 180_000;
/** @type {readonly (readonly [number, number])[]} */
const SHIFTS = [[0, 0], [1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0], [-1, -1], [0, -1]];
const AWAKE_AGAIN_MS = 1000;
// The largest leaves a wall of 1920 by 1080 two rows of cells; a tenth more would leave it one.
const SCALES = [0.8, 0.9, 1, 1.1, 1.25, 1.4, 1.5];

/** Keep the display from sleeping; the lock is lost whenever the page is hidden, and on a low battery. */
export function stayAwake() {
  const request = async () => {
    try {
      if (document.visibilityState !== 'visible') return;
      const lock = await navigator.wakeLock?.request('screen');
      lock?.addEventListener('release', () => setTimeout(() => void request(), AWAKE_AGAIN_MS), { once: true });
    } catch {
      // Refused on a low battery, and without https: the device's own setting has to do.
    }
  };
  document.addEventListener('visibilitychange', () => void request());
  void request();
}

/** Move the whole wall by a pixel or two every few minutes, so that no edge burns in. @param {HTMLElement} wall */
export function spareThePixels(wall) {
  let step = 0;
  setInterval(() => {
    step = (step + 1) % SHIFTS.length;
    // On a phone the page scrolls, and what is fixed would hang on the wall instead.
    const [x, y] = getComputedStyle(wall).overflowY === 'visible' ? [0, 0] : SHIFTS[step];
    wall.style.translate = x || y ? `${x}px ${y}px` : '';
  }, SHIFT_MS);
}

/** `[data-scale]` keys make everything on the wall smaller or larger. @param {HTMLElement} wall */
export function letScale(wall) {
  const kept = readNumber(SCALE) ?? 1;
  let index = Math.max(0, SCALES.filter((each) => each <= kept).length - 1);
  measure(wall);
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
    keepHere(SCALE, String(SCALES[index]));
    apply();
  });
  apply();
}

/**
 * How large letters are where the screen was measured. The server counts in pixels of a screen that is
 * 1920 wide; kept here, so that it holds for whoever comes to the screen by PIN.
 * @param {HTMLElement} wall
 */
function measure(wall) {
  const said = wall.dataset.itemPx;
  if (said) keepHere(ITEM, said);
  const itemPx = said ? Number(said) : readNumber(ITEM);
  if (itemPx) wall.style.setProperty('--kds-base', `${Math.round(itemPx * (screen.width / SAID_FOR_PX))}px`);
}

/** @param {string} name */
function readNumber(name) {
  const text = readKept(name);
  return text === null ? null : Number(text);
}
