import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExitCode } from '../../../src/cli/exit-codes.ts';
import type { LeaseTimes } from '../lease-flags.ts';
import { eventsIn, scale } from '../operator-scenes.ts';
import { eventually, type OperatorWorld } from '../operator-world.ts';
import { differences, type Evidence, isStatusWrite, judge, OF_NO_INTENT, surplusEvents } from './judge.ts';
import { isAlive, type Place, type Replica, startReplica } from './replica.ts';
import { type RootWitness, startRootWitness } from './root-witness.ts';
import { readTrail } from './trail.ts';

export interface StageOptions {
  readonly world: OperatorWorld;
  readonly program: string;
  /** Of the namespace and of the Lease. */
  readonly name: string;
  readonly replicas: number;
  readonly root: 'shared' | 'separate';
  readonly lease: LeaseTimes;
  readonly flags?: readonly string[];
  /** A command that every replica is run under; it must leave the process its pid. */
  readonly under?: readonly string[];
}

/** A machine that is too busy costs a leader its Lease: then a scene is not the one that was meant. */
export class Disturbed extends Error {}

/** Some replicas of one operator, their intents, and witnesses of all they do. Several can play beside each other. */
export class Stage {
  readonly options: StageOptions;
  readonly places: Place[] = [];
  /** Every process that ever ran here. */
  readonly all: Replica[] = [];
  readonly #witness: RootWitness = startRootWitness();
  /** Processes that ended because the test wanted it, or before the present scene. */
  readonly #excused = new Set<Replica>();
  /** What each intent should say, by name. */
  readonly #wanted = new Map<string, number>();
  #undo: (() => void) | undefined;
  /** Changes made so far; each asks for one package, one status write and one Event. */
  changes = 0;

  constructor(options: StageOptions) {
    this.options = options;
  }

  get living(): readonly Replica[] {
    return this.all.filter(isAlive);
  }

  async open(): Promise<void> {
    const { world, name, replicas, root } = this.options;
    await world.namespace(name);
    const shared = world.volume();
    for (let i = 0; i < replicas; i += 1) {
      const volume = root === 'shared' ? shared : world.volume();
      // Clocks an hour apart: nothing may depend on them.
      this.places.push({ outputDir: volume, skewMs: (i - 1) * 3_600_000 });
    }
    for (const volume of new Set(this.places.map(({ outputDir }) => outputDir)))
      this.#witness.watch(join(volume, 'packages'));
    await this.fill();
  }

  async close(): Promise<void> {
    for (const replica of this.all) replica.process.signal('SIGKILL');
    await this.#witness.stop();
    for (const { gate } of this.all) await gate.close();
  }

