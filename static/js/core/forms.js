// @ts-check
/**
 * Plain forms, posted without leaving the page: the server's answer is the page it would have led
 * to, and what changed in it is taken over. Without a network the form says so and is posted when
 * there is one, as often as it takes: it carries the id of its command, so it is done once.
 */

import { computeDelayMs } from './backoff.js';

// Longer than the server works at anything (5 s), so nothing is given up that is being done.
const ANSWER_MS = 10000;

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
  const answer = await postUntilAnswered(form, address, new URLSearchParams(/** @type {any} */ (fields)));
  const fresh = new DOMParser().parseFromString(answer.html, 'text/html');
  form.removeAttribute('aria-busy');
  if (!takeOver(fresh, form)) location.assign(answer.url);
}

/** @param {HTMLFormElement} form @param {string} address @param {URLSearchParams} body */
async function postUntilAnswered(form, address, body) {
  /** @type {Element | null | undefined} */
  let words;
  for (let attempt = 0; ; attempt += 1) {
    try {
      const signal = AbortSignal.timeout(ANSWER_MS);
      const response = await fetch(address, {
        method: 'POST', body, credentials: 'same-origin', headers: { Accept: 'text/html' }, signal,
      });
      const html = await response.text();
      words?.remove();
      return { html, url: response.url };
    } catch {
      words ??= showThatItWaits(form);
      await waitForNetwork(attempt);
    }
  }
}

/** @param {HTMLFormElement} form */
function showThatItWaits(form) {
  const template = /** @type {HTMLTemplateElement | null} */ (document.querySelector('template[data-form-waits]'));
  if (!template) return null;
  form.after(document.importNode(template.content, true));
  return form.nextElementSibling;
}

/** Until the browser says that there is one, or it is time to try. @param {number} attempt */
function waitForNetwork(attempt) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, computeDelayMs(attempt, Math.random));
    addEventListener('online', () => { clearTimeout(timer); resolve(undefined); }, { once: true });
  });
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
