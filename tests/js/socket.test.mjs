import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { connect } from '../../static/js/core/socket.js';
import { ProtocolError } from '../../static/js/core/protocol.js';
import { settle } from './support/page.mjs';
import { EPOCH, FakeServer, buildEvent } from './support/server.mjs';

const START = { epoch: EPOCH, seq: 0, eventId: '' };

let server;
let connection;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 });
  server = new FakeServer();
});

afterEach(() => {
  connection?.close();
  mock.timers.reset();
});

async function open(options = {}) {
  connection = connect({
    namespace: 'kitchen', token: async () => 'ticket', position: START, random: () => 1, openTransport: server.openTransport, ...options,
  });
  await settle();
}

/** Let time pass in steps, so that what a timer starts can settle and start others. */
async function pass(ms, stepMs = 500) {
  for (let passed = 0; passed < ms; passed += stepMs) {
    mock.timers.tick(Math.min(stepMs, ms - passed));
    await settle();
  }
}

/** Keep the connection alive for a while, as a server does that answers heartbeats. */
async function live(ms) {
  for (let passed = 0; passed < ms; passed += 1000) {
    server.link.handlers.onBeat();
    await pass(1000);
  }
}

test('the first frame carries token, rooms, position, cards and locale', async () => {
  await open({ rooms: ['order:x'], render: ['kitchen_ticket'], locale: 'de' });
  server.open();
  const { type, data } = server.sent[0];
  assert.equal(type, 'authenticate');
  assert.deepEqual(data, { token: 'ticket', rooms: ['order:x'], render: ['kitchen_ticket'], locale: 'de', position: START });
});

test('events arrive once and in order, and the position follows', async () => {
  const seen = [];
  await open({ onMessage: (message) => seen.push(message.seq) });
  server.welcome();
  for (const seq of [1, 2, 2, 1, 5]) server.send(buildEvent(seq));
  assert.deepEqual(seen, [1, 2, 5]);
  assert.deepEqual(connection.position, { epoch: EPOCH, seq: 5, eventId: 'event-5' });
});

test('a mark moves the position on, never back', async () => {
  await open();
  server.welcome();
  server.send({ type: 'mark', data: { epoch: EPOCH, seq: 9, eventId: 'event-9' } });
  server.send({ type: 'mark', data: { epoch: EPOCH, seq: 3, eventId: 'event-3' } });
  assert.equal(connection.position.seq, 9);
});

test('after a break it resumes from its position with a fresh ticket', async () => {
  let tickets = 0;
  await open({ token: async () => `ticket-${tickets += 1}` });
  server.welcome();
  server.send(buildEvent(7));
  server.close(1006);
  await pass(1000);
  server.open();
  assert.equal(server.links.length, 2);
  assert.equal(server.sent[0].data.token, 'ticket-2');
  assert.deepEqual(server.sent[0].data.position, { epoch: EPOCH, seq: 7, eventId: 'event-7' });
});

test('what an old connection still says is not heard', async () => {
  const seen = [];
  await open({ onMessage: (message) => seen.push(message.seq) });
  server.welcome();
  const [old] = server.links;
  server.close(1006);
  await pass(1000);
  server.welcome();
  old.handlers.onMessage(JSON.stringify(buildEvent(1)));
  old.handlers.onClose(4502, 'late');
  assert.deepEqual(seen, []);
  assert.equal(connection.state, 'live');
});

test('an unanswered command goes out again with the same id, an answered one does not', async () => {
  await open();
  server.welcome();
  const first = connection.send('bump_ticket', { ticketId: 'a' }, { id: 'one' });
  const second = connection.send('bump_ticket', { ticketId: 'b' }, { id: 'two' });
  server.send({ type: 'ack', id: 'one', data: { ok: true }, seq: 3 });
  assert.deepEqual(await first, { id: 'one', data: { ok: true }, seq: 3 });
  server.close(1006);
  await pass(1000);
  server.welcome();
  assert.deepEqual(server.sent.slice(1).map(({ id }) => id), ['two']);
  server.send({ type: 'ack', id: 'two', data: {}, seq: 4 });
  assert.equal((await second).seq, 4);
});

