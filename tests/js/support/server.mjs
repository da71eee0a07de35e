/** The server's side of a connection, without a network: a transport that a test drives. */

export const EPOCH = 'epoch-1';

export function buildEvent(seq, extra = {}) {
  return { type: 'order_progress', eventId: `event-${seq}`, epoch: EPOCH, seq, data: { number: seq }, ...extra };
}

export class FakeServer {
  /** Every transport that was opened, oldest first. */
  links = [];

  openTransport = (url, handlers) => {
    const link = { url, handlers, sent: [], isClosed: false };
    this.links.push(link);
    return {
      send: (text) => {
        if (link.isClosed) throw new Error('closed');
        link.sent.push(JSON.parse(text));
      },
      close: () => { link.isClosed = true; },
    };
  };

  get link() {
    return this.links[this.links.length - 1];
  }

  /** Messages of the client on the present link, without heartbeats. */
  get sent() {
    return this.link.sent.filter((message) => message.type !== 'heartbeat');
  }

  send(message) {
    this.link.handlers.onMessage(JSON.stringify(message));
  }

  open() {
    this.link.handlers.onOpen();
  }

  /** Open, welcome and join as the server does. */
  welcome({ mode = 'live', position = { epoch: EPOCH, seq: 0, eventId: '' }, boot = undefined } = {}) {
    this.open();
    this.send({ type: 'welcome', data: { connectionId: 'c', boot, serverTime: 1000 } });
    this.send({ type: 'joined', data: { rooms: [], mode, position } });
  }

  close(code, reason = '') {
    this.link.isClosed = true;
    this.link.handlers.onClose(code, reason);
  }
}
