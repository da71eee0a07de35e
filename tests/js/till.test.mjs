import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { openPage, settle } from './support/page.mjs';

openPage('');
const { Till } = await import('../../static/js/core/till.js');
const { ProtocolError } = await import('../../static/js/core/protocol.js');

const MARKUP = `
  <section class="till" data-currency="EUR">
    <button data-product="fw" data-name="Flat white" data-price-minor="390"></button>
    <select data-draft-table><option value=""></option><option value="5">Window 5</option></select>
    <ul data-draft-lines></ul>
    <input data-draft-allergy><input data-draft-note>
    <p data-draft-message></p><button data-draft="clear"></button>
    <button data-draft="send"><span data-quote="send"></span></button>
  </section>
  <template data-template="draft-line"><li data-draft-line></li></template>`;

let sender;

/** A till on a page that has just been loaded: what the tab has kept stays. */
function loadTill() {
  document.body.innerHTML = MARKUP;
  sender = {
    isLive: true,
    sent: [],
    send(type, data, options) {
      if (type === 'quote') return new Promise(() => {});
      return new Promise((resolve, reject) => this.sent.push({ type, data, id: options.id, resolve, reject }));
    },
  };
  return new Till(document.querySelector('.till'), sender, () => {});
}

const find = (selector) => document.querySelector(selector);
const fail = (sent, type) => sent.reject(new ProtocolError({ type, code: 'x', message: 'No.', recoverable: true }));

/** Send what is on the till, and return the command. */
async function send() {
  find('[data-draft="send"]').disabled = false;
  find('[data-draft="send"]').click();
  await settle();
  return sender.sent.at(-1);
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  sessionStorage.clear();
});

function orderForTable(till) {
  till.add(find('[data-product]'), 2);
  find('[data-draft-table]').value = '5';
  find('[data-draft-note]').value = 'no rush';
}

test('an order without an answer goes out again as it was, whatever the screen has learnt', async () => {
  orderForTable(loadTill());
  const first = await send();
  // The server took it: the event about the open order came, the answer did not.
  find('option[value="5"]').dataset.orderId = 'o-1';
  fail(first, 'timeout');
  await settle();
  sender.isLive = false;

  const second = await send();
  assert.deepEqual([second.id, second.type, second.data], [first.id, 'place_order', first.data]);
});

test('an order without an answer survives a reload of the page', async () => {
  orderForTable(loadTill());
  const first = await send();
  loadTill();

  assert.equal(find('[data-draft-note]').value, 'no rush');
  const second = await send();
  assert.deepEqual([second.id, second.data], [first.id, first.data]);
});

test('an order that was refused is a new one when it is sent again', async () => {
  orderForTable(loadTill());
  const first = await send();
  fail(first, 'conflict');
  await settle();

  const second = await send();
  assert.notEqual(second.id, first.id);
});

test('what was cleared and is wanted by the next guest is another order', async () => {
  const till = loadTill();
  till.add(find('[data-product]'), 1);
  const first = await send();
  fail(first, 'timeout');
  await settle();
  find('[data-draft="clear"]').click();
  till.add(find('[data-product]'), 1);

  const second = await send();
  assert.notEqual(second.id, first.id);
});

test('another wish is another order, and an answer ends it', async () => {
  const till = loadTill();
  orderForTable(till);
  const first = await send();
  fail(first, 'timeout');
  await settle();
  find('[data-draft-note]').value = 'now';
  const second = await send();
  assert.notEqual(second.id, first.id);
  second.resolve({ data: {} });
  await settle();

  assert.deepEqual(till.draft.lines, []);
  assert.equal(find('[data-draft-note]').value, '');
});

test('unsent lines cost what the menu says now', () => {
  const till = loadTill();
  find('[data-template="draft-line"]').innerHTML = '<li data-draft-line><span data-field="price"></span></li>';
  till.add(find('[data-product]'), 2);
  assert.equal(find('[data-field="price"]').textContent, '7.80');

  find('[data-product]').dataset.priceMinor = '400';
  till.readMenu();

  assert.equal(find('[data-field="price"]').textContent, '8.00');
  assert.match(find('[data-quote="send"]').textContent, /8\.00/);
});

test('what was added just before the connection broke can be sent all the same', () => {
  const till = loadTill();
  till.add(find('[data-product]'), 1);
  assert.ok(find('[data-draft="send"]').disabled);

  sender.isLive = false;
  mock.timers.tick(5000);

  assert.ok(!find('[data-draft="send"]').disabled);
});
