import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { openPage } from './support/page.mjs';

openPage('');
mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: Date.parse('2026-11-23T12:00:00Z') });
const { formatDuration } = await import('../../static/js/elements/elapsed-time.js');
const { formatAge, ConnectionStatus } = await import('../../static/js/elements/connection-status.js');
await import('../../static/js/elements/order-ticket.js');
await import('../../static/js/elements/live-region.js');

beforeEach(() => {
  document.body.innerHTML = '';
});

const text = (selector) => document.querySelector(selector).textContent;

test('durations have minutes and seconds, hours when needed, and are never negative', () => {
  assert.deepEqual([-5, 0, 61, 3599, 3600, 36_061].map(formatDuration), ['0:00', '0:00', '1:01', '59:59', '1:00:00', '10:01:01']);
});

test('ages are read at a glance', () => {
  assert.deepEqual([0, 14_400, 119_999, 120_000, 7_200_000].map(formatAge), ['0 s', '14 s', '119 s', '2 min', '2 h']);
});

test('time passes through the bands, in word, figure and share', () => {
  const bands = [];
  document.addEventListener('band-change', (event) => bands.push(event.detail.band));
  document.body.innerHTML = `<div data-band-host data-band="ok"><elapsed-time datetime="2026-11-23T12:00:00Z" data-target-s="100" data-band="ok">
    <b data-figure="left"></b><i data-figure="over"></i></elapsed-time></div>`;
  const host = document.querySelector('[data-band-host]');
  mock.timers.tick(69_000);
  assert.equal(host.dataset.band, 'ok');
  mock.timers.tick(1000);
  assert.deepEqual([host.dataset.band, text('b')], ['warn', '0:30']);
  assert.equal(host.style.getPropertyValue('--age'), '0.7');
  mock.timers.tick(30_000);
  assert.equal(host.dataset.band, 'warn');
  mock.timers.tick(75_000);
  assert.deepEqual([host.dataset.band, text('i')], ['late', '1:15']);
  assert.equal(host.style.getPropertyValue('--age'), '1');
  assert.deepEqual(bands, ['warn', 'late']);
});

test('a countdown ends at nought', () => {
  const at = new Date(Date.now() + 150_000).toISOString();
  document.body.innerHTML = `<elapsed-time data-until datetime="${at}"><b data-figure="minutes"></b></elapsed-time>`;
  assert.equal(text('b'), '3');
  mock.timers.tick(150_000);
  assert.equal(text('b'), '0');
  mock.timers.tick(600_000);
  assert.equal(text('b'), '0');
});

test('a ticket is new until it is touched, and a fragment does not make it new again', () => {
  const html = '<order-ticket id="kitchen_ticket-1" data-state="new"><button></button></order-ticket>';
  document.body.innerHTML = html;
  const ticket = () => document.querySelector('order-ticket');
  assert.equal(ticket().isNew, true);
  ticket().firstElementChild.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }));
  assert.equal(ticket().isNew, false);
  document.body.innerHTML = html;
  assert.equal(ticket().isNew, false);
  document.body.innerHTML = html.replace('-1', '-2');
  assert.equal(ticket().isNew, true);
});

test('news of one moment are one sentence, and a repeated sentence differs', () => {
  document.body.innerHTML = '<live-region></live-region>';
  const region = document.querySelector('live-region');
  region.tell('new', 'order 118');
  region.tell('new', 'order 119');
  region.tell('recalled', 'order 90');
  assert.equal(region.textContent, '');
  mock.timers.tick(1000);
  assert.equal(region.textContent, 'order 118, order 119: new. order 90: recalled.');
  region.say('Order 5 is ready.');
  const first = region.textContent;
  region.say('Order 5 is ready.');
  assert.notEqual(region.textContent, first);
});

test('a connection that is back says that it is live once its content is', () => {
  for (const [isDashboard, downS, level] of [[true, 4, 'reconnecting'], [true, 11, 'offline'], [false, 11, 'reconnecting']]) {
    const connection = { state: 'waiting', isCurrent: false, currentAtMs: Date.now(), reconnect() {} };
    const status = new ConnectionStatus();
    document.body.innerHTML = '<div class="guest-connection" data-for-state="offline" hidden></div>';
    document.body.append(status);
    const notice = document.querySelector('.guest-connection');
    status.watch(connection, { isDashboard });
    assert.equal(status.dataset.state, 'live');
    mock.timers.tick(1000 * downS);
    assert.equal(status.dataset.state, level);
    assert.equal(notice.hidden, level !== 'offline');
    connection.state = 'live'; // the page of the resync is still being loaded
    mock.timers.tick(1000);
    assert.equal(status.dataset.state, level);
    Object.assign(connection, { isCurrent: true, currentAtMs: Date.now() });
    status.update();
    assert.deepEqual([status.dataset.state, document.body.dataset.connection, notice.hidden], ['live', 'live', true]);
    status.remove();
  }
});

test('why a connection ended is said in the words of the page, where it has some', () => {
  const words = { '': 'Diese Seite wird nicht mehr aktualisiert.', cafe_closed: 'Das Café ist geschlossen.' };
  document.body.innerHTML = '<p data-stop-reason></p>';
  const reason = document.querySelector('p');
  const status = new ConnectionStatus();
  assert.equal(status.stop({ name: 'cafe_closed', sentence: 'The cafe is closed.' }), 'The cafe is closed.');
  assert.equal(reason.textContent, 'The cafe is closed.');
  reason.setAttribute('data-stop-words', JSON.stringify(words));
  for (const [name, told] of [['cafe_closed', words.cafe_closed], ['not_allowed', words['']]]) {
    assert.equal(status.stop({ name, sentence: 'Your role does not allow this screen.' }), told);
    assert.equal(reason.textContent, told);
  }
});

test('news that never end are told all the same', () => {
  document.body.innerHTML = '<live-region></live-region>';
  const region = document.querySelector('live-region');
  for (let number = 1; number <= 4; number += 1) {
    region.tell('new', `order ${number}`);
    mock.timers.tick(500); // shorter than what is gathered
  }
  assert.equal(region.textContent, 'order 3, order 4: new.');
});
