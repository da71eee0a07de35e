import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeDelayMs } from '../../static/js/core/backoff.js';

test('the wait grows by half up to thirty seconds', () => {
  const delays = [0, 1, 2, 8, 9, 40].map((attempt) => computeDelayMs(attempt, () => 1));
  assert.deepEqual(delays, [1000, 1500, 2250, 1000 * 1.5 ** 8, 30000, 30000]);
});

test('who has to be back sooner grows to less', () => {
  assert.deepEqual([2, 5, 6, 40].map((attempt) => computeDelayMs(attempt, () => 1, 10_000)), [2250, 1000 * 1.5 ** 5, 10_000, 10_000]);
});

test('jitter takes at most half away and adds nothing', () => {
  for (let attempt = 0; attempt < 30; attempt += 1) {
    const full = computeDelayMs(attempt, () => 1);
    assert.equal(computeDelayMs(attempt, () => 0), full / 2);
    const delay = computeDelayMs(attempt, Math.random);
    assert.ok(full / 2 <= delay && delay <= full);
  }
});
