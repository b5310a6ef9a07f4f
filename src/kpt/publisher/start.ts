import { Worker, type WorkerOptions } from 'node:worker_threads';
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
  /** Another program for the thread (a test). */
  readonly threadFile?: URL;
}

/**
 * The program of the thread as text. The bundler puts it here (tools/build/bundle.ts), so that one file is all that is shipped and
 * the thread does not carry the rest of it; in a checkout there is no such name.
 */
declare const PUBLISHER_THREAD: string | undefined;

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
  const mailbox = openMailbox({ ...options, startThread: () => startThread(data, options.threadFile) });
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

/** The thread keeps no file contents between calls: its heap holds the catalogue and one batch. */
function startThread(workerData: ThreadData, file?: URL): Worker {
  const options: WorkerOptions = {
    name: 'publisher',
    workerData,
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 256 },
  };
  if (file === undefined && typeof PUBLISHER_THREAD === 'string')
    return new Worker(PUBLISHER_THREAD, { ...options, eval: true });
  return new Worker(file ?? new URL('./thread.ts', import.meta.url), options);
}
