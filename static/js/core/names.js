// @ts-check
/**
 * What orders are called by. Cards carry a revision in place of a name, so that no event, no log and no
 * card in a cache has one; who works here fetches the day's names and fills them in.
 */

const ADDRESS = '/api/v1/orders/names';
const GATHER_MS = 50; // the cards of one order come together

/** @typedef {{orderId: string, revision: number, name: string}} OrderName */

/** @type {Map<string, OrderName>} */
const known = new Map();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let isAsking = false;

/** Fill in names on this page, now and whenever a card comes. */
export function showNames() {
  for (const event of ['card-change', 'lists-change', 'connection-state']) document.addEventListener(event, fill);
  fill();
}

function fill() {
  let isMissing = false;
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-name-of]'))) {
    const found = known.get(place.dataset.nameOf ?? '');
    if (!found || found.revision < Number(place.dataset.nameRevision)) isMissing = true;
    else if (place.textContent !== found.name) place.textContent = found.name;
  }
  if (!isMissing || isAsking) return;
  clearTimeout(timer);
  timer = setTimeout(ask, GATHER_MS);
}

async function ask() {
  isAsking = true;
  try {
    const response = await fetch(ADDRESS, { credentials: 'same-origin', cache: 'no-store', headers: { Accept: 'application/json' } });
    if (!response.ok) return; // the next card, or coming back, asks again
    const missing = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-name-of]'));
    // What has no name any more keeps its number alone, and is not asked for again.
    known.clear();
    for (const { dataset } of missing) known.set(dataset.nameOf ?? '', { orderId: dataset.nameOf ?? '', revision: Number(dataset.nameRevision), name: '' });
    for (const name of /** @type {OrderName[]} */ ((await response.json()).names)) known.set(name.orderId, name);
  } catch {
    return; // no way to the server: coming back asks again
  } finally {
    isAsking = false;
  }
  fill();
}
