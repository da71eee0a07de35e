import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { forgetServerTime, learnServerTime, readServerTimeMs } from '../../static/js/core/clock.js';

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
  forgetServerTime();
});

test('the middle of the way there and back is when the server looked', () => {
  mock.timers.setTime(1_000_200);
  learnServerTime(5_000_000, 1_000_000);
  assert.equal(readServerTimeMs(), 5_000_100);
});

test('the answer with the shortest way counts', () => {
  mock.timers.setTime(1_000_020);
  learnServerTime(5_000_010, 1_000_000);
  mock.timers.setTime(1_002_000);
  learnServerTime(5_009_999, 1_000_100);
  assert.equal(readServerTimeMs(), 5_002_000 - 10 + 0 + 10);
});

test('both forms of a time are understood, and none is made of nonsense', () => {
  learnServerTime('1970-01-01T00:20:00.000Z', 1_000_000);
  assert.equal(readServerTimeMs(), 1_200_000);
  forgetServerTime();
  learnServerTime('later', 1_000_000);
  assert.equal(readServerTimeMs(), 1_000_000);
});
