// @ts-check
/** Figures that follow the lists: how many cards, whether there is none (templates/README.md). */

import { writeText } from './dom.js';

/** Count everything again; called after every change, cheap enough for that. */
export function updateCounts() {
  for (const figure of document.querySelectorAll('[data-count]')) {
    // What is held is nobody's work yet.
    writeText(figure, String(countCards(figure.getAttribute('data-count') ?? '', ':not([data-held])')));
  }
  for (const notice of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-empty-for]'))) {
    notice.hidden = countCards(notice.getAttribute('data-empty-for') ?? '') > 0;
  }
  updateLateCount();
  for (const figure of document.querySelectorAll('[data-count-marked]')) {
    writeText(figure, String(document.querySelectorAll(`[data-list] > [data-${figure.getAttribute('data-count-marked')}]`).length));
  }
}

/** The clock makes tickets late, not only messages. */
export function updateLateCount() {
  const figure = document.querySelector('[data-count-late]');
  if (!figure) return;
  const count = document.querySelectorAll('[data-list] > [data-band="late"]').length;
  writeText(figure, String(count));
  const stat = /** @type {HTMLElement | null} */ (figure.closest('[data-late-stat]'));
  if (stat) stat.hidden = count === 0;
}

/** @param {string} place `{component}:{column}` @param {string} [which] of the cards */
function countCards(place, which = '') {
  const [component, column] = place.split(':');
  return document.querySelectorAll(`[data-list="${component}"][data-column="${column}"] > [data-rank]${which}`).length;
}
