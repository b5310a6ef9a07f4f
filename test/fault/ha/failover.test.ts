import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FAULTS, type Fault } from '../../support/ha/faults.ts';
import { type HaWorld, haWorld } from '../../support/ha/ha-world.ts';
import { played } from '../../support/ha/scene.ts';
import { Stage, type StageOptions } from '../../support/ha/stage.ts';
import { DEFAULT_LEASE, type LeaseTimes } from '../../support/lease-flags.ts';
import { eventually } from '../../support/operator-world.ts';

const LEASE: LeaseTimes = { durationMs: 6_000, renewDeadlineMs: 5_000, retryPeriodMs: 500 };
const PATIENCE_MS = 600_000;

let ha: HaWorld;
beforeAll(async () => {
  ha = await haWorld();
});
afterAll(async () => ha?.stop());

/** A stage of its own with so many Ready intents, closed when `use` ends. */
async function onStage<T>(options: Omit<StageOptions, 'world' | 'program'>, intents: number, use: (stage: Stage) => T) {
  const stage = new Stage({ ...ha, ...options });
  try {
    await openWith(stage, intents);
    return await use(stage);
  } finally {
    await stage.close();
  }
}

async function openWith(stage: Stage, intents: number): Promise<void> {
  await stage.open();
  for (let i = 0; i < intents; i += 12)
    await Promise.all(Array.from({ length: Math.min(12, intents - i) }, (_, j) => stage.change(`i-${i + j}`)));
  await stage.calm();
}

const STAGES = [2, 3].flatMap((replicas) =>
  (['shared', 'separate'] as const).map((root) => [replicas, root, `ha-${replicas}-${root}`] as const),
);

describe.concurrent.each(STAGES)('%d replicas, %s root', (replicas, root, name) => {
  describe.sequential('the leader is', () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = new Stage({ ...ha, name, replicas, root, lease: LEASE });
      await openWith(stage, 12);
    });
    afterAll(async () => stage?.close());

    test.each(FAULTS.map((fault) => [fault.name, fault] as const))(
      '%s',
      async (_, fault) => expect(await played(stage, fault, ha.tell)).toEqual([]),
      PATIENCE_MS,
    );
  });
});

test.concurrent(
  'with the default lease a killed leader of 300 intents is replaced, and all packages are on the new root',
  async () => {
    const options = { name: 'ha-default', replicas: 2, root: 'separate', lease: DEFAULT_LEASE } as const;
    const [killed] = FAULTS as readonly [Fault, ...Fault[]];
    expect(await onStage(options, 300, (stage) => played(stage, killed, ha.tell))).toEqual([]);
  },
  PATIENCE_MS,
);

/** Every sync of a file or directory takes so long: what a batch stages is on its way for seconds. */
const SLOW_DISK = '-D -f --seccomp-bpf -qq -o /dev/null -e trace=fsync -e inject=fsync:delay_enter=250ms';

test.concurrent(
  'a leader that is blocked past its lease while its disk is slow does not publish what was on its way',
  async () => {
    const options = {
      name: 'ha-slow',
      replicas: 2,
      root: 'separate',
      lease: { durationMs: 4_000, renewDeadlineMs: 3_000, retryPeriodMs: 500 },
      under: ['strace', ...SLOW_DISK.split(' ')],
    } as const;
    const blocked: Fault = {
      name: 'blocked while its disk is slow',
      changes: 16,
      ends: { code: 64, when: 'undone' },
      async strike(_, leader) {
        const staging = join(leader.place.outputDir, 'packages/.patchgen/staging');
        const staged = (): number =>
          readdirSync(staging, { recursive: true }).filter((it) => `${it}`.endsWith('/Kptfile')).length;
        // The first batch is one package; those that came meanwhile are the next one.
        await eventually('a batch is on its way', () => staged() >= 4);
        return leader.block();
      },
    };
    expect(await onStage(options, 16, (stage) => played(stage, blocked, ha.tell))).toEqual([]);
  },
  PATIENCE_MS,
);
