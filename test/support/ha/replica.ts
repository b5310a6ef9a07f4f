import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { type LeaseTimes, leaseFlags } from '../lease-flags.ts';
import type { OperatorWorld } from '../operator-world.ts';
import { type TcpGate, tcpGate } from '../tcp-gate.ts';

/** Where a pod would be: it keeps its volume when its process is started anew. */
export interface Place {
  readonly outputDir: string;
  /** How far the wall clock is off there. */
  readonly skewMs: number;
}

/** One process from its start to its end, told apart from all others by what the kernel and the API server note of it. */
export interface Replica {
  readonly place: Place;
  /** Its group on the system: what it makes on disk carries it. Undefined where this test may not choose groups. */
  readonly group: number | undefined;
  /** Where its requests come from, as the API server sees it. */
  readonly address: string;
  /** Its name in the Lease. */
  readonly identity: string;
  readonly process: OperatorProcess;
  /** Its way to the API server. */
  readonly gate: TcpGate;
  /** When it said that the root is its own, by the clock of this test; undefined until then. */
  readonly ledAt: number | undefined;
  /** When its process ended; undefined while it lives. */
  readonly endedAt: number | undefined;
  /** Blocks its main event loop. The returned function lets it go on. */
  block(): () => void;
}

export interface ReplicaOptions {
  readonly world: OperatorWorld;
  readonly program: string;
  readonly place: Place;
  readonly lease: LeaseTimes;
  readonly flags: readonly string[];
  /** A command that it is run under; it must leave the process its pid. */
  readonly under: readonly string[];
}

const FIRST_GROUP = 70_000;
const PRELOAD = new URL('./preload.ts', import.meta.url).href;
const started = { count: 0 };

/** Starts an operator and waits until it is ready, as a leader or a standby. */
export async function startReplica({ world, program, place, lease, flags, under }: ReplicaOptions): Promise<Replica> {
  started.count += 1;
  const number = started.count;
  const group = process.getuid?.() === 0 ? FIRST_GROUP + number : undefined;
  const address = `127.1.${Math.floor(number / 250)}.${1 + (number % 250)}`;
  const gate = await tcpGate(Number(new URL(world.plane.server).port), address);
  const blockedWhile = join(world.plane.dir, `replica-${number}.blocked`);
  const seen: { identity?: string; ledAt?: number; endedAt?: number } = {};
  const operator = await world.launch({
    server: `https://127.0.0.1:${gate.port}`,
    outputDir: place.outputDir,
    program,
    flags: [...leaseFlags(lease), ...flags],
    nodeFlags: ['--import', PRELOAD],
    env: { HA_BLOCKED_WHILE: blockedWhile, HA_CLOCK_SKEW_MS: String(place.skewMs) },
    under: [...(group === undefined ? [] : ['setpriv', '--regid', String(group), '--clear-groups']), ...under],
    onLog: ({ msg, identity }) => {
      if (msg === 'patchgen starts') seen.identity = String(identity);
      if (msg.startsWith('leading:')) seen.ledAt = Date.now();
    },
  });
  void operator.exited.then(() => {
    seen.endedAt = Date.now();
  });
  // One that lost its Lease before it was ready has ended: the stage starts another.
  await operator.untilReady().catch((error: unknown) => {
    if (operator.child.exitCode === null) throw error;
  });
  return {
    place,
    group,
    address,
    identity: seen.identity ?? '',
    process: operator,
    gate,
    get ledAt() {
      return seen.ledAt;
    },
    get endedAt() {
      return seen.endedAt;
    },
    block() {
      writeFileSync(blockedWhile, '');
      operator.signal('SIGUSR2');
      return () => rmSync(blockedWhile);
    },
  };
}

export const isAlive = ({ process: { child } }: Replica): boolean =>
  child.exitCode === null && child.signalCode === null;
