/** Dishes are found by how people type in a hurry. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { matches } from '../../static/js/core/search.js';

test('a dish is found by the beginnings of its words, in any order', () => {
  assert.ok(matches('Tomato soup with poached egg', 'tom'));
  assert.ok(matches('Tomato soup with poached egg', 'egg TOM'));
  assert.ok(!matches('Tomato soup with poached egg', 'mato'));
});

test('a dish is found by its initials', () => {
  assert.ok(matches('Flat white', 'fw'));
  assert.ok(matches('Shakshuka with goat\'s curd', 's w'));
  assert.ok(!matches('Flat white', 'wf'));
});

test('a word with a hyphen is found as it is written', () => {
  assert.ok(matches('Slow-cooked free-range eggs', 'slow-cooked free-r'));
  assert.ok(matches('Slow-cooked free-range eggs', 'cooked'));
});

test('letters of any script and blanks around them are no matter', () => {
  assert.ok(matches('Galão', '  galã '));
  assert.ok(matches('Чай с мятой', 'мят'));
});
