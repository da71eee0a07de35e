// @ts-check
/** The keys of a PIN: each writes its digit into the field, the one without a digit takes one back. */

const field = /** @type {HTMLInputElement | null} */ (document.getElementById('pin'));

document.querySelector('[data-pin-keys]')?.addEventListener('click', (event) => {
  const key = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('[data-digit]'));
  if (!key || !field) return;
  const { digit } = key.dataset;
  field.value = digit ? (field.value + digit).slice(0, field.maxLength) : field.value.slice(0, -1);
});

export {}; // a module of its own for the type checker
