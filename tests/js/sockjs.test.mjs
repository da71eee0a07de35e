import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { SockJSClient } from '../../static/js/core/sockjs.js';
import { settle } from './support/page.mjs';

/** A network whose every door a test opens: websockets and answers of fetch. */
class FakeNetwork {
  sockets = [];
  requests = [];
  info = { websocket: true };

  constructor() {
    const network = this;
    this.WebSocket = class {
      sent = [];
      isClosed = false;
      constructor(url) {
        this.url = url;
        network.sockets.push(this);
      }
      send(text) { this.sent.push(text); }
      close() { this.isClosed = true; }
      receive(frame) { this.onmessage({ data: frame }); }
      end(code = 1006, reason = '') { this.onclose({ code, reason }); }
    };
  }

  fetch = async (url, init) => {
    if (url.endsWith('/info')) {
      if (this.info instanceof Error) throw this.info;
      return new Response(JSON.stringify(this.info));
    }
    const request = { url, init, body: init.body };
    this.requests.push(request);
    if (url.endsWith('/xhr_send')) return request.answer ?? new Response(null, { status: this.sendStatus ?? 204 });
    let stream;
    const body = new ReadableStream({ start(controller) { stream = controller; } });
    request.push = (text) => stream.enqueue(new TextEncoder().encode(text));
    request.end = () => stream.close();
    return new Response(body);
  };

  get socket() {
    return this.sockets[this.sockets.length - 1];
  }

  ending(end) {
    return this.requests.filter(({ url }) => url.endsWith(end));
  }
}

let network;
let events;
let client;

const handlers = {
  onOpen: () => events.push('open'),
  onMessage: (text) => events.push(text),
  onBeat: () => events.push('beat'),
  onClose: (code, reason) => events.push([code, reason]),
};

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] });
  network = new FakeNetwork();
  events = [];
});

afterEach(() => {
  client.close();
  mock.timers.reset();
});

async function open() {
  client = new SockJSClient('http://cafe.test/ws/kitchen', handlers, network);
  await breathe();
}

/** Streams settle over several turns of the loop, not of the microtask queue alone. */
async function breathe() {
  for (let turn = 0; turn < 5; turn += 1) {
    await settle();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('websocket first, with a server number and a session id of its own', async () => {
  await open();
  assert.match(network.socket.url, /^ws:\/\/cafe\.test\/ws\/kitchen\/\d{3}\/[0-9a-f]{32}\/websocket$/);
  network.socket.receive('o');
  network.socket.receive('h');
  network.socket.receive('a["{\\"a\\":1}","two"]');
  client.send('hello');
  assert.deepEqual(events, ['open', 'beat', '{"a":1}', 'two']);
  assert.deepEqual(network.socket.sent, ['["hello"]']);
});

test('a server that is away ends the attempt at once: no transport is tried', async () => {
  network.info = new TypeError('refused');
  await open();
  assert.equal(events.length, 1);
  assert.equal(events[0][0], 1006);
  assert.equal(network.sockets.length, 0);
});

test("the server's own close frame counts, not the websocket's end after it", async () => {
  await open();
  network.socket.receive('o');
  network.socket.receive('c[4502,"revoked"]');
  network.socket.end(1000);
  assert.deepEqual(events, ['open', [4502, 'revoked']]);
});

test('a close code of the application survives where no frame says it', async () => {
  await open();
  network.socket.receive('o');
  network.socket.end(4001, 'drain');
  assert.deepEqual(events, ['open', [4001, 'drain']]);
});

test('nothing is delivered after the end, even in the middle of a batch', async () => {
  await open();
  const stop = { ...handlers, onMessage: (text) => { events.push(text); client.close(); } };
  client.close();
  events = [];
  client = new SockJSClient('http://cafe.test/ws/kitchen', stop, network);
  await breathe();
  network.socket.receive('o');
  network.socket.receive('a["one","two"]');
  assert.deepEqual(events, ['open', 'one', [1000, '']]);
});

test('frames that cannot be read are a lost connection', async () => {
  await open();
  network.socket.receive('o');
  network.socket.receive('a["one"');
  assert.deepEqual(events.map((event) => event[0] ?? event), ['o', 1006]);
});

test('a websocket that does not get through makes way for a stream', async () => {
  await open();
  network.socket.end();
  await breathe();
  const [stream] = network.ending('/xhr_streaming');
  stream.push(`${'h'.repeat(2048)}\no\na["on`);
  stream.push('e"]\n');
  await breathe();
  assert.deepEqual(events, ['beat', 'open', 'one']);
  assert.notEqual(stream.url.split('/').at(-2), network.socket.url.split('/').at(-2));
});

test('a websocket that says nothing for five seconds makes way too, and is not heard later', async () => {
  await open();
  const silent = network.socket;
  mock.timers.tick(5000);
  await breathe();
  assert.equal(network.ending('/xhr_streaming').length, 1);
  assert.equal(silent.isClosed, true);
  silent.receive('o');
  assert.deepEqual(events, []);
});

test('a websocket that is left while it connects ends once it is open', async () => {
  await open();
  const { socket } = network;
  socket.readyState = 0;
  client.close();

  assert.equal(socket.isClosed, false);
  socket.readyState = 1;
  socket.onopen();
  assert.equal(socket.isClosed, true);
});

test('a stream that ends is asked for again on the same session', async () => {
  network.info = { websocket: false };
  await open();
  const [first] = network.ending('/xhr_streaming');
  first.push('o\n');
  first.end();
  await breathe();
  const again = network.ending('/xhr_streaming');
  assert.equal(again.length, 2);
  assert.equal(again[1].url, first.url);
  again[1].push('a["more"]\n');
  await breathe();
  assert.deepEqual(events, ['open', 'more']);
});

test('a stream that is held back by a proxy makes way for polling', async () => {
  network.info = { websocket: false };
  await open();
  mock.timers.tick(5000);
  await breathe();
  const [poll] = network.ending('/xhr');
  poll.push('o\n');
  await breathe();
  assert.equal(client.transport, 'xhr');
  assert.deepEqual(events, ['open']);
});

test('what is sent over a stream goes in order, one request at a time', async () => {
  network.info = { websocket: false };
  await open();
  network.ending('/xhr_streaming')[0].push('o\n');
  await breathe();
  for (const text of ['one', 'two', 'three']) client.send(text);
  await breathe();
  assert.deepEqual(network.ending('/xhr_send').map(({ body }) => JSON.parse(body)), [['one'], ['two', 'three']]);
});

test('a send that is refused is a lost connection', async () => {
  network.info = { websocket: false };
  network.sendStatus = 404;
  await open();
  network.ending('/xhr_streaming')[0].push('o\n');
  await breathe();
  client.send('one');
  await breathe();
  assert.equal(events.at(-1)[0], 1006);
});

test('when nothing gets through the attempt ends once', async () => {
  network.info = { websocket: false };
  await open();
  mock.timers.tick(5000);
  await breathe();
  mock.timers.tick(5000);
  await breathe();
  assert.deepEqual(events, [[1006, 'No transport gets through to the server.']]);
});
