// @ts-check
/**
 * `<live-region role="status">`: what a screen reader is told. Events of one moment are summed up
 * in one sentence; the board itself is never a live region.
 */

const GATHER_MS = 800;

export class LiveRegion extends HTMLElement {
  /** @type {Map<string, string[]>} subjects by sentence */
  #news = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * Tell that something happened to a subject; what comes within a moment is told together.
   * @param {string} what "new", "ready" @param {string} subject "order 118"
   */
  tell(what, subject) {
    this.#news.set(what, [...(this.#news.get(what) ?? []), subject]);
    this.#timer ??= setTimeout(() => this.#speak(), GATHER_MS); // from the first of them: a rush must not silence it
  }

  /** Say a sentence now. @param {string} sentence */
  say(sentence) {
    // The same text again would not be read again: a space that nobody hears makes it differ.
    this.textContent = this.textContent === sentence ? `${sentence}\u00a0` : sentence;
  }

  #speak() {
    this.#timer = undefined;
    const sentences = [...this.#news].map(([what, subjects]) => `${subjects.join(', ')}: ${what}.`);
    this.#news.clear();
    this.say(sentences.join(' '));
  }
}

customElements.define('live-region', LiveRegion);

/** The page's region, if it has one. @returns {LiveRegion | null} */
export function findLiveRegion() {
  return document.querySelector('live-region');
}
