// What every JavaScript peer publishes, and when: bench/fan_out_server.py does the same.
'use strict';

/** Bun's hrtime has another base than CLOCK_MONOTONIC: measure the difference once. */
function findClockOffset() {
  if (typeof Bun === 'undefined') return 0;
  const { dlopen, FFIType, ptr } = require('bun:ffi');
  const time = new BigInt64Array(2);
  const { symbols } = dlopen('libc.so.6', {
    clock_gettime: { args: [FFIType.i32, FFIType.ptr], returns: FFIType.i32 },
  });
  symbols.clock_gettime(1, ptr(time));
  return Number(time[0] * 1000000000n + time[1] - process.hrtime.bigint());
}

const offset = findClockOffset();

function makeEvent(seq) {
  return {
    eventId: `evt_01J9Z0F3K8Q2W4E6R8T0${String(seq).padStart(8, '0')}`,
    timestamp: Date.now(),
    version: '1.0',
    cafeId: 'cafe_01',
    userId: 'usr_staff_07',
    metadata: { seq, t0: Number(process.hrtime.bigint()) + offset, source: 'kitchen' },
    type: 'order_status_updated',
    data: {
      orderId: '5f0c2d7e-8a4b-4c3e-9d21-7b6a5c4d3e2f',
      orderNumber: 1042,
      previousStatus: 'preparing',
      newStatus: 'ready',
      updatedBy: 'usr_kitchen_03',
      statusChangeReason: 'plated',
    },
  };
}

/** Publish as `start:<mode>:<messages>:<rate>:<batch>` says: a batch per turn of the loop. */
exports.run = (trigger, publish) => {
  const [, mode, messages, rate, batch] = trigger.split(':');
  const began = performance.now();
  let seq = 0;
  let turns = 0;
  const turn = () => {
    for (let nth = 0; nth < +batch && seq < +messages; nth += 1) publish(makeEvent(seq++));
    if (seq >= +messages) return;
    if (mode === 'rate') {
      turns += 1;
      const due = began + (turns * +batch * 1000) / +rate;
      setTimeout(turn, Math.max(0, due - performance.now()));
    } else {
      setImmediate(turn);
    }
  };
  turn();
};