  /** Starts a process wherever none is, as a kubelet does, until all are ready and one leads. */
  async fill(): Promise<Replica> {
    // A scene that was broken off leaves its leader as the fault had left it.
    this.undo();
    await Promise.all(this.living.filter((one) => this.#excused.has(one)).map(({ process }) => process.exited));
    for (let tries = 1; ; tries += 1) {
      if (tries > 10) throw new Error(`${this.options.name} does not come up`);
      for (const one of this.all.filter((it) => !isAlive(it))) {
        if (!this.#excused.has(one) && !lostItsLease(one)) throw new Error(endOf(one));
        this.#excused.add(one);
      }
      const empty = this.places.filter((place) => !this.living.some((one) => one.place === place));
      await Promise.all(empty.map((place) => this.start(place)));
      const leader = await this.leader().catch((error: unknown) => {
        if (!(error instanceof Disturbed)) throw error;
      });
      if (leader !== undefined && this.living.length === this.places.length) return leader;
    }
  }

  /** The same, and until the leader's root is as it should be, however often the machine disturbs it. */
  async calm(): Promise<Replica> {
    for (;;) {
      const leader = await this.fill();
      try {
        await this.settled(leader);
        return leader;
      } catch (error) {
        if (!(error instanceof Disturbed)) throw error;
      }
    }
  }

  /** What undoes a fault: done when asked for, and at the latest before the next scene. */
  toUndo(work: (() => void) | undefined): void {
    this.#undo = work;
  }

  undo(): void {
    const work = this.#undo;
    this.#undo = undefined;
    work?.();
  }

  /** This one is to end. */
  excuse(replica: Replica): void {
    this.#excused.add(replica);
  }

  /** Throws `Disturbed` when a process lost its Lease that was not to. That one ended in any other way is no disturbance. */
  assertUndisturbed(): void {
    const ended = this.all.filter((one) => one.endedAt !== undefined && !this.#excused.has(one));
    for (const one of ended) if (!lostItsLease(one)) throw new Error(endOf(one));
    for (const one of ended) throw new Disturbed(endOf(one));
  }

  async start(place: Place): Promise<Replica> {
    const { world, program, name, lease, flags = [], under = [] } = this.options;
    const scope = ['--watch-namespaces', name, '--leader-election-id', name];
    const replica = await startReplica({ world, program, place, lease, flags: [...scope, ...flags], under });
    this.all.push(replica);
    return replica;
  }

  /** The living replica that came to lead last, once there is one; not one of `but`. */
  async leader(but: readonly Replica[] = []): Promise<Replica> {
    const leads = (): Replica | undefined =>
      this.living
        .filter((one) => one.ledAt !== undefined && !but.includes(one))
        .toSorted((a, b) => (b.ledAt ?? 0) - (a.ledAt ?? 0))[0];
    await eventually(`one of ${this.options.name} leads`, () => {
      this.assertUndisturbed();
      return leads() !== undefined;
    });
    return leads() as Replica;
  }

  /** Creates an intent, or changes it so that its words are new. */
  async change(name: string): Promise<void> {
    const replicas = (this.#wanted.get(name) ?? -1) + 1;
    this.#wanted.set(name, replicas);
    this.changes += 1;
    await this.options.world.apply(`${this.options.name}/${name}`, scale(name, replicas));
  }

  async remove(name: string): Promise<void> {
    this.#wanted.delete(name);
    await this.options.world.remove(`${this.options.name}/${name}`);
  }

  get names(): readonly string[] {
    return [...this.#wanted.keys()];
  }

  /** Waits until every intent is Ready at its newest, with its package on the leader's root. */
  whole(leader: Replica): Promise<void> {
    return this.#untilSame(leader, (difference) => !difference.endsWith(OF_NO_INTENT));
  }

  /** The same, and until nothing else is there. */
  settled(leader: Replica): Promise<void> {
    return this.#untilSame(leader, () => true);
  }

  async #untilSame(leader: Replica, counts: (difference: string) => boolean): Promise<void> {
    let last: readonly string[] = [];
    const isSame = async (): Promise<boolean> => {
      this.assertUndisturbed();
      return (last = (await this.differences(leader)).filter(counts)).length === 0;
    };
    await eventually(`the root of ${this.options.name} is as it should be`, isSame, 300_000).catch((error: Error) => {
      if (error instanceof Disturbed) throw error;
      throw new Error(`${error.message}: ${last.join('; ')}`);
    });
  }

  async differences({ place }: Replica): Promise<readonly string[]> {
    const { world, name } = this.options;
    const root = join(place.outputDir, 'packages');
    const intents = await world.list(name);
    const outdated = intents.filter(({ metadata, spec }) => this.#wanted.get(metadata.name) !== spec.replicas);
    const lost = this.names.filter((each) => !intents.some(({ metadata }) => metadata.name === each));
    const { rootId } = JSON.parse(readFileSync(join(root, '.patchgen/root.json'), 'utf8')) as { rootId: string };
    return [
      ...[...outdated.map(({ metadata }) => metadata.name), ...lost].map((each) => `${each} is lost`),
      ...differences(root, rootId, intents),
    ];
  }

  /** What the traces say against the replicas so far. */
  async findings(): Promise<readonly string[]> {
    const { world, name } = this.options;
    return [...judge(await this.evidence()), ...surplusEvents(await eventsIn(world.plane, name))];
  }

  async evidence(): Promise<Evidence> {
    const { world, name, lease } = this.options;
    const suspects = this.all.map(({ address, identity, group, endedAt, process }) => ({
      address,
      identity,
      group,
      endedAt,
      pid: process.pid,
      ...lease,
    }));
    const acts = readTrail(world.plane.auditLogPath ?? '');
    return { lease: name, namespace: name, suspects, acts, witnessed: await this.#witness.tell() };
  }

  /** Status writes that succeeded, of all replicas. */
  async statusWrites(): Promise<number> {
    const { acts, namespace } = await this.evidence();
    return acts.filter((act) => isStatusWrite(act, namespace)).length;
  }

  async eventCount(): Promise<number> {
    return (await eventsIn(this.options.world.plane, this.options.name)).length;
  }
}

/** The one end that a busy machine can cause. */
const lostItsLease = ({ process: { child } }: Replica): boolean => child.exitCode === ExitCode.leaseLost;

const endOf = ({ address, process: { child, log } }: Replica): string =>
  `${address} ended with ${child.exitCode ?? child.signalCode}: ${JSON.stringify(log.slice(-5))}`;

/** Every entry below a folder with what any write would change, once two looks in a row say the same. */
export async function fingerprint(folder: string): Promise<readonly string[]> {
  let last = entriesOf(folder);
  await eventually(`${folder} is at rest`, async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = last;
    last = entriesOf(folder);
    return last.join('\n') === before.join('\n');
  });
  return last;
}

function entriesOf(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .flatMap((path) => {
      const stat = lstatSync(join(folder, path), { throwIfNoEntry: false });
      return stat === undefined ? [] : [[path, stat.ino, stat.size, stat.mode, stat.mtimeMs, stat.ctimeMs].join(' ')];
    });
}
