import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HaWorld, haWorld } from '../../support/ha/ha-world.ts';
import type { Replica } from '../../support/ha/replica.ts';
import { Stage } from '../../support/ha/stage.ts';
import { DEFAULT_LEASE } from '../../support/lease-flags.ts';
import { eventsIn } from '../../support/operator-scenes.ts';

const ROLLOUTS = 20;
const INTENTS = 24;
/** The load deletes more than half of the intents within a minute, and means it. */
const WITHOUT_BRAKE = ['--brake-count', '100000'];

let ha: HaWorld;
beforeAll(async () => {
  ha = await haWorld();
});
afterAll(async () => ha?.stop());

test(`${ROLLOUTS} rolling restarts under load: nothing lost, nothing told twice, never two publishers, short gaps`, async () => {
  const lease = { ...DEFAULT_LEASE, retryPeriodMs: 500 };
  const stage = new Stage({ ...ha, name: 'rolling', replicas: 2, root: 'shared', lease, flags: WITHOUT_BRAKE });
  try {
    await stage.open();
    const load = startLoad(stage);
    const gaps: number[] = [];
    for (let n = 0; n < ROLLOUTS; n += 1) gaps.push(...(await rollOut(stage)));
    await load.stop();
    const quietAt = Date.now();
    await stage.settled(await stage.leader());
    const wholeMs = Date.now() - quietAt;

    expect(await stage.findings()).toEqual([]);
    expect(await stage.statusWrites()).toBeLessThanOrEqual(stage.changes);
    expect(ha.world.statuses.findings).toEqual([]);
    const seconds = (ms = 0): string => `${(ms / 1_000).toFixed(1)} s`;
    const ordered = gaps.toSorted((a, b) => a - b);
    const events = (await eventsIn(ha.world.plane, 'rolling')).length;
    ha.tell(
      `${stage.all.length} processes, ${gaps.length} handovers under ${stage.changes} changes: gap ${seconds(ordered[ordered.length >> 1])} in the middle, ` +
        `${seconds(ordered.at(-1))} at most; all as it should be ${seconds(wholeMs)} after the last change; ${events} Events`,
    );
  } finally {
    await stage.close();
  }
}, 600_000);

/** As a Deployment rolls out: new ones beside the old ones, and once they are ready the old ones go. Resolves to the gaps. */
async function rollOut(stage: Stage): Promise<readonly number[]> {
  const old = stage.living;
  await Promise.all(stage.places.map((place) => stage.start(place)));
  const gaps: number[] = [];
  for (const replica of old) {
    const led = replica.ledAt !== undefined;
    stage.excuse(replica);
    replica.process.signal('SIGTERM');
    expect(await replica.process.exited).toBe(0);
    if (led) gaps.push(await gapAfter(stage, replica));
  }
  return gaps;
}

async function gapAfter(stage: Stage, gone: Replica): Promise<number> {
  const next = await stage.leader([gone]);
  return Math.max(0, (next.ledAt ?? 0) - (gone.endedAt ?? 0));
}

/** Creates, changes and deletes intents until it is stopped, one after the other. */
function startLoad(stage: Stage): { stop(): Promise<void> } {
  const state = { stopped: false, next: 0 };
  const one = async (): Promise<void> => {
    const { names } = stage;
    state.next += 1;
    if (names.length < INTENTS || state.next % 10 === 0) await stage.change(`i-${state.next}`);
    else if (state.next % 10 === 5) await stage.remove(names[state.next % names.length] ?? '');
    else await stage.change(names[(state.next * 7) % names.length] ?? '');
  };
  const run = async (): Promise<void> => {
    while (!state.stopped) {
      await one();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const ended = run();
  ended.catch(() => {});
  return {
    async stop() {
      state.stopped = true;
      await ended;
    },
  };
}
