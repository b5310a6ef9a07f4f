import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HaWorld, haWorld } from '../../support/ha/ha-world.ts';
import { leaseWrites } from '../../support/ha/judge.ts';
import type { Replica } from '../../support/ha/replica.ts';
import { Disturbed, fingerprint, Stage } from '../../support/ha/stage.ts';
import { DEFAULT_LEASE, type LeaseTimes } from '../../support/lease-flags.ts';
import { eventsIn } from '../../support/operator-scenes.ts';
import { eventually } from '../../support/operator-world.ts';

const LEASE: LeaseTimes = { durationMs: 6_000, renewDeadlineMs: 5_000, retryPeriodMs: 500 };
/** What the machine may take for anything, busy as it is: only ends what never comes. */
const BUSY_MS = 60_000;
const PATIENCE_MS = 600_000;
const TRIES = 5;

let ha: HaWorld;
beforeAll(async () => {
  ha = await haWorld();
});
afterAll(async () => ha?.stop());

interface Fault {
  readonly name: string;
  /** Does it to the leader. What it returns undoes it. */
  strike(stage: Stage, leader: Replica): Promise<(() => void) | undefined>;
  /** How the leader ends, and when: before its successor is at work, or only when the fault is undone. Undefined: it stays. */
  readonly ends?: { readonly code: number | null; readonly when: 'at once' | 'undone' };
  /** It hears of its loss only with its next renewal: until then it works, and the Event of what it did last may be lost. */
  readonly worksOn?: true;
}

const leasePath = ({ options }: Stage): string =>
  `/apis/coordination.k8s.io/v1/namespaces/default/leases/${options.name}`;

async function handTheLeaseTo(stage: Stage, holderIdentity: string): Promise<undefined> {
  const edit = { spec: { holderIdentity } };
  await stage.options.world.plane.request('PATCH', leasePath(stage), edit, 'application/merge-patch+json');
}

const FAULTS: readonly Fault[] = [
  {
    name: 'killed',
    ends: { code: null, when: 'at once' },
    strike: async (_, leader) => void leader.process.signal('SIGKILL'),
  },
  {
    name: 'stopped past the lease, then continued',
    ends: { code: 64, when: 'undone' },
    strike: async (_, leader) => {
      leader.process.signal('SIGSTOP');
      return () => leader.process.signal('SIGCONT');
    },
  },
  {
    name: 'cut off from the API server, then connected again',
    ends: { code: 64, when: 'at once' },
    strike: async (_, { gate }) => {
      gate.shut();
      return () => gate.open();
    },
  },
  {
    name: 'blocked in its event loop past the lease',
    ends: { code: 64, when: 'undone' },
    strike: async (_, leader) => leader.block(),
  },
  {
    name: 'deprived of its Lease object',
    strike: async (stage) => void (await stage.options.world.plane.request('DELETE', leasePath(stage))),
  },
  {
    name: 'edited out of its Lease, for nobody known',
    ends: { code: 64, when: 'at once' },
    worksOn: true,
    strike: (stage) => handTheLeaseTo(stage, 'somebody'),
  },
  {
    name: 'edited out of its Lease, for a standby',
    ends: { code: 64, when: 'at once' },
    worksOn: true,
    strike: (stage, leader) => handTheLeaseTo(stage, stage.living.find((one) => one !== leader)?.identity ?? ''),
  },
];

const STAGES = [2, 3].flatMap((replicas) =>
  (['shared', 'separate'] as const).map((root) => [replicas, root, `ha-${replicas}-${root}`] as const),
);

describe.concurrent.each(STAGES)('%d replicas, %s root', (replicas, root, name) => {
  describe.sequential('the leader is', () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = new Stage({ ...ha, name, replicas, root, lease: LEASE });
      await stage.open();
      for (let i = 0; i < 12; i += 1) await stage.change(`i-${i}`);
      await stage.settled(await stage.leader());
    });
    afterAll(async () => stage?.close());

    test.each(FAULTS.map((fault) => [fault.name, fault] as const))(
      '%s',
      async (_, fault) => expect(await played(stage, fault)).toEqual([]),
      PATIENCE_MS,
    );
  });
});

/** Plays a scene, once more where the machine disturbed it. Whatever happened, the judge has the last word. */
async function played(stage: Stage, fault: Fault): Promise<readonly string[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await play(stage, fault);
    } catch (error) {
      if (!(error instanceof Disturbed) || tries === TRIES) throw error;
      ha.tell(`${stage.options.name}, ${fault.name}: played once more, ${error.message}`);
      expect(await stage.findings()).toEqual([]);
    }
  }
}