test('commands given while offline wait without limit and go out in order, some at a time', async () => {
  await open();
  const answers = Array.from({ length: 40 }, (_, index) => connection.send('bump_ticket', {}, { id: `c${index}` }));
  await pass(60_000);
  server.welcome();
  const ids = () => server.sent.slice(1).map(({ id }) => id);
  assert.equal(ids().length, 16);
  for (let index = 0; index < 40; index += 1) {
    server.send({ type: 'ack', id: `c${index}`, data: {} });
    await settle();
  }
  await Promise.all(answers);
  assert.deepEqual(ids(), Array.from({ length: 40 }, (_, index) => `c${index}`));
});

test('no answer in ten seconds is a timeout that the client raises', async () => {
  await open();
  server.welcome();
  const answer = connection.send('quote', {}, { id: 'one' });
  const failure = assert.rejects(answer, (error) => error instanceof ProtocolError && error.type === 'timeout' && error.body.id === 'one');
  await live(10_000);
  await failure;
});

test('an error with the id of a command is raised there, another one goes to onError', async () => {
  const errors = [];
  await open({ onError: (error) => errors.push(error.code) });
  server.welcome();
  const answer = connection.send('bump_ticket', {}, { id: 'one' });
  const body = { type: 'conflict', code: 'invalid_transition', message: 'It is served.', recoverable: true };
  server.send({ ...body, id: 'one' });
  await assert.rejects(answer, { code: 'invalid_transition', message: 'It is served.' });
  server.send({ ...body, code: 'other' });
  assert.deepEqual(errors, ['other']);
});

test('a command in flight is asked again after the time the server names', async () => {
  await open();
  server.welcome();
  const answer = connection.send('bump_ticket', {}, { id: 'one' });
  server.send({ type: 'conflict', code: 'command_in_flight', message: 'Wait.', recoverable: true, retryAfter: 1, id: 'one' });
  await pass(1000);
  assert.deepEqual(server.sent.slice(1).map(({ id }) => id), ['one', 'one']);
  server.send({ type: 'ack', id: 'one', data: {} });
  await answer;
});

test('the back-off grows, and starts anew after thirty live seconds', async () => {
  await open();
  const delays = [];
  for (let attempt = 0; attempt < 4; attempt += 1) {
    server.close(1006);
    const from = Date.now();
    const links = server.links.length;
    while (server.links.length === links) await pass(50, 50);
    delays.push(Date.now() - from);
  }
  assert.deepEqual(delays, [1000, 1500, 2250, 3400]);
  server.welcome();
  await live(29_000);
  assert.equal(connection.attempts, 4);
  await live(2000);
  assert.equal(connection.attempts, 0);
});

test('a guest is told once after ten attempts, and it goes on every half minute', async () => {
  let reached = 0;
  await open({ onMaxReconnectionAttemptsReached: () => { reached += 1; } });
  for (let attempt = 0; attempt < 10; attempt += 1) {
    server.close(1006);
    await pass(30_000);
  }
  assert.equal(reached, 0);
  for (let attempt = 10; attempt < 20; attempt += 1) {
    server.close(1006);
    assert.equal(reached, 1);
    await pass(29_500);
    assert.equal(server.links.length, attempt + 1);
    await pass(500);
    assert.equal(server.links.length, attempt + 2);
  }
});

test('a dashboard that is not let in tries again within ten seconds; one that is let in and lost takes longer', async () => {
  await open({ heartbeat: 'dashboard' });
  const waitForNext = async () => {
    const [from, links] = [Date.now(), server.links.length];
    while (server.links.length === links) await pass(500);
    return Date.now() - from;
  };
  for (let attempt = 0; attempt < 9; attempt += 1) {
    server.close(1006);
    assert.ok(await waitForNext() <= 10_000);
  }
  server.close(1006);
  assert.equal(await waitForNext(), 10_000);
  server.welcome();
  server.close(1006);
  assert.equal(await waitForNext(), 30_000);
});

test('a tap tries at once', async () => {
  await open();
  server.close(1006);
  connection.reconnect();
  await settle();
  assert.equal(server.links.length, 2);
});

test('a dashboard never gives up', async () => {
  let reached = 0;
  await open({ heartbeat: 'dashboard', onMaxReconnectionAttemptsReached: () => { reached += 1; } });
  for (let attempt = 0; attempt < 40; attempt += 1) {
    server.close(1006);
    await pass(30_000, 5000);
  }
  assert.equal(reached, 0);
  assert.equal(server.links.length, 41);
});

