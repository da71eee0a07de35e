// @ts-check
/** The form of the first cafe: this browser usually stands in the cafe's own time zone. */

const field = /** @type {HTMLInputElement | null} */ (document.getElementById('timezone'));
if (field && !field.value) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? '';

export {}; // a module of its own for the type checker
