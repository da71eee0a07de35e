import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { openPage } from './support/page.mjs';

openPage('');
const { Stream } = await import('../../static/js/core/stream.js');
const { updateCounts } = await import('../../static/js/core/counts.js');

let stream;
let changes;
const onChange = (event) => changes.push([event.detail.kind, event.detail.card.id]);

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  stream?.stop();
  document.body.innerHTML = `
    <b data-count="card:open"></b><p data-empty-for="card:open"></p>
    <main data-list="card" data-column="open"><i data-after-list></i></main>
    <aside data-list="card" data-column="finished" data-descending data-most="2"></aside>
    <input id="elsewhere">`;
  stream = new Stream(document);
  changes = [];
  document.removeEventListener('card-change', onChange);
  document.addEventListener('card-change', onChange);
});

const card = (key, version, { column = 'open', rank = 0, inside = '' } = {}) =>
  `<article id="card-${key}" data-version="${version}" data-column="${column}" data-rank="${rank}">${inside}v${version}</article>`;
const apply = (key, version, options) => stream.apply({ card: `card-${key}`, action: 'replace', rank: 0, html: card(key, version, options) });
const open = () => [...document.querySelectorAll('main > [data-rank]')].map((element) => element.id.slice(5));
const finished = () => [...document.querySelectorAll('aside > [data-rank]')].map((element) => element.id.slice(5));
const press = (name, target = document.body) => target.dispatchEvent(new PointerEvent(name, { bubbles: true }));

test('cards stand in the order of their rank, whatever order they come in', () => {
  apply('c', 1, { rank: 30 });
  apply('a', 1, { rank: 10 });
  apply('b', 1, { rank: 20 });
  assert.deepEqual(open(), ['a', 'b', 'c']);
  assert.equal(document.querySelector('main').lastElementChild.tagName, 'I');
});

test('what is not newer is dropped, and a repeated fragment changes nothing', () => {
  apply('a', 2);
  const element = document.getElementById('card-a');
  apply('a', 2);
  apply('a', 1);
  assert.equal(document.getElementById('card-a'), element);
  assert.deepEqual(changes, [['inserted', 'card-a']]);
  apply('a', 3);
  assert.equal(document.getElementById('card-a').textContent, 'v3');
});

test('a card goes to the list of its column, and back', () => {
  apply('a', 1, { rank: 10 });
  apply('b', 1, { rank: 20 });
  apply('a', 2, { rank: 90, column: 'finished' });
  assert.deepEqual([open(), finished()], [['b'], ['a']]);
  apply('a', 3, { rank: 10 });
  assert.deepEqual([open(), finished()], [['a', 'b'], []]);
});

test('a falling list has the newest first and keeps as many as it says', () => {
  for (const key of [1, 2, 3]) apply(key, 1, { column: 'finished', rank: key });
  assert.deepEqual(finished(), ['3', '2']);
});

test('a card without a list leaves the page, and an older fragment does not bring it back', () => {
  apply('a', 3);
  apply('a', 5, { column: 'gone' });
  assert.deepEqual(open(), []);
  apply('a', 4);
  assert.deepEqual(open(), []);
  apply('a', 6);
  assert.deepEqual(open(), ['a']);
});

test('nothing moves under a finger until it leaves, with its click', () => {
  apply('a', 1);
  press('pointerdown');
  apply('a', 2);
  apply('b', 1);
  assert.equal(document.getElementById('card-a').textContent, 'v1');
  press('pointerup');
  assert.deepEqual(open(), ['a']);
  mock.timers.tick(150);
  assert.deepEqual(open(), ['a', 'b']);
  assert.equal(document.getElementById('card-a').textContent, 'v2');
});

test('a finger that stays holds a screen back for two seconds only', () => {
  press('pointerdown');
  apply('a', 1);
  mock.timers.tick(1900);
  assert.deepEqual(open(), []);
  mock.timers.tick(200);
  assert.deepEqual(open(), ['a']);
  apply('b', 1);
  assert.deepEqual(open(), ['a', 'b']);
});

test('behind an open dialog it waits, at most two seconds', () => {
  document.body.insertAdjacentHTML('beforeend', '<dialog open></dialog>');
  apply('a', 1);
  assert.deepEqual(open(), []);
  mock.timers.tick(2100);
  assert.deepEqual(open(), ['a']);
});

test('a card whose text field is in use waits until it is left; the others do not', () => {
  apply('a', 1, { inside: '<input>' });
  document.querySelector('#card-a input').focus();
  apply('a', 2);
  apply('b', 1);
  mock.timers.tick(10_000);
  assert.equal(document.getElementById('card-a').textContent, 'v1');
  assert.deepEqual(open(), ['a', 'b']);
  document.getElementById('elsewhere').focus();
  mock.timers.tick(1);
  assert.equal(document.getElementById('card-a').textContent, 'v2');
});

test('the focus stays on the same command on the same thing', () => {
  const key = (command, item, version) =>
    `<button data-command="${command}" data-payload='{"items": [{"expectedVersion": ${version}, "itemId": "${item}"}]}'></button>`;
  apply('a', 1, { inside: key('finish', 'x', 1) + key('finish', 'y', 1) });
  document.querySelectorAll('#card-a button')[1].focus();
  apply('a', 2, { inside: key('finish', 'x', 1) + key('finish', 'y', 2) });
  assert.equal(document.activeElement, document.querySelectorAll('#card-a button')[1]);
  apply('a', 3, { inside: key('finish', 'x', 1) + key('recall', 'y', 3) });
  assert.equal(document.activeElement.dataset.command, 'recall');
});

