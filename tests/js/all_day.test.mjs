/** What the open tickets ask for together. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openPage } from './support/page.mjs';

openPage('');
const { AllDay, sumUp } = await import('../../static/js/core/all_day.js');

test('lines of a dish are one sum, the most wanted first, with how many have which wish', () => {
  const sums = sumUp([
    { dish: 'Soup', quantity: 1, wishes: [] },
    { dish: 'Toastie', quantity: 3, wishes: ['NO butter'] },
    { dish: 'Toastie', quantity: 2, wishes: ['RYE', 'NO butter'] },
    { dish: 'Bagel', quantity: 1, wishes: [] },
  ]);
  assert.deepEqual(sums, [
    { dish: 'Toastie', quantity: 5, wishes: '5 NO butter, 2 RYE' },
    { dish: 'Bagel', quantity: 1, wishes: '' },
    { dish: 'Soup', quantity: 1, wishes: '' },
  ]);
});

test('the rows follow the tickets, and a pressed one lights its lines', async () => {
  document.body.innerHTML = `
    <div id="tickets"><button class="line" data-dish="Soup" data-quantity="2" data-wishes='["RYE"]'></button></div>
    <ul id="rows"></ul><p data-all-day-none></p>
    <template data-template="all-day-row"><li><button><b data-field="quantity"></b><i data-field="dish"></i><i data-field="wishes"></i></button></li></template>`;
  const [tickets, rows] = ['tickets', 'rows'].map((id) => document.getElementById(id));
  new AllDay(tickets, rows);
  assert.equal(rows.textContent, '2Soup2 RYE');
  assert.ok(document.querySelector('[data-all-day-none]').hidden);
  rows.querySelector('button').click();
  assert.ok(tickets.querySelector('.line').hasAttribute('data-lit'));

  tickets.insertAdjacentHTML('beforeend', '<button class="line" data-dish="Soup" data-quantity="1"></button>');
  document.dispatchEvent(new CustomEvent('card-change'));
  await Promise.resolve();
  assert.equal(rows.textContent, '3Soup2 RYE');
  assert.equal(tickets.querySelectorAll('[data-lit]').length, 2);
  assert.equal(rows.querySelector('button').getAttribute('aria-pressed'), 'true');

  tickets.replaceChildren();
  document.dispatchEvent(new CustomEvent('lists-change'));
  await Promise.resolve();
  assert.equal(rows.childElementCount, 0);
  assert.ok(!document.querySelector('[data-all-day-none]').hidden);
});
