// @ts-check
/** The guest's menu: adding without leaving the place, and the heading in sight marked. */

import { writeText } from '../core/dom.js';
import { submitInPlace, takeOverElements } from '../core/forms.js';
import { startLive } from '../core/live.js';
import { matches } from '../core/search.js';
import { findLiveRegion } from '../elements/live-region.js';

submitInPlace('[data-add-to-cart]', (fresh, form) => {
  if (fresh.body.dataset.page !== document.body.dataset.page) return false; // a fault, or the table was closed
  const card = form.closest('[data-menu-item-id]');
  const name = card?.querySelector('.menu-item__name')?.textContent ?? '';
  takeOverCart(fresh);
  if (card) takeOverElements(fresh, [`#${CSS.escape(card.id)}`]);
  filterMenu();
  /** @type {HTMLElement | null} */ (card && document.querySelector(`#${CSS.escape(card.id)} .menu-item__key`))?.focus({ preventScroll: true });
  findLiveRegion()?.say((document.querySelector('[data-say-added]')?.getAttribute('data-say-added') ?? '').replace('{dish}', name));
  return true;
});

// Calling somebody leaves nobody's place in the page.
submitInPlace('[data-call-form]', (fresh) => {
  if (!fresh.querySelector('.call-place') || fresh.querySelector('.notice[data-tone="late"]')) return false; // closed, or refused
  takeOverElements(fresh, ['.call-place']);
  return true;
});

const live = startLive({
  heartbeat: 'guest',
  onMessage: ({ type, data }) => {
    if (type === 'wait_estimates') sayReason(data.waitReason ?? '');
    if (['table_session_closed', 'table_session_moved'].includes(type)) location.reload();
    else if (type.startsWith('menu_')) live?.reloadSoon();
  },
  onSnapshot: takeOverMenu,
});
markHeading();
searchMenu();

let reason = readReason();

/** What holds the kitchen up is said once; its minutes stand on the page. @param {string} told */
function sayReason(told) {
  if (told && told !== reason) findLiveRegion()?.say(document.querySelector('.guest-waits__why')?.textContent ?? '');
  reason = told;
}

function readReason() {
  return /** @type {HTMLElement | null} */ (document.querySelector('.guest-waits'))?.dataset.reason ?? '';
}

/** @param {Document} fresh the bar at the thumb comes with the first dish */
function takeOverCart(fresh) {
  const bar = fresh.querySelector('.phone__dock');
  if (bar && !document.querySelector('.phone__dock')) document.querySelector('live-region')?.before(document.importNode(bar, true));
  else takeOverElements(fresh, ['.phone__dock']);
}

/**
 * What does not match leaves the page. Which filters a dish passes the server has said; the address
 * and the phone's cookie follow, so that the page comes back as it was.
 */
function searchMenu() {
  const form = /** @type {HTMLFormElement | null} */ (document.querySelector('[data-menu-filters]'));
  form?.addEventListener('input', (event) => {
    filterMenu();
    if (!(/** @type {Element} */ (event.target).matches('[data-filter]'))) return;
    const address = `${form.action}?${new URLSearchParams(/** @type {any} */ (new FormData(form)))}`;
    history.replaceState(null, '', address);
    // Where there is no network it is kept with the next change, or asked for by the address.
    fetch(address, { credentials: 'same-origin', keepalive: true, headers: { Accept: 'text/html' } }).catch(() => undefined);
  });
  // A key that reads "search" on a phone closes its keyboard, and sends nothing.
  form?.addEventListener('submit', (event) => {
    event.preventDefault();
    /** @type {HTMLElement | null} */ (document.querySelector('[data-search]'))?.blur();
  });
  if (form) filterMenu(); // the browser may have put back what was ticked
}

function filterMenu() {
  const typed = /** @type {HTMLInputElement} */ (document.querySelector('[data-search]')).value.trim();
  const codes = [...document.querySelectorAll('[data-filter]:checked')].map((box) => box.getAttribute('data-filter') ?? '');
  let found = 0;
  for (const category of document.querySelectorAll('.menu-category')) {
    const rows = /** @type {HTMLElement[]} */ ([...category.querySelectorAll('.menu-category__items > li')]);
    for (const row of rows) row.hidden = !isWanted(row, typed, codes);
    const shown = rows.filter((row) => !row.hidden).length;
    category.toggleAttribute('hidden', shown === 0);
    document.querySelector(`[data-categories] a[href="#${CSS.escape(category.id)}"]`)?.toggleAttribute('hidden', shown === 0);
    found += shown;
  }
  document.querySelector('[data-nothing-found]')?.toggleAttribute('hidden', found > 0);
  sayFound(found, typed !== '' || codes.length > 0);
}

/** @param {HTMLElement} row @param {string} typed @param {string[]} codes */
function isWanted(row, typed, codes) {
  const dish = row.querySelector('.menu-item');
  const [fits, byChoice] = ['data-fits', 'data-by-choice'].map((name) => new Set(dish?.getAttribute(name)?.split(' ')));
  dish?.querySelector('[data-choice-needed]')?.toggleAttribute('hidden', !codes.some((code) => byChoice.has(code)));
  const texts = ['.menu-item__name', '.menu-item__text'].map((part) => dish?.querySelector(part)?.textContent ?? '');
  return codes.every((code) => fits.has(code)) && (!typed || texts.some((text) => matches(text, typed)));
}

/** @param {number} found @param {boolean} isFiltered */
function sayFound(found, isFiltered) {
  const line = /** @type {HTMLElement} */ (document.querySelector('[data-found]'));
  if (!isFiltered) {
    line.replaceChildren();
    return;
  }
  if (!line.firstElementChild) line.append(/** @type {HTMLTemplateElement} */ (document.querySelector('[data-template="found"]')).content.cloneNode(true));
  const sentence = (line.dataset.pattern ?? '').replace('{found}', String(found)).replace('{total}', line.dataset.total ?? '');
  writeText(/** @type {Element} */ (line.firstElementChild), sentence);
}

/** Dishes that are sold out, cost something else, came or left; the others stay as they are. @param {Document} fresh */
function takeOverMenu(fresh) {
  const [shown, there] = [document, fresh].map((page) => [...page.querySelectorAll('[data-menu-item-id]')]);
  if (shown.map((dish) => dish.id).join() === there.map((dish) => dish.id).join()) {
    const changed = there.filter((dish, index) => dish.outerHTML !== shown[index].outerHTML);
    takeOverElements(fresh, changed.map((dish) => `#${CSS.escape(dish.id)}`));
    filterMenu();
    return;
  }
  const nothing = document.querySelector('[data-nothing-found]');
  for (const category of document.querySelectorAll('.menu-category')) category.remove();
  for (const category of fresh.querySelectorAll('.menu-category')) nothing?.before(document.importNode(category, true));
  filterMenu();
  markHeading();
}

function markHeading() {
  const links = /** @type {HTMLAnchorElement[]} */ ([...document.querySelectorAll('[data-categories] a')]);
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      for (const link of links) {
        const isHere = link.hash === `#${entry.target.id}`;
        if (isHere) {
          link.setAttribute('aria-current', 'true');
          link.parentElement?.scrollTo({ left: link.offsetLeft - 20, behavior: 'smooth' });
        } else {
          link.removeAttribute('aria-current');
        }
      }
    }
  }, { rootMargin: '-20% 0px -70% 0px' }); // the heading that the upper part of the screen shows
  for (const link of links) {
    const section = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (section) observer.observe(section);
  }
}