test('a dashboard beats every two seconds with position and what is painted', async () => {
  await open({ heartbeat: 'dashboard', painted: () => ({ open: 3 }) });
  server.welcome();
  await live(6000);
  const beats = server.link.sent.filter(({ type }) => type === 'heartbeat');
  assert.equal(beats.length, 3);
  assert.deepEqual(beats[0].data, { position: START, painted: { open: 3 } });
});

test('a dashboard leaves a server that is silent, although the network says nothing', async () => {
  const reasons = [];
  await open({ heartbeat: 'dashboard', onDisconnected: (reason) => reasons.push(reason.code) });
  server.welcome();
  await pass(9000);
  assert.deepEqual(reasons, [1006]);
  assert.equal(server.links.length, 2);
});

test('a guest beats every 25 seconds and is dead 20 seconds after an unanswered beat', async () => {
  await open();
  server.welcome();
  await pass(44_000);
  assert.equal(server.link.sent.filter(({ type }) => type === 'heartbeat').length, 1);
  assert.equal(connection.state, 'live');
  await pass(8000);
  assert.equal(server.links.length, 2);
});

test('a code of 4500 and more stops it, with the reason', async () => {
  const states = [];
  await open({ onState: (state, reason) => states.push([state, reason?.sentence]) });
  server.welcome();
  const waiting = connection.send('quote', {});
  const failure = assert.rejects(waiting, { type: 'connection_lost' });
  server.close(4502, 'revoked');
  await failure;
  await pass(120_000, 5000);
  assert.equal(server.links.length, 1);
  assert.deepEqual(states[states.length - 1], ['stopped', 'Access was taken back. Ask a manager.']);
  await assert.rejects(connection.send('quote', {}), { type: 'connection_lost' });
});

test('an expired token comes back with a fresh one', async () => {
  await open();
  server.welcome();
  server.close(4003);
  await pass(1000);
  assert.equal(server.links.length, 2);
});

test('who comes back says which life of the server it knew', async () => {
  await open();
  server.welcome({ boot: 'boot-1' });
  server.close(4001);
  await pass(1000);
  server.open();
  assert.equal(server.sent[0].data.boot, 'boot-1');
});

test('a network that is back does not cut short the wait that the server asked for', async () => {
  const listeners = new Map();
  globalThis.addEventListener = (name, listener) => listeners.set(name, listener);
  globalThis.removeEventListener = () => {};
  try {
    await open();
    server.open();
    server.send({ type: 'rate_limit_exceeded', code: 'rate_limit_exceeded', message: 'Wait.', recoverable: true, retryAfter: 60 });
    server.close(4013);
    listeners.get('online')();
    await pass(59_000, 1000);
    listeners.get('online')();
    assert.equal(server.links.length, 1);
    await pass(1000);
    assert.equal(server.links.length, 2);
    server.close(1006);
    listeners.get('online')();
    await settle();
    assert.equal(server.links.length, 3);
    listeners.get('online')(); // while an attempt is under way, which hangs in the old network
    server.close(1006);
    await pass(1000);
    assert.equal(server.links.length, 4);
  } finally {
    delete globalThis.addEventListener;
    delete globalThis.removeEventListener;
  }
});

test('a sign-in that has ended stops it; a server that cannot answer does not', async () => {
  const body = { type: 'server_error', code: 'overloaded', message: 'Too busy.', recoverable: true, retryAfter: 7 };
  const errors = [new ProtocolError(body), new TypeError('no network'), new ProtocolError({ ...body, code: 'signed_out', recoverable: false })];
  let tries = 0;
  await open({ token: async () => { throw errors[tries++]; } });
  await pass(6000);
  assert.equal(tries, 1);
  await pass(1000);
  assert.equal(tries, 2);
  await pass(2000);
  assert.equal(tries, 3);
  await pass(60_000, 5000);
  assert.equal(tries, 3);
  assert.equal(connection.state, 'stopped');
});

