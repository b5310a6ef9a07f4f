import { parentPort, workerData } from 'node:worker_threads';
import { serve, type ThreadData } from './thread-loop.ts';

// The entry of the publisher thread; started by start.ts.
if (parentPort !== null) serve(parentPort, workerData as ThreadData);
