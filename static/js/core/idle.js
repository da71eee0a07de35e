// @ts-check
/** Somebody who came to a shared screen by PIN and walked away: after a while the screen is its own again. */

/** Leave once nobody has touched the page for as long as the server says; nothing where it says nothing. */
export function leaveWhenIdle() {
  const idleMs = 1000 * Number(document.body.dataset.idleS ?? 0);
  if (!idleMs) return;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const stay = () => {
    clearTimeout(timer);
    timer = setTimeout(leave, idleMs);
  };
  for (const touch of ['pointerdown', 'keydown']) document.addEventListener(touch, stay, { passive: true });
  stay();
}

async function leave() {
  try {
    await fetch('/sign-out', {
      method: 'POST', credentials: 'same-origin', headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
  } finally {
    location.assign('/displays'); // without a network the page says so itself
  }
}