test('a resync loads a snapshot; events meanwhile wait and none is shown twice', async () => {
  const seen = [];
  let deliver;
  await open({
    onMessage: (message) => seen.push(message.seq),
    onResync: () => new Promise((resolve) => { deliver = resolve; }),
  });
  server.welcome({ mode: 'resync', position: { epoch: 'epoch-2', seq: 40, eventId: 'event-40' } });
  server.send({ type: 'resync', data: { reason: 'no_such_epoch', position: { epoch: 'epoch-2', seq: 40, eventId: 'event-40' } } });
  for (const seq of [41, 42, 43]) server.send(buildEvent(seq, { epoch: 'epoch-2' }));
  assert.deepEqual(seen, []);
  deliver({ epoch: 'epoch-2', seq: 42, eventId: 'event-42' });
  await settle();
  assert.deepEqual(seen, [43]);
  assert.equal(connection.position.seq, 43);
});

test('a page that shows something else from an event on loses nothing that follows it', async () => {
  const seen = [];
  const loads = [];
  await open({
    onMessage: ({ seq }) => {
      seen.push(seq);
      if (seq === START.seq + 1) connection.reload();
    },
    onResync: () => new Promise((resolve) => loads.push(resolve)),
    position: START,
  });
  server.welcome();
  const [moved, next, later] = [1, 2, 3].map((more) => START.seq + more);
  server.send(buildEvent(moved));
  await settle();
  server.send(buildEvent(next));
  server.send(buildEvent(later));
  assert.deepEqual(seen, [moved]);
  loads[0]({ ...START, seq: next, eventId: `event-${next}` });
  await settle();
  assert.deepEqual(seen, [moved, later]);
  assert.equal(loads.length, 1);
});

test('what is shown is current only once what was missed is there', async () => {
  let current = 0;
  await open({ heartbeat: 'dashboard', onCurrent: () => { current += 1; } });
  server.welcome();
  await live(3000);
  const lastTrueAtMs = Date.now() - 1000;
  assert.deepEqual([connection.isCurrent, connection.currentAtMs, current], [true, lastTrueAtMs, 1]);
  server.close(1006);
  await pass(8000);
  server.open();
  server.link.handlers.onBeat();
  server.send({ type: 'welcome', data: { serverTime: 1 } });
  assert.deepEqual([connection.isLive, connection.isCurrent, connection.currentAtMs, current], [true, false, lastTrueAtMs, 1]);
  server.send({ type: 'joined', data: { rooms: [], mode: 'replay', position: START } });
  server.send(buildEvent(1)); // the first of many
  assert.deepEqual([connection.isCurrent, connection.currentAtMs, current], [false, lastTrueAtMs, 1]);
  server.send(buildEvent(9));
  server.send({ type: 'mark', data: { epoch: EPOCH, seq: 9, eventId: 'event-9' } });
  assert.deepEqual([connection.isCurrent, connection.currentAtMs, current], [true, Date.now(), 2]);
});

test('a page that loads itself anew for what it missed is current once that is done, and loads once', async () => {
  const loads = [];
  await open({
    heartbeat: 'dashboard',
    onMessage: () => { if (connection.isReplaying) connection.reload(); },
    onResync: () => new Promise((resolve) => loads.push(resolve)),
    position: START,
  });
  server.welcome();
  const lastTrueAtMs = Date.now();
  server.close(1006);
  await pass(8000);
  server.open();
  server.send({ type: 'welcome', data: { serverTime: 1 } });
  server.send({ type: 'joined', data: { rooms: [], mode: 'replay', position: START } });
  const [first, last] = [START.seq + 1, START.seq + 2];
  server.send(buildEvent(first));
  server.send(buildEvent(last));
  server.send({ type: 'mark', data: { epoch: EPOCH, seq: last, eventId: `event-${last}` } });
  await settle();
  assert.deepEqual([connection.isLive, connection.isCurrent, connection.currentAtMs, loads.length], [true, false, lastTrueAtMs, 1]);
  loads[0]({ ...START, seq: last, eventId: `event-${last}` });
  await settle();
  assert.deepEqual([connection.isCurrent, connection.currentAtMs, loads.length], [true, Date.now(), 1]);
});

