import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Draft } from '../../static/js/core/draft.js';
import { formatAmount, formatMoney } from '../../static/js/core/money.js';

const OAT = { modifierId: 'oat', name: 'Oat', priceMinor: 60 };
const DECAF = { modifierId: 'decaf', name: 'Decaf', priceMinor: 0 };
const dish = (choices = []) => ({ menuItemId: 'fw', name: 'Flat white', priceMinor: 390, choices });

test('the same dish with the same choices is one line, in whatever order they were made', () => {
  const draft = new Draft();
  draft.add(dish([OAT, DECAF]), 1);
  draft.add(dish([DECAF, OAT]), 2);
  draft.add(dish([OAT]), 1);
  assert.deepEqual(draft.lines.map((line) => line.quantity), [3, 1]);
  assert.equal(draft.countOf('fw'), 4);
  assert.equal(draft.estimateMinor(), 3 * 450 + 450);
});

test('a line with a note stays alone', () => {
  const draft = new Draft();
  draft.add(dish(), 1).note = 'extra hot';
  draft.add(dish(), 1);
  assert.equal(draft.lines.length, 2);
});

test('a choice is about the units that were added last', () => {
  const draft = new Draft();
  draft.add(dish(), 1);
  draft.add(dish(), 1);
  draft.chooseForAdded([OAT]);
  assert.deepEqual(draft.lines.map((line) => [line.quantity, line.choices]), [[1, []], [1, [OAT]]]);
  draft.chooseForAdded([OAT, DECAF]);
  assert.deepEqual(draft.lines.map((line) => [line.quantity, line.choices]), [[1, []], [1, [OAT, DECAF]]]);
  draft.chooseForAdded([]);
  assert.deepEqual(draft.lines.map((line) => [line.quantity, line.choices]), [[2, []]]);
  draft.add(dish(), 2);
  draft.chooseForAdded([OAT]);
  assert.deepEqual(draft.lines.map((line) => line.quantity), [2, 2]);
  draft.addAgain();
  draft.chooseForAdded([]);
  assert.deepEqual(draft.lines.map((line) => [line.quantity, line.choices]), [[3, []], [2, [OAT]]]);
});

test('a line that was changed is nobody\'s last one any more', () => {
  const draft = new Draft();
  const { key } = draft.add(dish(), 2);
  draft.change(key, 1);
  draft.chooseForAdded([OAT]);
  draft.add(dish(), 1);
  draft.edit(key, { choices: [DECAF], note: 'extra hot' });
  draft.chooseForAdded([OAT]);
  draft.addAgain();
  draft.chooseForAdded([OAT]);
  assert.deepEqual(draft.lines.map((line) => [line.quantity, line.choices, line.note]), [[5, [DECAF], 'extra hot']]);
});

test('the body has ids and quantities and no price', () => {
  const draft = new Draft();
  draft.add(dish([OAT]), 2);
  assert.deepEqual(draft.buildLines(), [{ menuItemId: 'fw', quantity: 2, modifiers: [{ modifierId: 'oat', quantity: 1 }], note: '' }]);
});

test('what is held is a line of its own until it comes with the others again', () => {
  const draft = new Draft();
  const { key } = draft.add(dish(), 1);
  draft.hold(key, { firesInS: 600 });
  draft.add(dish(), 1);
  assert.deepEqual(draft.buildLines().map((line) => line.hold), [{ firesInS: 600 }, undefined]);
  draft.hold(key, null);
  draft.add(dish(), 1);
  assert.deepEqual(draft.lines.map((line) => line.quantity), [2, 1]);
});

test('the last unit taken away takes the line away; none is above 99', () => {
  const draft = new Draft();
  const { key } = draft.add(dish(), 1);
  assert.equal(draft.change(key, 200), true);
  assert.equal(draft.find(key).quantity, 99);
  draft.add(dish(), 1);
  assert.equal(draft.lines.length, 2);
  assert.equal(draft.change(key, -99), false);
  assert.equal(draft.find(key), null);
});

test('a draft that was put away comes back with keys of its own', () => {
  const draft = new Draft();
  draft.add(dish([OAT]), 2);
  const other = new Draft();
  other.restore(draft.save());
  const { key } = other.add(dish(), 1);
  assert.notEqual(key, other.lines[0].key);
  assert.equal(other.estimateMinor(), 900 + 390);
});

test('amounts are written as their currency has it', () => {
  assert.equal(formatMoney(390, 'EUR', 'en'), '€3.90');
  assert.equal(formatMoney(390, 'JPY', 'en'), '¥390');
  assert.deepEqual([formatAmount(390, 'EUR', 'de'), formatAmount(390, 'JPY', 'en')], ['3,90', '390']);
  assert.equal(formatMoney(1234, 'KWD', 'en').replace(/\s/, ' '), 'KWD 1.234');
});
