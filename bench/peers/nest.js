// NestJS with socket.io: a gateway at /kitchen and a room. Decorators are applied by hand, so that
// nothing has to be built. No authentication, which flatters its handshake.
'use strict';
require('reflect-metadata');
const { Module } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { IoAdapter } = require('@nestjs/platform-socket.io');
const {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} = require('@nestjs/websockets');
const { run } = require('./publisher.js');

class KitchenGateway {
  async joinCafe(client, data) {
    await client.join(`cafe:${data.cafeId}:kitchen`);
    return { event: 'joined', data: data.cafeId };
  }

  start(client, trigger) {
    run(trigger, (event) =>
      this.server.to('cafe:c1:kitchen').emit('order_status_updated', event),
    );
  }
}

function subscribe(method, message) {
  const { prototype } = KitchenGateway;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, method);
  SubscribeMessage(message)(prototype, method, descriptor);
  ConnectedSocket()(prototype, method, 0);
  MessageBody()(prototype, method, 1);
}

subscribe('joinCafe', 'join_cafe');
subscribe('start', 'start');
WebSocketServer()(KitchenGateway.prototype, 'server');
WebSocketGateway({ namespace: '/kitchen', transports: ['websocket'] })(KitchenGateway);

class AppModule {}
Module({ providers: [KitchenGateway] })(AppModule);

class Adapter extends IoAdapter {
  createIOServer(port, options) {
    return super.createIOServer(port, {
      ...options,
      transports: ['websocket'],
      perMessageDeflate: false,
    });
  }
}

(async () => {
  const app = await NestFactory.create(AppModule, { logger: ['error'] });
  app.useWebSocketAdapter(new Adapter(app));
  await app.init();
  app.getHttpServer().listen(+process.argv[2], '127.0.0.1', 4096);
})();
