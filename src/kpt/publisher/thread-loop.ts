import type { MessagePort } from 'node:worker_threads';
import { systemFiles } from '../../platform/files/system-files.ts';
import type { Claimant } from '../../platform/processes/claimant.ts';
import { systemRandom } from '../../platform/random.ts';
import type { Package } from '../package.ts';
import { sharedLease } from './lease.ts';
import type { Reply, Request } from './messages.ts';
import type { Failpoint, Note } from './site.ts';
import { openWriter } from './writer.ts';

/** What the main side hands to the thread at its start. */
export interface ThreadData {
  readonly rootPath: string;
  readonly minFreeBytes: number;
  readonly leaseMemory: SharedArrayBuffer;
  readonly claimant: Claimant;
  readonly probe: Package;
}

/** Answers requests until told to end. `reach` is given by tests only. */
export function serve(port: MessagePort, data: ThreadData, reach: Failpoint = () => {}): void {
  let notes: Note[] = [];
  const writer = openWriter({
    files: systemFiles(),
    rootPath: data.rootPath,
    minFreeBytes: data.minFreeBytes,
    random: systemRandom,
    lease: sharedLease(data.leaseMemory),
    claimant: data.claimant,
    probe: data.probe,
    monotonic: () => performance.now(),
    reach,
    tell: (note) => void notes.push(note),
  });
  // One request after the other, though a part of each does not block.
  let turn = Promise.resolve();
  port.on('message', (request: Request) => {
    if ('end' in request) return void turn.then(() => port.close());
    turn = turn.then(async () => {
      await writer.prepare(request.calls);
      const answers = writer.run(request.calls);
      port.postMessage({ answers, notes } satisfies Reply);
      notes = [];
    });
  });
}
