import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { openPage, settle } from './support/page.mjs';

openPage('');
const { Commands } = await import('../../static/js/core/commands.js');
const { ProtocolError } = await import('../../static/js/core/protocol.js');

let sender;
let commands;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  commands?.stop();
  document.body.innerHTML = `
    <article id="card-1" data-version="1" data-rank="1">
      <button id="bump" data-command="bump_ticket" data-payload='{"ticketId":"t"}' data-undo="recall_ticket" data-undo-payload='{"ticketId":"t"}' data-done="118 done"><i></i></button>
      <button id="void" data-command="void_items" data-needs-reason data-payload='{"orderId":"o","reason":""}'></button>
    </article>
    <div data-toast hidden><span data-toast-text></span><button data-toast-undo hidden></button></div>`;
  sender = {
    isLive: true,
    sent: [],
    send(type, data) {
      return new Promise((resolve, reject) => this.sent.push({ type, data, resolve, reject }));
    },
  };
  commands = new Commands(sender, async () => 'spilt');
});

const key = (id) => document.getElementById(id);
const cardElement = () => document.getElementById('card-1');
const toast = () => document.querySelector('[data-toast]');
const toastText = () => (toast().hidden ? null : document.querySelector('[data-toast-text]').textContent);
const refuse = (message) => sender.sent[0].reject(new ProtocolError({ type: 'conflict', code: 'x', message, recoverable: true }));

test('a tap marks the card and sends the payload; the answer unmarks it', async () => {
  key('bump').firstElementChild.click();
  await settle();
  assert.deepEqual([sender.sent[0].type, sender.sent[0].data], ['bump_ticket', { ticketId: 't' }]);
  assert.equal(cardElement().hasAttribute('data-pending'), true);
  assert.equal(key('bump').getAttribute('aria-busy'), 'true');
  sender.sent[0].resolve({});
  await settle();
  assert.equal(cardElement().hasAttribute('data-pending'), false);
  assert.equal(key('bump').hasAttribute('aria-busy'), false);
});

test('a second tap while the first is on its way does nothing', async () => {
  key('bump').click();
  key('bump').click();
  await settle();
  assert.equal(sender.sent.length, 1);
});

test('what was done can be undone for five seconds', async () => {
  key('bump').click();
  await settle();
  sender.sent[0].resolve({});
  await settle();
  assert.equal(toastText(), '118 done');
  document.querySelector('[data-toast-undo]').click();
  await settle();
  assert.deepEqual([sender.sent[1].type, sender.sent[1].data], ['recall_ticket', { ticketId: 't' }]);
  assert.equal(toastText(), null);
});

test('the offer to undo ends', async () => {
  key('bump').click();
  await settle();
  sender.sent[0].resolve({});
  await settle();
  mock.timers.tick(5000);
  assert.equal(toastText(), null);
});

test('a refusal takes the mark away and says why', async () => {
  key('bump').click();
  await settle();
  refuse('It is served, so this cannot be done.');
  await settle();
  assert.equal(cardElement().hasAttribute('data-pending'), false);
  assert.equal(toastText(), 'It is served, so this cannot be done.');
  assert.equal(toast().dataset.tone, 'late');
});

test('after three seconds without an answer the mark goes and a sentence comes', async () => {
  key('bump').click();
  await settle();
  mock.timers.tick(3000);
  assert.equal(cardElement().hasAttribute('data-pending'), false);
  assert.match(toastText(), /No answer yet/);
  sender.sent[0].resolve({});
  await settle();
  assert.equal(toastText(), '118 done');
});

test('without a connection the command is kept and stays marked until it is answered', async () => {
  sender.isLive = false;
  key('bump').click();
  await settle();
  mock.timers.tick(60_000);
  assert.equal(cardElement().hasAttribute('data-pending'), true);
  assert.equal(toastText(), null);
  sender.isLive = true;
  commands.onLive();
  mock.timers.tick(2900);
  assert.equal(cardElement().hasAttribute('data-pending'), true);
  sender.sent[0].resolve({});
  await settle();
  assert.equal(cardElement().hasAttribute('data-pending'), false);
});

test('a card that is replaced while its command is on its way stays marked', async () => {
  key('bump').click();
  await settle();
  const next = cardElement().cloneNode(true);
  next.removeAttribute('data-pending');
  cardElement().replaceWith(next);
  next.dispatchEvent(new CustomEvent('card-change', { bubbles: true }));
  assert.equal(cardElement().hasAttribute('data-pending'), true);
  sender.sent[0].resolve({});
  await settle();
  assert.equal(cardElement().hasAttribute('data-pending'), false);
});

test('a reason is asked for and sent; without one nothing happens', async () => {
  key('void').click();
  await settle();
  assert.deepEqual(sender.sent[0].data, { orderId: 'o', reason: 'spilt' });
  commands.stop();
  commands = new Commands(sender, async () => null);
  document.getElementById('void').removeAttribute('aria-busy');
  key('void').click();
  await settle();
  assert.equal(sender.sent.length, 1);
});

test('what was kept and refused is told with its order, and whoever says so takes the place of the toast', async () => {
  cardElement().dataset.orderNumber = '118';
  const refusals = [];
  const tell = (event) => { refusals.push(event.detail); event.preventDefault(); };
  document.addEventListener('command-refused', tell);
  sender.isLive = false;
  key('bump').click();
  await settle();
  refuse('It was voided.');
  await settle();
  document.removeEventListener('command-refused', tell);
  assert.deepEqual(refusals, [{ label: '118', message: 'It was voided.', wasKept: true }]);
  assert.equal(toastText(), null);
});
