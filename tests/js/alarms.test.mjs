import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { openPage } from './support/page.mjs';

openPage('');
mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: Date.parse('2026-11-23T12:00:00Z') });
const { Alarms, choosePressing, listCauses } = await import('../../static/js/core/alarms.js');
const { TONES } = await import('../../static/js/elements/sound-alert.js');
await import('../../static/js/elements/order-ticket.js');

const QUIET = { voids: 0, changes: 0, isRushed: false, isUnread: false, isRecalled: false, isAddOn: false, isNew: false };
const causes = (before, now) => listCauses(before && { ...QUIET, ...before }, { ...QUIET, ...now });

test('a ticket that comes is heard for what it is', () => {
  assert.deepEqual(causes(undefined, { isNew: true }), ['new']);
  assert.deepEqual(causes(undefined, { isNew: true, isAddOn: true }), ['add-on']);
  assert.deepEqual(causes(undefined, { isNew: true, isUnread: true }), ['allergy']);
  assert.deepEqual(causes(undefined, { isNew: true, isRecalled: true }), ['recall']);
  assert.deepEqual(causes(undefined, {}), []);
});

test('a ticket that changes is heard once for each change', () => {
  assert.deepEqual(causes({}, { voids: 1 }), ['void']);
  assert.deepEqual(causes({}, { voids: 1, changes: 1 }), ['changed']);
  assert.deepEqual(causes({ voids: 1 }, { voids: 1 }), []);
  assert.deepEqual(causes({}, { isRushed: true }), ['rush']);
  assert.deepEqual(causes({ isRushed: true, isNew: true }, { isRushed: true }), []);
});

test('what presses most is what is heard', () => {
  assert.equal(choosePressing(['new', 'late', 'allergy']), 'allergy');
  assert.equal(choosePressing(['new', 'void']), 'void');
  assert.equal(choosePressing([]), null);
});

test('nine sounds and one for notices differ in rhythm, not in pitch alone', () => {
  const rhythms = Object.values(TONES).map((notes) => notes.map(({ atS, forS }) => `${atS.toFixed(2)}+${forS.toFixed(2)}`).join(' '));
  assert.equal(rhythms.length, 10);
  assert.equal(new Set(rhythms).size, rhythms.length);
});

test('what is held is not heard, and what is fired is heard like a new one', () => {
  document.body.innerHTML = '<div id="list"><order-ticket id="kitchen_ticket-9" data-order-number="19" data-held></order-ticket></div>';
  const played = [];
  new Alarms(document.getElementById('list'), { play: (tone) => played.push(tone) });
  const held = document.querySelector('order-ticket');
  const tell = (kind, card) => document.dispatchEvent(new CustomEvent('card-change', { detail: { kind, card, previous: null } }));
  tell('inserted', held);
  assert.deepEqual(played, []);
  held.removeAttribute('data-held');
  held.dataset.state = 'new';
  tell('replaced', held);
  assert.deepEqual(played, ['new']);
  held.remove();
  document.dispatchEvent(new CustomEvent('lists-change'));
});

test('it rings until it is touched; an allergy until it is read', () => {
  document.body.innerHTML = `<p data-cause="" hidden><span data-for-cause="allergy">Allergy</span><b data-cause-orders></b></p>
    <div id="list"><order-ticket id="kitchen_ticket-1" data-order-number="11" data-state="new"></order-ticket>
    <order-ticket id="kitchen_ticket-2" data-order-number="12" data-state="new" data-unread></order-ticket></div>`;
  const played = [];
  new Alarms(document.getElementById('list'), { play: (tone) => played.push(tone) });
  const [first, second] = document.querySelectorAll('order-ticket');
  const banner = document.querySelector('[data-cause]');
  assert.deepEqual(played, ['new', 'allergy']);
  assert.deepEqual([banner.hidden, banner.dataset.cause, banner.querySelector('b').textContent], [false, 'allergy', '12']);
  mock.timers.tick(30_000);
  assert.deepEqual(played.slice(2), ['allergy']);
  second.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }));
  mock.timers.tick(30_000);
  assert.deepEqual(played.slice(3), ['allergy']);
  second.removeAttribute('data-unread');
  document.dispatchEvent(new CustomEvent('card-change', { detail: { kind: 'replaced', card: second, previous: second } }));
  mock.timers.tick(30_000);
  assert.deepEqual(played.slice(4), ['new']);
  first.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }));
  mock.timers.tick(30_000);
  assert.equal(played.length, 5);
  assert.equal(banner.hidden, true);
});
