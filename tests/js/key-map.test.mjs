import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_KEYS, KeyMap, nameKey } from '../../static/js/core/key-map.js';

/** A screen's storage. */
function makeStorage(text = null) {
  const kept = new Map(text === null ? [] : [['tabletap.keys', text]]);
  return { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value), removeItem: (name) => kept.delete(name) };
}

test('every action has keys, and no key two actions', () => {
  const keys = Object.values(DEFAULT_KEYS).flat();
  assert.equal(new Set(keys).size, keys.length);
  assert.ok(Object.values(DEFAULT_KEYS).every((each) => each.length));
});

test('letters are found in both cases', () => {
  const map = new KeyMap(null);
  assert.deepEqual(['A', 'a', '5', 'Enter', 'q'].map((key) => map.find(key)), ['acknowledge', 'acknowledge', 'bump-5', 'bump', null]);
});

test('a key that is taught is taken from whatever had it, and kept on this screen', () => {
  const storage = makeStorage();
  const map = new KeyMap(storage);
  assert.equal(map.teach('bump', 'F4'), true);
  assert.equal(map.teach('rush', '-'), true);
  const later = new KeyMap(storage);
  assert.deepEqual([later.find('F4'), later.find('Enter'), later.find('-'), later.find('+'), later.find('Backspace')],
    ['bump', null, 'rush', null, 'recall-last']);
  later.reset();
  assert.deepEqual(['Enter', '-'].map((key) => new KeyMap(storage).find(key)), ['bump', 'recall-last']);
});

test('the way back cannot be taught away', () => {
  const map = new KeyMap(makeStorage());
  assert.deepEqual([map.teach('bump', 'Escape'), map.teach('bump', '?'), map.teach('legend', 'l'), map.teach('bump', 'Shift')], [false, false, false, false]);
  assert.equal(map.find('Escape'), 'cancel');
});

test('figures bump at once or choose first, as the screen was told', () => {
  const storage = makeStorage();
  const map = new KeyMap(storage);
  assert.equal(map.selectsFirst, false);
  map.selectFirst(true);
  assert.equal(new KeyMap(storage).selectsFirst, true);
});

test('what somebody else wrote there is ignored', () => {
  for (const text of ['{', '[]', '{"keys":null}', '7']) assert.equal(new KeyMap(makeStorage(text)).find('1'), 'bump-1');
});

test('keys have signs', () => {
  assert.deepEqual([' ', 'ArrowLeft', 'm', 'F4', '-'].map(nameKey), ['Space', '←', 'M', 'F4', '−']);
});
