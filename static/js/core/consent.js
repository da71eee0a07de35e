// @ts-check
/** What only a manager may, on the screen of somebody who is none: the manager's PIN, for this one act. */

/** @typedef {{type: string, payload: any, why: string}} Act what was refused, and in which words */
/** @typedef {(act: Act) => Promise<string | null>} AskConsent the consent's id; null: nobody consented */

/**
 * Make a question out of the page's dialog (templates/components/consent_dialog.html).
 * @param {HTMLDialogElement | null} dialog none on a screen that is not paired
 * @returns {AskConsent | undefined}
 */
export function makeConsentDialog(dialog) {
  if (!dialog) return undefined;
  const form = /** @type {HTMLFormElement} */ (dialog.querySelector('form'));
  const pin = /** @type {HTMLInputElement} */ (dialog.querySelector('[name="pin"]'));
  const fault = /** @type {HTMLElement} */ (dialog.querySelector('[data-consent-fault]'));
  dialog.addEventListener('click', (event) => {
    const digit = /** @type {Element} */ (event.target).closest('[data-digit]')?.getAttribute('data-digit');
    if (digit === undefined || digit === null) return;
    pin.value = digit ? (pin.value + digit).slice(0, pin.maxLength) : pin.value.slice(0, -1);
  });
  return ({ type, payload, why }) => new Promise((resolve) => {
    let consentId = '';
    /** @param {SubmitEvent} event */
    const submit = async (event) => {
      if (/** @type {HTMLButtonElement | null} */ (event.submitter)?.value !== 'confirm') return;
      event.preventDefault();
      const answer = await askServer(dialog.dataset.address ?? '', {
        person_id: String(new FormData(form).get('person_id') ?? ''), pin: pin.value, act: type, order_id: payload.orderId ?? '',
      });
      pin.value = '';
      fault.hidden = Boolean(answer.consentId);
      fault.textContent = answer.message ?? '';
      consentId = answer.consentId ?? '';
      if (consentId) dialog.close('confirm');
      else pin.focus();
    };
    const words = dialog.querySelector('[data-consent-why]');
    if (words) words.textContent = why;
    pin.value = '';
    fault.hidden = true;
    form.addEventListener('submit', submit);
    dialog.addEventListener('close', () => {
      form.removeEventListener('submit', submit);
      resolve(consentId || null);
    }, { once: true });
    dialog.showModal();
    pin.focus();
  });
}

/**
 * @param {string} address @param {Record<string, string>} fields
 * @returns {Promise<{consentId?: string, message?: string}>}
 */
async function askServer(address, fields) {
  try {
    const response = await fetch(address, {
      method: 'POST', body: new URLSearchParams(fields), credentials: 'same-origin', cache: 'no-store', headers: { Accept: 'application/json' },
    });
    return await response.json();
  } catch {
    return { message: 'There is no way to the server. Try again.' };
  }
}
