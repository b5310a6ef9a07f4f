import { closeSync, constants, openSync, readdirSync, readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { packageDigest } from '../../../src/kpt/digest.ts';

interface Task {
  readonly root: string;
  readonly keys: readonly string[];
  readonly digests: readonly string[];
}

/** A consumer: opens a package once by its stable name and hashes all of it through that directory, again and again. */
function readOne(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const tree = `/proc/self/fd/${fd}/`;
    return packageDigest(readdirSync(tree).map((name) => ({ path: name, content: readFileSync(`${tree}${name}`) })));
  } finally {
    closeSync(fd);
  }
}

const { root, keys, digests } = workerData as Task;
const known = new Set(digests);
const wrong: string[] = [];
let reads = 0;
let ended = false;

function round(): void {
  for (const key of keys) {
    try {
      const digest = readOne(`${root}/${key}`);
      reads += 1;
      if (!known.has(digest)) wrong.push(`${key}: ${digest}`);
    } catch (error) {
      // Gone while it was read, which the test itself brings about; a mixture would show as a wrong digest.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT'))
        wrong.push(`${key}: ${String(error)}`);
    }
  }
  if (ended) parentPort?.postMessage({ reads, wrong });
  else setImmediate(round);
}

parentPort?.once('message', () => {
  ended = true;
});
round();
