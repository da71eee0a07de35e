/** A document for modules that are about one: jsdom, with the few things that it lacks. */

import { JSDOM } from 'jsdom';

const NAMES = [
  'document', 'Document', 'DocumentFragment', 'Element', 'HTMLElement', 'HTMLInputElement', 'HTMLTextAreaElement',
  'HTMLSelectElement', 'HTMLButtonElement', 'customElements', 'CustomEvent', 'Event', 'KeyboardEvent', 'DOMParser',
  'FormData', 'getComputedStyle', 'sessionStorage', 'location', 'addEventListener', 'removeEventListener', 'dispatchEvent',
  'AbortController', 'AbortSignal',
];

/** Make a page the global one. Call before importing modules that define elements. */
export function openPage(html) {
  const { window } = new JSDOM(`<!doctype html><html lang="en"><body>${html}</body></html>`, {
    url: 'http://cafe.test/kitchen', pretendToBeVisual: true,
  });
  for (const name of NAMES) {
    const value = window[name];
    const isFunction = typeof value === 'function' && !/^[A-Z]/.test(name);
    Object.defineProperty(globalThis, name, { value: isFunction ? value.bind(window) : value, configurable: true, writable: true });
  }
  globalThis.PointerEvent ??= class PointerEvent extends window.MouseEvent {};
  window.HTMLElement.prototype.scrollIntoView ??= () => {};
  globalThis.CSS = { escape: (text) => text.replace(/[^\w-]/g, (letter) => `\\${letter}`) };
  return window;
}

/** Let promises settle. */
export async function settle() {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
