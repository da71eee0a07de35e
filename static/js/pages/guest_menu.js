// @ts-check
/** The guest's menu: adding without leaving the place, and the heading in sight marked. */

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
  /** @type {HTMLElement | null} */ (card && document.querySelector(`#${CSS.escape(card.id)} .menu-item__key`))?.focus({ preventScroll: true });
  findLiveRegion()?.say(`${name} added to your order.`);
  return true;
});

// Calling somebody leaves nobody's place in the page.
submitInPlace('[data-call-form]', (fresh) => {
  if (!fresh.querySelector('.call-place') || fresh.querySelector('.notice[data-tone="late"]')) return false; // closed, or refused
  takeOverElements(fresh, ['.call-place']);
  return true;
});

const GATHER_MS = 250; // one option is in many dishes, and each of them is told

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

const live = startLive({
  heartbeat: 'guest',
  onMessage: ({ type }) => {
    if (type === 'table_session_closed') location.reload();
    if (!type.startsWith('menu_')) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      // Where there is no way to the server, coming back brings the menu.
      live?.takeOver().catch(() => undefined);
    }, GATHER_MS);
  },
  onSnapshot: takeOverMenu,
});
markHeading();
searchMenu();

/** @param {Document} fresh the bar at the thumb comes with the first dish */
function takeOverCart(fresh) {
  const bar = fresh.querySelector('.phone__dock');
  if (bar && !document.querySelector('.phone__dock')) document.querySelector('live-region')?.before(document.importNode(bar, true));
  else takeOverElements(fresh, ['.phone__dock']);
}

/** What does not match leaves the page; the diets above go on filtering what is left. */
function searchMenu() {
  const field = /** @type {HTMLInputElement | null} */ (document.querySelector('[data-search]'));
  const nothing = document.querySelector('[data-nothing-found]');
  field?.addEventListener('input', () => {
    const typed = field.value.trim();
    let found = 0;
    for (const category of document.querySelectorAll('.menu-category')) {
      const dishes = /** @type {HTMLElement[]} */ ([...category.querySelectorAll('.menu-category__items > li')]);
      for (const dish of dishes) {
        const [name, text] = ['.menu-item__name', '.menu-item__text'].map((part) => dish.querySelector(part)?.textContent ?? '');
        dish.hidden = Boolean(typed) && !matches(name, typed) && !matches(text, typed);
      }
      const shown = dishes.filter((dish) => !dish.hidden).length;
      category.toggleAttribute('hidden', shown === 0);
      found += shown;
    }
    nothing?.toggleAttribute('hidden', found > 0);
  });
  // A key that reads "search" on a phone closes its keyboard, and sends nothing.
  field?.addEventListener('keydown', (event) => { if (event.key === 'Enter') field.blur(); });
}

/** Dishes that are sold out, cost something else, came or left; the others stay as they are. @param {Document} fresh */
function takeOverMenu(fresh) {
  const [shown, there] = [document, fresh].map((page) => [...page.querySelectorAll('[data-menu-item-id]')]);
  if (shown.map((dish) => dish.id).join() === there.map((dish) => dish.id).join()) {
    const changed = there.filter((dish, index) => dish.outerHTML !== shown[index].outerHTML);
    takeOverElements(fresh, changed.map((dish) => `#${CSS.escape(dish.id)}`));
    return;
  }
  const nothing = document.querySelector('[data-nothing-found]');
  for (const category of document.querySelectorAll('.menu-category')) category.remove();
  for (const category of fresh.querySelectorAll('.menu-category')) nothing?.before(document.importNode(category, true));
  document.querySelector('[data-search]')?.dispatchEvent(new Event('input'));
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