test('after a resync what is shown stays as old as it is until its snapshot is there, however often that fails', async () => {
  const loads = [];
  await open({ heartbeat: 'dashboard', onResync: () => new Promise((resolve, reject) => loads.push({ resolve, reject })) });
  server.welcome();
  const lastTrueAtMs = Date.now();
  server.close(1006);
  await pass(5000);
  const position = { epoch: EPOCH, seq: 400, eventId: 'event-400' };
  server.welcome({ mode: 'resync', position });
  server.send({ type: 'resync', data: { reason: 'too_far_behind', position } });
  for (let tries = 0; tries < 8; tries += 1) {
    assert.deepEqual([connection.isCurrent, connection.currentAtMs, loads.length], [false, lastTrueAtMs, tries + 1]);
    loads[tries].reject(new Error('The page answered 503.'));
    await settle();
    await live(10_000);
  }
  server.link.handlers.onBeat();
  loads[8].resolve(position);
  await settle();
  assert.deepEqual([connection.isCurrent, connection.currentAtMs], [true, Date.now()]);
});

test('a page that is to be loaded again is as old as its last load until that succeeds', async () => {
  const loads = [];
  await open({ heartbeat: 'dashboard', onResync: () => new Promise((resolve, reject) => loads.push({ resolve, reject })) });
  server.welcome();
  const askedAtMs = Date.now();
  connection.reload();
  await live(2000);
  assert.deepEqual([connection.isLive, connection.isCurrent, connection.currentAtMs], [true, false, askedAtMs]);
  loads[0].reject(new Error('no network'));
  await settle();
  await live(1000);
  loads[1].resolve(START);
  await settle();
  assert.equal(connection.isCurrent, true);
});

test('a page that is to be loaded again while there is no connection is loaded with the next one', async () => {
  let loads = 0;
  await open({ onResync: async () => { loads += 1; return START; } });
  server.welcome();
  server.close(1006);
  connection.reload();
  await pass(1000);
  assert.equal(loads, 0);
  server.welcome();
  await settle();
  assert.deepEqual([loads, connection.isCurrent], [1, true]);
});

test('a snapshot that is older than the stream is asked for again', async () => {
  const positions = [{ epoch: EPOCH, seq: 39, eventId: 'event-39' }, { epoch: EPOCH, seq: 40, eventId: 'event-40' }];
  let loads = 0;
  await open({ onResync: async () => positions[loads++] });
  server.welcome({ mode: 'resync' });
  server.send({ type: 'resync', data: { reason: 'too_old', position: { epoch: EPOCH, seq: 40, eventId: 'event-40' } } });
  await settle();
  assert.equal(loads, 1);
  await pass(1000);
  assert.equal(loads, 2);
  assert.equal(connection.position.seq, 40);
});

test('a snapshot that cannot be loaded is tried again', async () => {
  let loads = 0;
  await open({
    onResync: async () => {
      loads += 1;
      if (loads < 3) throw new Error('no network');
      return START;
    },
  });
  server.welcome();
  server.send({ type: 'resync', data: { reason: 'ahead', position: START } });
  await settle();
  await pass(4000);
  assert.equal(loads, 3);
});

test('a break while the snapshot loads makes the next connection load one of its own', async () => {
  const seen = [];
  const loads = [];
  await open({ onMessage: (message) => seen.push(message.seq), onResync: () => new Promise((resolve) => loads.push(resolve)) });
  server.welcome({ mode: 'resync' });
  server.send({ type: 'resync', data: { reason: 'too_old', position: { epoch: EPOCH, seq: 40, eventId: '' } } });
  server.close(1006);
  await pass(1000);
  server.open();
  assert.equal('position' in server.sent[0].data, false);
  server.send({ type: 'welcome', data: { serverTime: 1 } });
  server.send({ type: 'joined', data: { rooms: [], mode: 'live', position: { epoch: EPOCH, seq: 50, eventId: '' } } });
  assert.equal(loads.length, 2);
  loads[0]({ epoch: EPOCH, seq: 40, eventId: '' });
  await settle();
  server.send(buildEvent(51));
  assert.deepEqual(seen, []);
  loads[1]({ epoch: EPOCH, seq: 50, eventId: '' });
  await settle();
  assert.deepEqual(seen, [51]);
});

test('an event of another epoch is never shown over what is there', async () => {
  const seen = [];
  let loads = 0;
  await open({
    onMessage: (message) => seen.push(message.seq),
    onResync: async () => {
      loads += 1;
      return { epoch: 'epoch-2', seq: 3, eventId: 'e' };
    },
  });
  server.welcome();
  server.send(buildEvent(1));
  server.send(buildEvent(3, { epoch: 'epoch-2' }));
  await settle();
  assert.equal(loads, 1);
  assert.deepEqual(seen, [1]);
  assert.equal(connection.position.epoch, 'epoch-2');
});

