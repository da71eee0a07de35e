// @ts-check
/**
 * A position in a day that was: moved by hand or played, shown by whoever is told of it. Nothing of a
 * page is known here; what the wall was like is the server's to say.
 */

const TICK_MS = 200; // a second of the wall's figures at 10x is drawn twice

export class Playback {
  #first;
  #last;
  #onMove;
  #speed = 0;
  #position;
  /** When the position was last taken on, by a clock that nobody sets. */
  #at = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticker;

  /**
   * @param {{first: number, last: number, position: number, onMove: (position: number) => void}} options
   * seconds of a day; onMove hears of each new whole second, and of a pause
   */
  constructor({ first, last, position, onMove }) {
    this.#first = first;
    this.#last = last;
    this.#position = position;
    this.#onMove = onMove;
  }

  /** @returns {number} whole seconds of the day */
  get position() {
    return Math.floor(this.#position);
  }

  /** @returns {number} how many times faster than it was; 0 while it stands */
  get speed() {
    return this.#speed;
  }

  /** Go somewhere. What is played goes on from there. @param {number} position */
  move(position) {
    this.#position = Math.min(this.#last, Math.max(this.#first, position));
    this.#at = performance.now();
    this.#onMove(this.position);
  }

  /** Play at a speed; the one that is played already, or the end, stands still. @param {number} speed */
  play(speed) {
    if (speed === this.#speed || this.#position >= this.#last) return this.pause();
    this.#speed = speed;
    this.#at = performance.now();
    this.#ticker ??= setInterval(() => this.#tick(), TICK_MS);
    this.#onMove(this.position);
  }

  pause() {
    clearInterval(this.#ticker);
    this.#ticker = undefined;
    this.#speed = 0;
    this.#onMove(this.position);
  }

  #tick() {
    const now = performance.now();
    const before = this.position;
    this.#position = Math.min(this.#last, this.#position + ((now - this.#at) / 1000) * this.#speed);
    this.#at = now;
    if (this.#position >= this.#last) this.pause();
    else if (this.position !== before) this.#onMove(this.position);
  }
}

/**
 * The place that a key goes to among sorted ones; null for none.
 * @param {readonly number[]} places @param {number} position @param {'before' | 'after'} side
 */
export function findNextPlace(places, position, side) {
  const found = side === 'after' ? places.find((each) => each > position) : places.filter((each) => each < position).at(-1);
  return found ?? null;
}

/** Whether a wall that was read at a second is still what it was. @param {{second: number, next: number | null}} read @param {number} second @param {number} most how long its figures are believed */
export function isCurrent({ second: readSecond, next }, second, most) {
  return second >= readSecond && second <= readSecond + most && (next === null || second < next);
}
