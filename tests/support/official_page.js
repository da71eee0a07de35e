// The official SockJS client in a page: what it heard waits in `heard` until the test takes it.
globalThis.openConnection = (url, transport) => {
  const socket = new SockJS(url, null, { transports: [transport] });
  const connection = {
    heard: [],
    closed: null,
    transport: null,
    send: (message) => socket.send(JSON.stringify(message)),
    leave: () => socket.close(),
  };
  socket.onopen = () => {
    connection.transport = socket.transport;
  };
  socket.onmessage = (event) => connection.heard.push(event.data);
  socket.onclose = ({ code, reason }) => {
    connection.closed = { code, reason };
  };
  globalThis.connection = connection;
};
