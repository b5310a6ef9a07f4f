import { existsSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { serve, type ThreadData } from '../../../src/kpt/publisher/thread-loop.ts';

/** A publisher thread that dies right before it makes a namespace durable, as long as the file beside its root exists. */
if (parentPort !== null) {
  const data = workerData as ThreadData;
  serve(parentPort, data, (point) => {
    if (point === 'before-sync' && existsSync(`${data.rootPath}.deadly`)) process.exit(1);
  });
}
