import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOSE_RULES, makeAuthenticate, makeCommandId, readCloseCode } from '../../static/js/core/protocol.js';

test('a code says by its range whether to come back', () => {
  for (const [code, rule] of Object.entries(CLOSE_RULES)) assert.equal(rule.comesBack, Number(code) < 4500);
  assert.equal(readCloseCode(4499).comesBack, true);
  assert.equal(readCloseCode(4999).comesBack, false);
  assert.equal(readCloseCode(1006).comesBack, true);
  assert.equal(readCloseCode(1001).comesBack, true);
});

test('the first frame has no empty fields', () => {
  assert.deepEqual(Object.keys(makeAuthenticate({ token: 't', position: null }).data), ['token']);
});

test('a command id is a version 4 UUID, with and without a secure context', () => {
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  assert.match(makeCommandId(), form);
  const { randomUUID } = crypto;
  Object.defineProperty(crypto, 'randomUUID', { value: undefined, configurable: true });
  try {
    const ids = new Set(Array.from({ length: 100 }, makeCommandId));
    assert.equal(ids.size, 100);
    for (const id of ids) assert.match(id, form);
  } finally {
    Object.defineProperty(crypto, 'randomUUID', { value: randomUUID, configurable: true });
  }
});
