import { Worker } from 'node:worker_threads';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { type Claimant, currentClaimant } from '../../platform/processes/claimant.ts';
import type { Random } from '../../platform/random.ts';
import type { Package } from '../package.ts';
import { sharedLease } from './lease.ts';
import { openMailbox } from './mailbox.ts';
import type { Publisher } from './publisher.ts';
import { PROBE } from './self-test.ts';
import type { ThreadData } from './thread-loop.ts';

export interface PublisherOptions {
  /** `<mount>/packages`; its parent must exist. */
  readonly root: string;
  /** Bytes that stay free on the volume. */
  readonly minFreeBytes: number;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
  /** Default: this process. */
  readonly claimant?: Claimant;
  /** What the self-test publishes. */
  readonly probe?: Package;
  /** The file of the thread, where it is not beside this one (a test). */
  readonly threadFile?: URL;
}

/** Starts the publisher of a root: one thread, which ends with `close()`. Nothing on disk is touched before the first call. */
export function startPublisher(options: PublisherOptions): Publisher {
  const lease = sharedLease();
  const data: ThreadData = {
    rootPath: options.root,
    minFreeBytes: options.minFreeBytes,
    leaseMemory: lease.memory,
    claimant: options.claimant ?? currentClaimant(),
    probe: options.probe ?? PROBE,
  };
  const file = options.threadFile ?? threadFile();
  const mailbox = openMailbox({ ...options, startThread: () => startThread(file, data) });
  return Object.freeze({
    selfTest: () => mailbox.call('selfTest', undefined),
    claim: (claim) => mailbox.call('claim', claim),
    publish: (request) => mailbox.call('publish', request),
    remove: (key) => mailbox.call('remove', key),
    lookup: (key) => mailbox.call('lookup', key),
    inventory: () => mailbox.call('inventory', undefined),
    sweep: (graceMs) => mailbox.call('sweep', graceMs),
    volume: () => mailbox.call('volume', undefined),
    headRoom: () => mailbox.call('headRoom', undefined),
    setLeaseDeadline: (monotonicNs) => lease.extend(monotonicNs),
    health: mailbox.health,
    close: mailbox.close,
  } satisfies Publisher);
}

/** Beside this file: as source in a checkout, bundled beside the bundle. */
function threadFile(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.mjs', import.meta.url);
}

/** The thread keeps no file contents between calls: its heap holds the catalogue and one batch. */
function startThread(file: URL, data: ThreadData): Worker {
  return new Worker(file, {
    name: 'publisher',
    workerData: data,
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 256 },
  });
}
