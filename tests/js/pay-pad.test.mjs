import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { openPage, settle } from './support/page.mjs';

openPage('');
const { PayPad } = await import('../../static/js/core/pay-pad.js');
const { letTypeMoney } = await import('../../static/js/core/money-field.js');
const { ProtocolError } = await import('../../static/js/core/protocol.js');
letTypeMoney();

const PARTS = [
  { parts: 1, amountMinor: 1000, tenders: [2000, 5000] },
  { parts: 2, amountMinor: 500, tenders: [1000] },
  { parts: 3, amountMinor: 334, tenders: [500, 1000] },
];
const radio = (name, value) => `<input type="radio" name="${name}" value="${value}">`;

/** A pane as the server makes it. legs: how many payments it shows. */
const pane = (parts = PARTS, legs = 0) => `
  <article id="pay_pane-o">
    <form id="pad" data-pay-pad data-order-id="o" data-currency="EUR" data-legs="${legs}" data-parts='${JSON.stringify(parts)}'>
      ${['all', 'share', 'sum'].map((part) => radio('part', part)).join('')}
      <button type="button" data-shares="-1"></button><button type="button" data-shares="1"></button>
      <b data-figure="shares"></b><b data-figure="share"></b>
      <input name="sum" data-money="EUR"><input name="given" data-money="EUR">
      ${['cash', 'card_terminal'].map((method) => radio('method', method)).join('')}
      ${radio('tender', 'exact')}${[0, 1, 2].map(() => `<label data-tender-key>${radio('tender', '')}<b data-figure="tender"></b></label>`).join('')}
      <p data-change><b data-figure="change-word"></b><b data-figure="change"></b></p>
      ${['1', '00', 'back'].map((digit) => `<button type="button" data-digit="${digit}"></button>`).join('')}
    </form>
    <p data-pay-message></p>
    <button type="submit" form="pad" data-pay-go><b data-figure="go"></b><b data-figure="total"></b></button>
  </article>`;

let sender;
const find = (selector) => document.querySelector(selector);
const text = (selector) => find(selector).textContent;
const figure = (name) => text(`[data-figure="${name}"]`);
const choose = (name, value) => {
  const input = find(`[name="${name}"][value="${value}"]`);
  input.checked = true;
  input.dispatchEvent(new Event('change', { bubbles: true }));
};
const type = (name, value) => {
  const field = find(`[name="${name}"]`);
  field.value = value;
  field.dispatchEvent(new Event('input', { bubbles: true }));
};
const take = async () => {
  find('#pad').dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
  await settle();
  return sender.sent.at(-1);
};
const fail = async (sent, type) => {
  sent.reject(new ProtocolError({ type, code: 'x', message: 'No.', recoverable: true }));
  await settle();
};
/** Another till did something: the server's card comes in place of this one. */
const replacePane = (...arguments_) => {
  find('main').innerHTML = pane(...arguments_);
  document.dispatchEvent(new CustomEvent('card-change', { detail: {} }));
};

beforeEach(() => {
  sessionStorage.clear();
  document.body.innerHTML = `<main>${pane()}</main>`;
  sender = {
    isLive: true,
    sent: [],
    send(kind, data, { id }) {
      return new Promise((resolve, reject) => this.sent.push({ kind, data, id, resolve, reject }));
    },
  };
  new PayPad(find('main'), sender);
});

test('cash is exact until somebody says what was given', async () => {
  assert.deepEqual([figure('go'), figure('total'), figure('change')], ['Take cash', '€10.00', '€0.00']);
  assert.deepEqual((await take()).data, { orderId: 'o', method: 'cash', amountMinor: 1000 });
});

test('a note and typed digits are what was given, and the change is what is over', async () => {
  assert.deepEqual([...document.querySelectorAll('[data-tender-key]:not([hidden])')].map((key) => key.textContent), ['20', '50']);
  choose('tender', '2000');
  assert.equal(figure('change'), '€10.00');
  type('given', '1234');
  assert.equal(find('[name="given"]').value, '12.34');
  assert.deepEqual([figure('change'), figure('total')], ['€2.34', '€12.34']);
  assert.deepEqual((await take()).data, { orderId: 'o', method: 'cash', amountMinor: 1000, tenderedMinor: 1234 });
});

test('digits come from the keys of the pad, and what is too little cannot be taken', () => {
  for (const digit of ['1', '00', '1', 'back']) find(`[data-digit="${digit}"]`).click();
  assert.equal(find('[name="given"]').value, '1.00');
  assert.deepEqual([figure('change-word'), figure('change'), find('[data-pay-go]').disabled], ['Missing', '€9.00', true]);
});

test('shares are the server\'s amounts; after one of three the next is one of two', async () => {
  choose('part', 'share');
  find('[data-shares="1"]').click();
  assert.deepEqual([figure('shares'), figure('share')], ['3', '€3.34']);
  assert.ok(find('[data-shares="1"]').disabled);
  const sent = await take();
  assert.equal(sent.data.amountMinor, 334);
  replacePane([{ parts: 1, amountMinor: 666, tenders: [] }, { parts: 2, amountMinor: 333, tenders: [] }], 1);
  sent.resolve({ data: { method: 'cash', amountMinor: 334, changeMinor: 0 } });
  await settle();
  assert.deepEqual([figure('shares'), figure('total')], ['2', '€3.33']);
});

test('a sum of one\'s own is at most what is due', async () => {
  choose('part', 'sum');
  assert.ok(find('[data-pay-go]').disabled);
  type('sum', '1001');
  assert.equal(text('[data-pay-message]'), 'Only €10.00 is due.');
  type('sum', '400');
  choose('method', 'card_terminal');
  assert.equal(figure('go'), 'Start card');
  assert.deepEqual((await take()).data, { orderId: 'o', method: 'card_terminal', amountMinor: 400 });
});

test('what was chosen outlives the card that another till\'s payment brings', () => {
  choose('part', 'sum');
  type('sum', '400');
  type('given', '500');
  replacePane([{ parts: 1, amountMinor: 600, tenders: [] }], 1);
  assert.deepEqual([find('[value="sum"]').checked, find('[name="sum"]').value, find('[name="given"]').value], [true, '4.00', '5.00']);
  assert.equal(figure('change'), '€1.00');
});

test('two taps are one payment', async () => {
  await take();
  await take();
  assert.equal(sender.sent.length, 1);
});

test('a payment without an answer goes out again under its id, even after a reload', async () => {
  const first = await take();
  await fail(first, 'timeout');
  assert.equal(text('[data-pay-message]'), 'No.');
  document.body.innerHTML = `<main>${pane()}</main>`;
  new PayPad(find('main'), sender);
  assert.equal((await take()).id, first.id);
});

test('an equal payment after one that is shown is another one', async () => {
  const first = await take();
  await fail(first, 'timeout');
  replacePane(PARTS, 1);
  assert.notEqual((await take()).id, first.id);
});

test('a refusal is said in the server\'s words and ends the payment', async () => {
  const first = await take();
  await fail(first, 'conflict');
  assert.equal(text('[data-pay-message]'), 'No.');
  assert.notEqual((await take()).id, first.id);
});

test('without a connection it says that the payment is kept', async () => {
  sender.isLive = false;
  await take();
  assert.equal(text('[data-pay-message]'), 'Kept: it goes out as soon as the connection is back.');
});

test('where nothing can be taken there is nothing to send', async () => {
  find('#pad').remove();
  document.dispatchEvent(new CustomEvent('card-change', { detail: {} }));
  document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
  await settle();
  assert.equal(sender.sent.length, 0);
});
