// @ts-check
/**
 * Plain forms, posted without leaving the page: the server's answer is the page it would have led
 * to, and what changed in it is taken over. Where that fails the form is posted as it stands.
 */

/**
 * @param {string} selector forms to post in place
 * @param {(fresh: Document, form: HTMLFormElement) => boolean} takeOver false: this answer is another page
 */
export function submitInPlace(selector, takeOver) {
  document.addEventListener('submit', (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (!form.matches(selector)) return;
    event.preventDefault();
    if (form.getAttribute('aria-busy') === 'true') return;
    void post(form, event.submitter, takeOver);
  });
}

/** @param {HTMLFormElement} form @param {HTMLElement | null} submitter @param {(fresh: Document, form: HTMLFormElement) => boolean} takeOver */
async function post(form, submitter, takeOver) {
  form.setAttribute('aria-busy', 'true');
  const fields = new FormData(form, submitter);
  const address = submitter instanceof HTMLButtonElement && submitter.hasAttribute('formaction') ? submitter.formAction : form.action;
  try {
    const response = await fetch(address, {
      method: 'POST', body: new URLSearchParams(/** @type {any} */ (fields)), credentials: 'same-origin', headers: { Accept: 'text/html' },
    });
    const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
    if (!takeOver(fresh, form)) location.assign(response.url);
  } catch {
    // No network, most likely. The browser's own way says so in its own words.
    if (submitter instanceof HTMLButtonElement && submitter.name) addField(form, submitter.name, submitter.value);
    form.action = address;
    form.submit();
  } finally {
    form.removeAttribute('aria-busy');
  }
}

/** @param {HTMLFormElement} form @param {string} name @param {string} value */
function addField(form, name, value) {
  const field = document.createElement('input');
  Object.assign(field, { type: 'hidden', name, value });
  form.append(field);
}

/**
 * Replace elements by those of a page that was loaded anew; what is missing there goes away.
 * @param {Document} fresh @param {string[]} selectors each names one element of the page
 */
export function takeOverElements(fresh, selectors) {
  for (const selector of selectors) {
    const [old, next] = [document.querySelector(selector), fresh.querySelector(selector)];
    if (old && next) old.replaceWith(document.importNode(next, true));
    else if (old) old.remove();
  }
}

/** A form that must not be posted twice by two taps. @param {HTMLFormElement} form */
export function sendOnce(form) {
  let isSent = false;
  form.addEventListener('submit', (event) => {
    if (isSent) event.preventDefault();
    isSent = true;
    form.querySelector('[type="submit"]')?.setAttribute('aria-busy', 'true');
  });
  // Back from the next page, out of the browser's cache: it may be sent again, its id is the same.
  addEventListener('pageshow', () => {
    isSent = false;
    form.querySelector('[type="submit"]')?.removeAttribute('aria-busy');
  });
}

/** `[data-stepper]`: keys around a number field. @param {ParentNode} root */
export function letStep(root) {
  root.addEventListener('click', (event) => {
    const key = /** @type {Element} */ (event.target).closest('[data-step]');
    const field = /** @type {HTMLInputElement | null | undefined} */ (key?.closest('[data-stepper]')?.querySelector('input'));
    if (!key || !field) return;
    if (Number(key.getAttribute('data-step')) > 0) field.stepUp();
    else field.stepDown();
    field.dispatchEvent(new Event('change', { bubbles: true }));
  });
}
