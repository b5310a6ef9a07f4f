/** Starts a real node with a pod on it, prints its facts as one line of JSON, and waits for whatever ends it. */
import { startNode } from '../../../tools/node/node.ts';
import { runPausePod } from './pause-pod.ts';

const node = await startNode();
await runPausePod(node);
process.stdout.write(`${JSON.stringify({ pid: node.pid, guardianPid: node.guardianPid })}\n`);
setInterval(() => undefined, 60_000);
