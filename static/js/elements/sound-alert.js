// @ts-check
/**
 * `<sound-alert data-state="on|off|blocked">`: short synthesized tones, different in rhythm and
 * not only in pitch, and the sound's visible state. A browser plays nothing before somebody has
 * touched the page: wanted but not allowed is `blocked`, which shows a bar across the screen.
 *
 * Every sound names its cause elsewhere on the screen; nothing is told by sound alone.
 */

import { announce, writeText } from '../core/dom.js';
import { keepHere, readKept } from '../core/kept.js';

const CHOICE = 'tabletap.sound'; // per screen, not per person

/** @typedef {{atS: number, forS: number, hertz: number}} Note */
/** @typedef {'new' | 'allergy' | 'add-on' | 'changed' | 'void' | 'recall' | 'late' | 'ready' | 'call' | 'notice'} Tone */

/** @type {Readonly<Record<Tone, readonly Note[]>>} */
export const TONES = Object.freeze({
  new: [note(0, 0.14, 660), note(0.17, 0.24, 880)],
  allergy: [0, 0.5, 1].flatMap((atS) => [note(atS, 0.12, 440), note(atS + 0.15, 0.2, 587)]),
  'add-on': [note(0, 0.12, 880)],
  changed: [note(0, 0.1, 587), note(0.13, 0.26, 880), note(0.42, 0.1, 587)],
  void: [note(0, 0.35, 523), note(0.38, 0.6, 349)],
  recall: [note(0, 0.18, 784), note(0.2, 0.3, 659)],
  late: [0, 0.7, 1.4].map((atS) => note(atS, 0.3, 392)),
  call: [0, 0.55].map((atS) => note(atS, 0.4, 1175)),
  notice: [note(0, 0.1, 587), note(0.13, 0.1, 587), note(0.26, 0.22, 494)],
  ready: [note(0, 0.12, 659), note(0.15, 0.12, 784), note(0.3, 0.3, 1047)],
});

const ATTACK_S = 0.012; // shorter clicks, longer blurs the rhythm
const VOLUME = 0.35;
const LOUD = 0.8;

export class SoundAlert extends HTMLElement {
  /** @type {AudioContext | null} */
  #audio = null;
  #abort = new AbortController();
  #playingUntilS = 0;
  #missed = 0;

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.addEventListener('click', (event) => {
      const target = /** @type {Element} */ (event.target);
      const dialog = this.querySelector('dialog');
      const key = target.closest('[data-sound]');
      if (key) {
        dialog?.close();
        void this.choose(key.getAttribute('data-sound') === 'on');
      }
      if (target.closest('[data-sound-panel]')) dialog?.showModal();
      const test = target.closest('[data-test-tone]');
      if (test) this.test(/** @type {Tone} */ (test.getAttribute('data-test-tone')));
    }, { signal });
    // Any touch of the page allows sound: whoever works at the screen need not aim at the bar.
    for (const name of ['pointerup', 'keydown']) {
      document.addEventListener(name, () => { if (this.#isWanted()) void this.#unlock(); }, { signal });
    }
    if (this.#isWanted()) void this.#unlock();
    else this.#show('off');
    // A screen that was just paired begins with the step that allows sound, and asks whether it can be read.
    if (this.hasAttribute('data-begins') && readKept(CHOICE) === null) this.querySelector('dialog')?.showModal();
  }

  disconnectedCallback() {
    this.#abort.abort();
    void this.#audio?.close();
    this.#audio = null;
  }

  /** Somebody turned it on or off, here, by hand. @param {boolean} isOn */
  async choose(isOn) {
    keepHere(CHOICE, isOn ? 'on' : 'off');
    this.dataset.wanted = isOn ? 'on' : 'off';
    if (isOn) {
      await this.#unlock();
      this.play('new');
    } else {
      this.#show('off');
    }
  }

  /** Let a tone be heard because somebody asked for it, on or off. @param {Tone} tone */
  test(tone) {
    const wasWanted = this.dataset.wanted;
    this.dataset.wanted = 'on';
    void this.#unlock().then(() => this.#audio?.resume()).then(() => {
      this.#playingUntilS = 0;
      this.play(tone);
    }).finally(() => {
      if (wasWanted === undefined) delete this.dataset.wanted;
      else this.dataset.wanted = wasWanted;
      if (!this.#isWanted()) this.#show('off');
    });
  }

  /** Play a tone after what plays now. @param {Tone} tone @param {{isLoud?: boolean}} [options] isLoud: nobody answered */
  play(tone, { isLoud = false } = {}) {
    announce('sound-play', { tone }, this);
    const audio = this.#audio;
    if (!this.#isWanted() || !audio) return;
    if (audio.state !== 'running') {
      this.#show('blocked');
      this.#countMissed(this.#missed + 1);
      return;
    }
    if (this.#missed) this.#countMissed(0);
    const startS = Math.max(audio.currentTime, this.#playingUntilS);
    if (startS > audio.currentTime + 3) return; // enough is waiting: a burst is one alarm
    for (const each of TONES[tone]) this.#playNote(audio, each, startS, isLoud ? LOUD : VOLUME);
    const last = TONES[tone][TONES[tone].length - 1];
    this.#playingUntilS = startS + last.atS + last.forS + 0.2;
  }

  /** @param {AudioContext} audio @param {Note} each @param {number} startS @param {number} volume */
  #playNote(audio, each, startS, volume) {
    const oscillator = audio.createOscillator();
    const gain = audio.createGain();
    const [onS, offS] = [startS + each.atS, startS + each.atS + each.forS];
    oscillator.type = 'triangle';
    oscillator.frequency.value = each.hertz;
    gain.gain.setValueAtTime(0, onS);
    gain.gain.linearRampToValueAtTime(volume, onS + ATTACK_S);
    gain.gain.exponentialRampToValueAtTime(0.001, offS);
    oscillator.connect(gain).connect(audio.destination);
    oscillator.start(onS);
    oscillator.stop(offS);
  }

  /** @param {number} count what somebody would have heard */
  #countMissed(count) {
    this.#missed = count;
    this.querySelector('[data-sound-missed]')?.toggleAttribute('hidden', count === 0);
    const figure = this.querySelector('[data-figure="missed"]');
    if (figure) writeText(figure, String(count));
  }

  async #unlock() {
    if (!globalThis.AudioContext) {
      this.#show('off');
      return;
    }
    if (!this.#audio) {
      this.#audio = new AudioContext();
      this.#audio.addEventListener('statechange', () => this.#showState());
    }
    this.#showState();
    // Never settles before a touch allows it: `statechange` tells.
    if (this.#audio.state !== 'running') void this.#audio.resume().catch(() => this.#showState());
  }

  #showState() {
    if (this.#isWanted()) this.#show(this.#audio?.state === 'running' ? 'on' : 'blocked');
  }

  #isWanted() {
    return (this.dataset.wanted ?? readKept(CHOICE)) === 'on';
  }

  /** @param {'on' | 'off' | 'blocked'} state */
  #show(state) {
    if (this.dataset.state !== state) this.dataset.state = state;
  }
}

/** @param {number} atS @param {number} forS @param {number} hertz @returns {Note} */
function note(atS, forS, hertz) {
  return Object.freeze({ atS, forS, hertz });
}

customElements.define('sound-alert', SoundAlert);