/** One scene: changes under way, the fault, changes in the gap, and then all is as it should be. Resolves to what the judge found. */
async function play(stage: Stage, fault: Fault): Promise<readonly string[]> {
  const { root, lease } = stage.options;
  const leader = await stage.fill();
  await stage.settled(leader);
  await expectWarmStandbys(stage, leader);
  const writesBefore = await stage.statusWrites();
  const changesBefore = stage.changes;
  const claimsBefore = stage.all.filter(({ ledAt }) => ledAt !== undefined).length;

  await Promise.all(stage.names.slice(0, 6).map((each) => stage.change(each)));
  if (fault.ends !== undefined) stage.excuse(leader);
  const struckAt = Date.now();
  const undo = await fault.strike(stage, leader);
  const inTheGap = await changesInTheGap(stage, fault.name);
  const next = fault.ends === undefined ? leader : await stage.leader([leader]);
  const gapMs = Math.max(0, (next.ledAt ?? 0) - struckAt);
  await stage.whole(next);
  const wholeMs = Date.now() - struckAt - gapMs;
  if (fault.ends === undefined) await expectStillInOffice(stage, leader);
  await stage.settled(next);

  const before = await fingerprints(stage);
  if (fault.ends?.when === 'at once') expect(await leader.process.exited).toBe(fault.ends.code);
  undo?.();
  if (fault.ends?.when === 'undone') expect(await leader.process.exited).toBe(fault.ends.code);
  expect(await fingerprints(stage)).toEqual(before);

  stage.assertUndisturbed();
  expect(gapMs).toBeLessThan(longestGapMs(lease) + BUSY_MS);
  expect(stage.all.filter(({ ledAt }) => ledAt !== undefined)).toHaveLength(
    claimsBefore + (fault.ends === undefined ? 0 : 1),
  );
  if (!fault.worksOn)
    await eventually('the changes in the gap are told', async () => (await told(stage, inTheGap)) === inTheGap.length);
  const again = root === 'separate' && fault.ends !== undefined ? stage.names.length : 0;
  // A leader that was struck between publication and status leaves the write to the next one, which counts as the same.
  expect((await stage.statusWrites()) - writesBefore).toBeLessThanOrEqual(stage.changes - changesBefore + again);
  tell(stage, fault.name, gapMs, wholeMs);
  return stage.findings();
}

/** Every standby is ready, knows all intents, and has asked for them once. */
async function expectWarmStandbys(stage: Stage, leader: Replica): Promise<void> {
  const standbys = stage.living.filter((one) => one !== leader);
  expect(standbys).toHaveLength(stage.options.replicas - 1);
  for (const { process } of standbys) {
    expect(await process.ready()).toBe(true);
    expect(await process.metric('leader_election_master_status')).toBe(0);
    await eventually(
      'a standby knows all intents',
      async () => (await process.metric('patchgen_intents')) === stage.names.length,
    );
  }
}

/** While nobody leads: one more, one changed, one gone. Returns the names of those that are to be published. */
async function changesInTheGap(stage: Stage, fault: string): Promise<readonly string[]> {
  const added = `i-${stage.all.length}-${fault
    .replaceAll(/[^a-z]+/g, '-')
    .slice(0, 20)
    .replace(/-$/, '')}`;
  const [changed = '', removed = ''] = stage.names.slice(6, 8);
  await stage.change(added);
  await stage.change(changed);
  await stage.remove(removed);
  return [added, changed];
}

/** A leader whose Lease somebody deleted takes it back; a whole term later nobody else has led. */
async function expectStillInOffice(stage: Stage, leader: Replica): Promise<void> {
  const { durationMs, retryPeriodMs } = stage.options.lease;
  await new Promise((resolve) => setTimeout(resolve, durationMs + 2.2 * retryPeriodMs));
  stage.assertUndisturbed();
  const { acts, lease } = await stage.evidence();
  const writes = leaseWrites(acts, lease);
  const deleted = writes.findLastIndex(({ verb }) => verb === 'delete');
  expect(new Set(writes.slice(deleted + 1).map(({ from }) => from))).toEqual(new Set([leader.address]));
}

/**
 * A standby looks every 2.2 retry periods at the most, waits one duration after the last renewal that it saw, and an edit
 * counts as one.
 */
const longestGapMs = ({ durationMs, retryPeriodMs }: LeaseTimes): number => durationMs + 2 * 2.2 * retryPeriodMs;

/** All that is on the roots. A root of its own keeps the scratch of a leader that stood still until it goes on: no reader sees it. */
async function fingerprints({ places, options }: Stage): Promise<readonly string[]> {
  const roots = new Set(places.map(({ outputDir }) => join(outputDir, 'packages')));
  const entries = (await Promise.all([...roots].map(fingerprint))).flat();
  return options.root === 'shared' ? entries : entries.filter((entry) => !entry.startsWith('.patchgen/staging/'));
}

/** How many of these intents have an Event of their newest words. */
async function told(stage: Stage, names: readonly string[]): Promise<number> {
  const events = await eventsIn(stage.options.world.plane, stage.options.name);
  return names.filter((each) => events.filter(({ regarding }) => regarding.name === each).length > 0).length;
}

function tell({ options }: Stage, what: string, gapMs: number, wholeMs: number): void {
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  const { durationMs, renewDeadlineMs, retryPeriodMs } = options.lease;
  const lease = [durationMs, renewDeadlineMs, retryPeriodMs].map((ms) => ms / 1_000).join('/');
  ha.tell(
    `${options.replicas} replicas, ${options.root} root, lease ${lease} s, ${what}: gap ${seconds(gapMs)}, all packages after ${seconds(wholeMs)}`,
  );
}

test.concurrent(
  'with the default lease a killed leader of 300 intents is replaced, and all packages are on the new root',
  async () => {
    const stage = new Stage({ ...ha, name: 'ha-default', replicas: 2, root: 'separate', lease: DEFAULT_LEASE });
    try {
      await stage.open();
      for (let i = 0; i < 300; i += 12)
        await Promise.all(Array.from({ length: 12 }, (_, j) => stage.change(`i-${i + j}`)));
      await stage.settled(await stage.leader());
      expect(await played(stage, FAULTS[0] as Fault)).toEqual([]);
    } finally {
      await stage.close();
    }
  },
  PATIENCE_MS,
);
