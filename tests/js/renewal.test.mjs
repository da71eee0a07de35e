import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { openPage } from './support/page.mjs';

openPage('');
const { keepSignedIn, renewAfterRestarts } = await import('../../static/js/core/renewal.js');

const page = (version) => new DOMParser().parseFromString(
  `<link rel="stylesheet" href="/app.css?v=1"><script type="importmap">{"v": "${version}"}</script>`, 'text/html',
);

let isQuiet;
let reloads;
let onBoot;
let served;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  document.head.innerHTML = page('1').head.innerHTML;
  isQuiet = false;
  reloads = 0;
  served = page('2');
  onBoot = renewAfterRestarts(() => isQuiet, async () => served, () => { reloads += 1; });
});

test('a new version is taken up at a quiet moment, not before', async () => {
  await onBoot('a');
  await onBoot('b');
  mock.timers.tick(600_000);
  assert.equal(reloads, 0);
  isQuiet = true;
  mock.timers.tick(30_000);
  assert.equal(reloads, 1);
});

test('the first connection, a mere reconnect and a restart of the same version change nothing', async () => {
  isQuiet = true;
  await onBoot('a');
  await onBoot('a');
  served = page('1');
  await onBoot('b');
  mock.timers.tick(600_000);
  assert.equal(reloads, 0);
});

test('a screen that stays open asks for itself twice a day, whatever the answers are', () => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setInterval'] });
  let asked = 0;
  keepSignedIn(() => {
    asked += 1;
    return Promise.reject(new TypeError('no network'));
  });
  mock.timers.tick(24 * 3_600_000);
  assert.equal(asked, 2);
});
