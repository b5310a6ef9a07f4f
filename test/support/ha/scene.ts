import { join } from 'node:path';
import { expect } from 'vitest';
import type { LeaseTimes } from '../lease-flags.ts';
import { eventsIn } from '../operator-scenes.ts';
import { eventually } from '../operator-world.ts';
import type { Fault } from './faults.ts';
import { leaseWrites } from './judge.ts';
import type { Replica } from './replica.ts';
import { Disturbed, fingerprint, type Stage } from './stage.ts';

/** What the machine may take for anything, busy as it is: only ends what never comes. */
const BUSY_MS = 60_000;
const TRIES = 3;

/** Plays a scene, once more where the machine disturbed it. Whatever happened, the judge has the last word. */
export async function played(stage: Stage, fault: Fault, tell: (line: string) => void): Promise<readonly string[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await play(stage, fault, tell);
    } catch (error) {
      if (!(error instanceof Disturbed) || tries === TRIES) throw error;
      tell(`${stage.options.name}, ${fault.name}: played once more, ${error.message}`);
      expect(await stage.findings()).toEqual([]);
    }
  }
}

/** One scene: changes under way, the fault, changes in the gap, and then all is as it should be. Resolves to what the judge found. */
async function play(stage: Stage, fault: Fault, tell: (line: string) => void): Promise<readonly string[]> {
  const { root, lease } = stage.options;
  const leader = await stage.calm();
  await expectWarmStandbys(stage, leader);
  const writesBefore = await stage.statusWrites();
  const changesBefore = stage.changes;
  const claimsBefore = stage.all.filter(({ ledAt }) => ledAt !== undefined).length;

  await Promise.all(stage.names.slice(0, fault.changes ?? 6).map((each) => stage.change(each)));
  if (fault.ends !== undefined) stage.excuse(leader);
  const struckAt = Date.now();
  stage.toUndo(await fault.strike(stage, leader));
  const inTheGap = await changesInTheGap(stage, fault.name);
  const next = fault.ends === undefined ? leader : await stage.leader([leader]);
  const gapMs = Math.max(0, (next.ledAt ?? 0) - struckAt);
  await stage.whole(next);
  const wholeMs = Date.now() - struckAt - gapMs;
  if (fault.ends === undefined) await expectStillInOffice(stage, leader);
  await stage.settled(next);

  const before = await fingerprints(stage);
  if (fault.ends?.when === 'at once') expect(await leader.process.exited).toBe(fault.ends.code);
  stage.undo();
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
  tell(measured(stage, fault.name, gapMs, wholeMs));
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

function measured({ options }: Stage, what: string, gapMs: number, wholeMs: number): string {
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  const { durationMs, renewDeadlineMs, retryPeriodMs } = options.lease;
  const lease = [durationMs, renewDeadlineMs, retryPeriodMs].map((ms) => ms / 1_000).join('/');
  return `${options.replicas} replicas, ${options.root} root, lease ${lease} s, ${what}: gap ${seconds(gapMs)}, all packages after ${seconds(wholeMs)}`;
}
