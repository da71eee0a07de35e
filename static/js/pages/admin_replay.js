// @ts-check
/**
 * A past service: the position is moved or played here, the wall of each moment comes from the
 * server. One question is under way at a time, and none while nothing changed; ages go on here.
 */

import { showMoment } from '../core/clock.js';
import { readJson, writeText } from '../core/dom.js';
import { findNextPlace, isCurrent, Playback } from '../core/replay.js';
import { updateAll } from '../elements/elapsed-time.js';

const MOST_S = 60; // of a service: what is to be made gets less while it is worked at
const STEP_S = 10;
const LONG_STEP_S = 60;
const ANSWER_MS = 10000;

const player = /** @type {HTMLElement | null} */ (document.querySelector('[data-replay-player]'));
if (player) start(player);

/** @param {HTMLElement} player */
function start(player) {
  const { address = '', pageAddress = '', day = '', station = '' } = player.dataset;
  const { first: begins, last: ends, until, beginsAt } = player.dataset;
  const [first, last, latest, beginsAtMs] = [begins, ends, until, beginsAt].map(Number);
  const late = /** @type {number[]} */ (readJson(player, 'data-late'));
  const slider = /** @type {HTMLInputElement} */ (player.querySelector('[data-position]'));
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone: player.dataset.timeZone, timeStyle: 'medium' });
  const keys = /** @type {NodeListOf<HTMLElement>} */ (player.querySelectorAll('[data-play]'));
  let isAsking = false;
  let shown = readShown();

  const playback = new Playback({ first, last: latest, position: shown.second, onMove: show });
  slider.addEventListener('input', () => playback.move(slider.valueAsNumber));
  player.addEventListener('click', press);
  document.addEventListener('keydown', type);
  show(playback.position);

  /** Draw a position at once, and ask for its wall where that may differ. @param {number} second */
  function show(second) {
    const text = clock.format(beginsAtMs + second * 1000);
    showMoment(beginsAtMs + second * 1000);
    updateAll();
    writeFigures(text);
    slider.value = String(second);
    slider.setAttribute('aria-valuetext', text);
    drawPlace(second);
    for (const key of keys) key.setAttribute('aria-pressed', String(Number(key.dataset.play) === playback.speed));
    void ask();
  }

  async function ask() {
    if (isAsking || isShown()) return settle();
    isAsking = true;
    const second = playback.position;
    try {
      const answer = await fetch(`${address}?${buildQuery(second)}`, {
        credentials: 'same-origin', headers: { Accept: 'text/html' }, signal: AbortSignal.timeout(ANSWER_MS),
      });
      if (answer.redirected || answer.status === 401 || answer.status === 403) return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      take(await answer.text(), second);
      tell('');
    } catch {
      playback.pause();
      tell('This moment could not be read. Move on to try again.');
      return;
    } finally {
      isAsking = false;
    }
    show(playback.position);
  }

  /** While it is played a wall is good until something changes; where it stands it is asked for to the second. */
  function isShown() {
    return isCurrent(shown, playback.position, playback.speed ? MOST_S : 0);
  }

  /** @param {string} html @param {number} second that it was asked for */
  function take(html, second) {
    const fresh = new DOMParser().parseFromString(html, 'text/html').querySelector('[data-replay-moment]');
    if (!fresh) throw new Error('no wall');
    document.querySelector('[data-replay-moment]')?.replaceWith(document.importNode(fresh, true));
    shown = { ...readShown(), second };
  }

  /** The address is of what is seen: it may be kept or sent to somebody. */
  function settle() {
    if (!playback.speed && !isAsking) history.replaceState(null, '', `${pageAddress}?${buildQuery(playback.position)}`);
  }

  /** @param {number} second */
  function buildQuery(second) {
    return new URLSearchParams({ day, ...(station && { station }), second: String(second) });
  }

  /** @param {number} second */
  function drawPlace(second) {
    const place = `${(100 * (second - first)) / Math.max(1, last - first)}%`;
    const line = player.querySelector('[data-timeline-here]');
    for (const end of ['x1', 'x2']) line?.setAttribute(end, place);
  }

  /** @param {MouseEvent} event */
  function press(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // into a window of its own
    const key = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('[data-step], [data-play], [data-second]'));
    if (!key) return;
    event.preventDefault();
    if (key.dataset.play) playback.play(Number(key.dataset.play));
    else if (key.dataset.second) playback.move(Number(key.dataset.second));
    else if (key.dataset.step?.startsWith('late-')) goToLate(key.dataset.step === 'late-after' ? 'after' : 'before');
    else playback.move(playback.position + Number(key.dataset.step));
  }

  /** @param {'before' | 'after'} side */
  function goToLate(side) {
    const place = findNextPlace(late, playback.position, side);
    if (place !== null) playback.move(place);
    else tell(side === 'after' ? 'No ticket became late after this.' : 'No ticket became late before this.');
  }

  /** @param {KeyboardEvent} event */
  function type(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest('input:not([data-position]), select, textarea')) return;
    const step = event.shiftKey ? LONG_STEP_S : STEP_S;
    if (event.key === 'ArrowLeft') playback.move(playback.position - step);
    else if (event.key === 'ArrowRight') playback.move(playback.position + step);
    else if (event.key === ' ' && !target.closest('button, a, summary')) playback.play(playback.speed || 10);
    else if (event.key.toLowerCase() === 'n') goToLate(event.shiftKey ? 'before' : 'after');
    else return;
    event.preventDefault();
  }

  /** @param {string} words */
  function tell(words) {
    const place = player.querySelector('[data-replay-fault]');
    if (place) writeText(place, words);
  }
}

/** What the wall that is on the page is of. */
function readShown() {
  const { second, nextSecond } = /** @type {HTMLElement} */ (document.querySelector('[data-replay-moment]')).dataset;
  return { second: Number(second), next: nextSecond ? Number(nextSecond) : null };
}

/** Figures that go on between two walls. @param {string} time */
function writeFigures(time) {
  const clock = document.querySelector('[data-replay-clock]');
  if (clock) writeText(clock, time);
  const lateCount = document.querySelectorAll('[data-replay-open] > order-ticket[data-band="late"]').length;
  const figure = document.querySelector('[data-figure-late]');
  if (figure) writeText(figure, String(lateCount));
  document.querySelector('[data-replay-late]')?.toggleAttribute('data-late', lateCount > 0);
}