test('a card that leaves gives its focus to the next one', () => {
  apply('a', 1, { rank: 1, inside: '<button data-command="bump"></button>' });
  apply('b', 1, { rank: 2, inside: '<button data-command="bump"></button>' });
  document.querySelector('#card-a button').focus();
  apply('a', 2, { column: 'gone' });
  assert.equal(document.activeElement, document.querySelector('#card-b button'));
});

test('the last card gives its focus to the one before, and the only one to its place', () => {
  apply('a', 1, { rank: 1, inside: '<button data-command="bump"></button>' });
  apply('b', 1, { rank: 2, inside: '<button data-command="bump"></button>' });
  document.querySelector('#card-b button').focus();
  apply('b', 2, { column: 'gone' });
  assert.equal(document.activeElement, document.querySelector('#card-a button'));
  apply('a', 2, { column: 'gone' });
  assert.equal(document.activeElement, document.querySelector('main'));
});

test('a card that its list shows no more gives its focus to one that it shows', () => {
  for (const [index, name] of ['a', 'b', 'c'].entries()) apply(name, 1, { rank: index, inside: '<button data-command="serve"></button>' });
  document.querySelector('#card-b button').focus();
  const { checkVisibility } = Element.prototype;
  Element.prototype.checkVisibility = function isSeen() { return this.closest('#card-a') !== null; };
  apply('b', 2, { rank: 1, inside: '<button>Pay</button>' });
  if (checkVisibility) Element.prototype.checkVisibility = checkVisibility;
  else delete Element.prototype.checkVisibility;
  assert.equal(document.activeElement, document.querySelector('#card-a button'));
});

test('an opened part stays open', () => {
  const inside = '<details data-keep-open><summary></summary></details>';
  apply('a', 1, { inside });
  document.querySelector('#card-a details').open = true;
  apply('a', 2, { inside });
  assert.equal(document.querySelector('#card-a details').open, true);
});

test('a new card is highlighted for a while, a changed one is not', () => {
  apply('a', 1);
  const element = () => document.getElementById('card-a');
  assert.equal(element().hasAttribute('data-highlight'), true);
  mock.timers.tick(5000);
  assert.equal(element().hasAttribute('data-highlight'), false);
  apply('a', 2);
  assert.equal(element().hasAttribute('data-highlight'), false);
});

test('a page that was loaded anew is the truth', () => {
  apply('a', 4);
  apply('b', 4, { column: 'gone' });
  changes = [];
  const fresh = new DOMParser().parseFromString(
    `<main data-list="card" data-column="open">${card('b', 1, { rank: 1 })}${card('c', 1, { rank: 2 })}</main>
     <aside data-list="card" data-column="finished"></aside>`,
    'text/html',
  );
  stream.swapLists(fresh);
  assert.deepEqual(open(), ['b', 'c']);
  assert.deepEqual(changes, [['inserted', 'card-b'], ['inserted', 'card-c']]);
  assert.equal(document.querySelector('main').lastElementChild.tagName, 'I');
  apply('b', 2);
  assert.equal(document.getElementById('card-b').textContent, 'v2');
});

test('figures follow the lists', () => {
  updateCounts();
  assert.equal(document.querySelector('[data-empty-for]').hidden, false);
  apply('a', 1);
  apply('b', 1);
  updateCounts();
  assert.equal(document.querySelector('[data-count]').textContent, '2');
  assert.equal(document.querySelector('[data-empty-for]').hidden, true);
});

test('a field that its page restores does not hold its card back, and has the focus again', () => {
  apply('a', 1, { inside: '<input name="given" data-restored><input type="radio" name="part" value="all"><input type="radio" name="part" value="sum">' });
  const find = (selector) => document.querySelector(`#card-a ${selector}`);
  find('[name="given"]').focus();
  apply('a', 2, { inside: '<button></button><input name="given" data-restored><input type="radio" name="part" value="sum">' });
  assert.match(document.getElementById('card-a').textContent, /v2/);
  assert.equal(document.activeElement, find('[name="given"]'));
  find('[value="sum"]').focus();
  apply('a', 3, { inside: '<input type="radio" name="part" value="all"><input type="radio" name="part" value="sum">' });
  assert.equal(document.activeElement, find('[value="sum"]'));
});

test('what takes the place of a key has its focus', () => {
  apply('a', 1, { inside: '<button>Other</button><button data-focus="go">Take</button>' });
  document.querySelector('[data-focus]').focus();
  apply('a', 2, { inside: '<button>Give back</button><p tabindex="-1" data-focus="go">Paid</p>' });
  assert.equal(document.activeElement.textContent, 'Paid');
});

test('where a command is done for good its card says who has the focus next', () => {
  apply('a', 1, { inside: '<button data-command="confirm" data-payload=\'{"paymentId": 1}\'>Paid</button>' });
  document.querySelector('#card-a button').focus();
  apply('a', 2, { inside: '<button>Give back</button><p tabindex="-1" data-heir>Paid</p>' });
  assert.equal(document.activeElement.textContent, 'Paid');
});
