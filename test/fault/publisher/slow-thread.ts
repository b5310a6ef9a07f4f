import { parentPort, workerData } from 'node:worker_threads';
import { serve, type ThreadData } from '../../../src/kpt/publisher/thread-loop.ts';

/** A publisher thread that rests at each `staged`. */
const cell = new Int32Array(new SharedArrayBuffer(4));
if (parentPort !== null) {
  serve(parentPort, workerData as ThreadData, (point) => {
    if (point === 'staged') Atomics.wait(cell, 0, 0, 400);
  });
}
