// Bun: a topic of uWebSockets. No authentication, no rooms of its own.
'use strict';
const { run } = require('./publisher.js');

const server = Bun.serve({
  port: +process.argv[2],
  hostname: '127.0.0.1',
  fetch(request, own) {
    return own.upgrade(request) ? undefined : new Response('no', { status: 400 });
  },
  websocket: {
    perMessageDeflate: false,
    idleTimeout: 0,
    backpressureLimit: 16 * 1024 * 1024,
    open(socket) {
      socket.subscribe('room');
    },
    message(_, text) {
      if (text.startsWith('start:')) {
        run(text, (event) => server.publish('room', JSON.stringify(event)));
      }
    },
  },
});
