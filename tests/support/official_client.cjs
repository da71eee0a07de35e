// Speaks to a server with the official SockJS client: node official_client.cjs URL TRANSPORT TOKEN.
// Prints every message as a line, and at last how the connection was closed.
const SockJS = require('sockjs-client');

const [, , url, transport, token] = process.argv;
const socket = new SockJS(url, null, { transports: [transport] });
socket.onopen = () => socket.send(JSON.stringify({ type: 'authenticate', data: { token } }));
socket.onmessage = (event) => console.log(event.data);
socket.onclose = ({ code, reason }) => {
  console.log(JSON.stringify({ type: 'closed', code, reason }));
  process.exit(0);
};
