// @ts-check
/** The guest's menu: adding without leaving the place, and the heading in sight marked. */

import { submitInPlace, takeOverElements } from '../core/forms.js';
import { startLive } from '../core/live.js';
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

startLive({
  heartbeat: 'guest',
  onMessage: ({ type, data }) => {
    if (type === 'menu_availability_changed') void refreshDish(data.menuItemId);
    else if (type === 'table_session_closed') location.reload();
  },
});
markHeading();

/** @param {Document} fresh the bar at the thumb comes with the first dish */
function takeOverCart(fresh) {
  const bar = fresh.querySelector('.phone__dock');
  if (bar && !document.querySelector('.phone__dock')) document.querySelector('live-region')?.before(document.importNode(bar, true));
  else takeOverElements(fresh, ['.phone__dock']);
}

/** @param {string} menuItemId sold out, or there again */
async function refreshDish(menuItemId) {
  const response = await fetch(location.href, { credentials: 'same-origin', cache: 'no-store', headers: { Accept: 'text/html' } });
  if (!response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
  takeOverElements(fresh, [`#menu_item-${CSS.escape(menuItemId)}`]);
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
