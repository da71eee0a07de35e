import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { forgetServerTime, readServerTimeMs, showMoment } from '../../static/js/core/clock.js';
import { findNextPlace, isCurrent, Playback } from '../../static/js/core/replay.js';

/** @type {number[]} */
let moves;
let nowMs = 0;

beforeEach(() => {
  moves = [];
  nowMs = 0;
  mock.timers.reset();
  mock.timers.enable({ apis: ['setInterval'] });
  mock.method(performance, 'now', () => nowMs);
});

function open(position = 100) {
  return new Playback({ first: 50, last: 200, position, onMove: (second) => moves.push(second) });
}

/** Let real time pass. */
function pass(ms) {
  for (let left = ms; left > 0; left -= 200) {
    nowMs += 200;
    mock.timers.tick(200);
  }
}

test('it is moved within its day', () => {
  const playback = open();
  for (const position of [120, 10, 900]) playback.move(position);
  assert.deepEqual(moves, [120, 50, 200]);
});

test('it is played as fast as was said, and stands at its end', () => {
  const playback = open();
  playback.play(30);
  pass(1000);
  assert.deepEqual([playback.position, playback.speed], [130, 30]);
  pass(10000);
  assert.deepEqual([playback.position, playback.speed], [200, 0]);
  playback.play(10);
  assert.equal(playback.speed, 0);
});

test('another speed goes on from there, the same one stops', () => {
  const playback = open();
  playback.play(10);
  pass(1000);
  playback.play(60);
  pass(200);
  playback.play(60);
  pass(1000);
  assert.deepEqual([playback.position, playback.speed], [122, 0]);
});

test('a wall is good until something changed, and not for long', () => {
  const read = { second: 100, next: 130 };
  assert.deepEqual([99, 100, 129, 130].map((second) => isCurrent(read, second, 60)), [false, true, true, false]);
  assert.equal(isCurrent({ second: 100, next: null }, 161, 60), false);
  assert.equal(isCurrent(read, 101, 0), false);
});

test('the next place is on its side', () => {
  assert.deepEqual(
    [findNextPlace([10, 20, 30], 20, 'after'), findNextPlace([10, 20, 30], 20, 'before'), findNextPlace([10], 10, 'after')],
    [30, 10, null],
  );
});

test('ages are of the moment that is shown', () => {
  showMoment(5000);
  assert.equal(readServerTimeMs(), 5000);
  forgetServerTime();
  assert.ok(readServerTimeMs() > 5000);
});
