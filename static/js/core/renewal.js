// @ts-check
/**
 * A screen that has been open for weeks takes up a new version by itself: after a restart of the
 * server it looks whether its modules or style sheets have changed, and loads itself again at a
 * quiet moment. Never in service: that is what `isQuiet` says.
 */

// A sign-in is prolonged by requests, and a wall that is never disconnected makes none: twice a day
// is often enough for the shortest one that makes sense, of a day.
const SIGN_OF_LIFE_MS = 43_200_000;
const LOOK_MS = 30000;
const SPREAD_MS = 60000; // not all screens of a cafe in the same second

/**
 * @param {() => boolean} isQuiet may the page be loaded again without disturbing anybody
 * @param {() => Promise<Document>} loadPage
 * @param {() => void} [reload]
 * @returns {(boot: string) => Promise<void>} to be called with `welcome.boot` of every connection
 */
export function renewAfterRestarts(isQuiet, loadPage, reload = () => location.reload()) {
  /** @type {string | null} */
  let known = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const wait = (/** @type {number} */ delayMs) => {
    clearTimeout(timer);
    timer = setTimeout(() => (isQuiet() ? reload() : wait(LOOK_MS)), delayMs);
  };
  return async (boot) => {
    const isRestart = known !== null && known !== boot;
    known = boot;
    if (!isRestart) return;
    try {
      if (readVersion(await loadPage()) !== readVersion(document)) wait(LOOK_MS + Math.random() * SPREAD_MS);
    } catch {
      // The server is busy just after its start: the next restart asks again.
    }
  };
}

/** Addresses of assets carry the hash of their content. @param {Document} page */
function readVersion(page) {
  const sheets = [...page.querySelectorAll('link[rel="stylesheet"]')].map((link) => link.getAttribute('href'));
  return [page.querySelector('script[type="importmap"]')?.textContent, ...sheets].join(' ');
}

/** Keep the sign-in of a screen that stays open. @param {() => Promise<unknown>} [ask] a request that carries the cookie */
export function keepSignedIn(ask = () => fetch(location.href, { method: 'HEAD', credentials: 'same-origin', cache: 'no-store' })) {
  setInterval(() => { ask().catch(() => { /* the next one, half a day later, is soon enough */ }); }, SIGN_OF_LIFE_MS);
}