test('a client without snapshots is told of the resync and goes on from its position', async () => {
  const seen = [];
  await open({ onMessage: (message) => seen.push(message.type) });
  server.welcome({ mode: 'resync' });
  server.send({ type: 'resync', data: { reason: 'ahead', position: { epoch: EPOCH, seq: 4, eventId: '' } } });
  server.send(buildEvent(5));
  assert.deepEqual(seen, ['resync', 'order_progress']);
});

test('a message that cannot be read is a lost connection, not a guess', async () => {
  await open();
  server.welcome();
  server.link.handlers.onMessage('{"type":');
  await pass(1000);
  assert.equal(server.links.length, 2);
});

test('closing ends it: nothing is sent and nothing is tried any more', async () => {
  await open();
  server.welcome();
  const answer = connection.send('quote', {});
  const failure = assert.rejects(answer, { type: 'connection_lost' });
  connection.close();
  await failure;
  await pass(60_000, 5000);
  assert.equal(server.links.length, 1);
  assert.equal(server.link.isClosed, true);
});

test("the server's time is learned from a beat whose answer is certain", async () => {
  const learned = [];
  await open({ heartbeat: 'dashboard', onServerTime: (serverTime, requestedAtMs) => learned.push([serverTime, requestedAtMs - 1_000_000]) });
  server.welcome();
  await pass(2000);
  server.send({ type: 'heartbeat', data: { serverTime: 77 } });
  await pass(4000);
  server.send({ type: 'heartbeat', data: { serverTime: 88 } });
  assert.deepEqual(learned, [[1000, 0], [77, 2000]]);
});

test('a token that runs out is renewed on the same connection, with a fresh ticket', async () => {
  let tickets = 0;
  const seen = [];
  await open({ token: async () => `ticket-${tickets += 1}`, onMessage: (message) => seen.push(message.seq) });
  server.welcome();
  server.send(buildEvent(1));
  server.send({ type: 'refresh_due', data: { expiresAt: 2_000_000 } });
  server.send(buildEvent(2));
  await settle();
  const [renewal] = server.sent.slice(1);
  assert.equal(renewal.type, 'refresh');
  assert.deepEqual(renewal.data, { token: 'ticket-2' });
  server.send({ type: 'ack', id: renewal.id, data: { expiresAt: 3_000_000 } });
  server.send(buildEvent(3));
  assert.deepEqual(seen, [1, 2, 3]);
  assert.equal(server.links.length, 1);
  assert.equal(connection.state, 'live');
});

test('a renewal without a ticket is tried again, and not once the sign-in has ended', async () => {
  let tickets = 0;
  let failure = new Error('no network');
  await open({ token: async () => { tickets += 1; if (tickets > 1 && failure) throw failure; return `ticket-${tickets}`; } });
  server.welcome();
  server.send({ type: 'refresh_due', data: { expiresAt: 2_000_000 } });
  await live(6000);
  failure = null;
  await live(5000);
  assert.deepEqual(server.sent.slice(1).map(({ type, data }) => [type, data.token]), [['refresh', 'ticket-4']]);

  failure = new ProtocolError({ type: 'authentication_failed', code: 'signed_out', message: 'Sign in.', recoverable: false });
  server.send({ type: 'refresh_due', data: { expiresAt: 3_000_000 } });
  await live(30_000);
  assert.equal(tickets, 5);
  server.close(4003);
  await pass(2000);
  assert.equal(connection.state, 'stopped');
});

test('a ticket that comes after its connection is gone is not sent on the next one', async () => {
  /** @type {((ticket: string) => void) | undefined} */
  let give;
  await open({ token: () => (give === undefined ? Promise.resolve('first') : new Promise((resolve) => { give = resolve; })) });
  server.welcome();
  give = () => {};
  server.send({ type: 'refresh_due', data: { expiresAt: 2_000_000 } });
  const late = give;
  server.close(1006);
  await pass(1000);
  late('late');
  await settle();
  give('fresh');
  await settle();
  server.welcome();
  assert.deepEqual(server.sent.map(({ type, data }) => [type, data.token]), [['authenticate', 'fresh']]);
});
