import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PatchIntent } from '../../../src/api/types.ts';
import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { scale } from '../../support/operator-scenes.ts';
import { eventually, type OperatorWorld, operatorWorld, readyWords } from '../../support/operator-world.ts';
import { seededRandom } from '../../support/random.ts';
import { messageOf } from '../../support/safety-scenes.ts';

// Whatever happened on the way: in the end it is only the intents that are there who decide who has what.

let world: OperatorWorld;
beforeAll(async () => {
  world = await operatorWorld();
});
afterAll(async () => world?.stop());

const INTENTS = 14;
const TARGETS = 3;
const ROUNDS = 12;
const AT_ONCE = 6;

type Random = (below: number) => number;

/** As the properties have it: the same changes in continuous integration, others everywhere else. */
const seed = Number(
  process.env.PATCHGEN_TEST_SEED ?? (process.env.CI === 'true' ? 20_260_101 : Math.floor(Math.random() * 2 ** 31)),
);

/** One change of one intent: mostly another value or target, at times silence, a dry run, or the end. */
async function change(key: string, random: Random): Promise<void> {
  const spec = scale(`web-${random(TARGETS)}`, 1 + random(3));
  const what = random(10);
  if (what === 0) await world.remove(key);
  else if (what === 1) await world.apply(key, { ...spec, suspend: true });
  else if (what === 2) await world.apply(key, { ...spec, dryRun: true });
  else await world.apply(key, spec);
}

/** What an intent should say when all of these are there: its words, and whom it names. */
function expected(intent: PatchIntent, all: readonly PatchIntent[]): readonly [words: string, names: string] {
  if (intent.spec.suspend === true) return ['False Suspended', ''];
  const done = intent.spec.dryRun === true ? 'True DryRun' : 'True PackageWritten';
  const [winner] = all
    .filter(({ spec }) => spec.suspend !== true && spec.dryRun !== true && spec.target === intent.spec.target)
    .toSorted((one, other) => (age(one) < age(other) ? -1 : 1));
  // A dry run may be older than the winner, which it would be itself if it were none.
  if (winner === undefined || winner.spec.replicas === intent.spec.replicas || age(intent) < age(winner))
    return [done, ''];
  return ['False ConflictingIntent', `intent ${keyOf(winner)} is older and wants ${winner.spec.replicas} `];
}

/** Those that do not say what they should. */
function astray(all: readonly PatchIntent[]): readonly string[] {
  return all.flatMap((intent) => {
    const [words, names] = expected(intent, all);
    const right = readyWords(intent) === words && messageOf(intent).includes(names);
    return right
      ? []
      : [`${keyOf(intent)} should say ${words} ${names}and says ${readyWords(intent)} ${messageOf(intent)}`];
  });
}

const age = ({ metadata: { creationTimestamp, uid } }: PatchIntent): string => `${creationTimestamp} ${uid}`;
const keyOf = ({ metadata }: PatchIntent): string => `${metadata.namespace}/${metadata.name}`;

test.each([
  ['quick', '100ms'],
  ['never', '10m'],
])(
  'many changes at once, an operator that is killed among them, resyncs %s: all say what follows from the intents',
  async (name, interval) => {
    const namespace = `end-${name}`;
    const { fraction } = seededRandom(seed);
    const random: Random = (below) => Math.floor(fraction() * below);
    const outputDir = world.volume();
    const flags = ['--leader-elect=false', '--resync-interval', interval];
    await world.namespace(namespace);
    let operator: OperatorProcess = await world.start({ outputDir, flags });
    for (let round = 0; round < ROUNDS; round += 1) {
      const keys = new Set(Array.from({ length: AT_ONCE }, () => `${namespace}/i-${random(INTENTS)}`));
      await Promise.all([...keys].map((key) => change(key, random)));
      if (round !== ROUNDS / 2) continue;
      operator.signal('SIGKILL');
      await operator.exited;
      operator = await world.launch({ outputDir, flags });
    }
    await eventually(
      `seed ${seed}: all say what they should`,
      async () => astray(await world.list(namespace)).length === 0,
    ).catch(async (error: Error) => {
      throw new Error([error.message, ...astray(await world.list(namespace))].join('\n'));
    });
    for (const intent of await world.list(namespace)) {
      if (readyWords(intent) !== 'True PackageWritten') continue;
      const patch = readFileSync(join(outputDir, 'packages', keyOf(intent), 'scaling-patch.yaml'), 'utf8');
      expect(patch).toContain(`name: ${intent.spec.target}`);
      expect(patch).toContain(`replicas: ${intent.spec.replicas}`);
    }
    expect(world.statuses.findings).toEqual([]);
    expect(await operator.stop()).toBe(0);
  },
);
