import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { PatchIntent } from '../../../src/api/types.ts';
import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { inWords } from '../../support/audit.ts';
import { PATIENT_LEASE } from '../../support/lease-flags.ts';
import { eventsIn, scale } from '../../support/operator-scenes.ts';
import { eventually, isReady, type OperatorWorld, operatorWorld, readyWords } from '../../support/operator-world.ts';
import {
  afterRuns,
  conditionOf,
  look,
  messageOf,
  must,
  NO_RESYNC,
  nextSecond,
  said,
  writesIn,
} from '../../support/safety-scenes.ts';

// Several intents that want one field of one target.

let world: OperatorWorld;
let operator: OperatorProcess;

/** What the older intent of a namespace of this name becomes, and what the younger one, which wants 6, has to wait for. */
const RELEASES: Readonly<Record<string, (key: string) => Promise<void>>> = {
  deleted: (key) => world.remove(key),
  equal: (key) => world.apply(key, scale('web', 6)),
  suspended: (key) => world.apply(key, { ...scale('web', 4), suspend: true }),
  'dry-run': (key) => world.apply(key, { ...scale('web', 4), dryRun: true }),
  'other-target': (key) => world.apply(key, scale('api', 4)),
  'on-its-way-out': async (key) => {
    // Somebody else still has work to do before it is gone.
    const [namespace, name] = key.split('/');
    const path = `/apis/patchgen.dev/v1alpha1/namespaces/${namespace}/patchintents/${name}`;
    await must(
      world,
      'PATCH',
      path,
      { metadata: { finalizers: ['example.com/hold'] } },
      'application/merge-patch+json',
    );
    await world.remove(key);
  },
  'other-kind': (key) => world.apply(key, { ...scale('web', 4), targetKind: 'StatefulSet' }),
  'never-planned': (key) => world.apply(key, { ...scale('web', 4), targetApiVersion: 'apps/v1beta1' }),
};
const NAMESPACES = [...Object.keys(RELEASES), 'loser', 'returns', 'three', 'tries'];

beforeAll(async () => {
  world = await operatorWorld();
  // A loser looks by itself every five minutes: all that happens here is told by a watch.
  operator = await world.start({ flags: [...PATIENT_LEASE, ...NO_RESYNC] });
  for (const namespace of NAMESPACES) {
    await world.namespace(namespace);
    await world.apply(`${namespace}/old`, scale('web', 4));
  }
  await nextSecond();
  for (const namespace of NAMESPACES) await world.apply(`${namespace}/young`, scale('web', 6));
});
afterAll(async () => world?.stop());
afterEach(() => expect(world.statuses.findings).toEqual([]));

const conflicted = (key: string, ...words: readonly string[]): Promise<PatchIntent> =>
  world.until(
    key,
    `has lost, naming ${words.join(', ')}`,
    (it) => readyWords(it) === 'False ConflictingIntent' && words.every((word) => messageOf(it).includes(word)),
  );

const patchOf = (key: string): string => readFileSync(join(world.packages, key, 'scaling-patch.yaml'), 'utf8');

describe('two intents that want different values', () => {
  test('the older one has the field; the other is Conflicted and not Stalled, names it, and has no package', async () => {
    await world.ready('deleted/old');
    const young = await conflicted('deleted/young', 'intent deleted/old is older and wants 4 of the same field');
    expect(conditionOf(young, 'Conflicted')).toMatchObject({ status: 'True', reason: 'ConflictingIntent' });
    expect(conditionOf(young, 'Stalled')).toBeUndefined();
    expect(young.status?.package).toBeUndefined();
    expect(() => patchOf('deleted/young')).toThrow('ENOENT');
    expect(await said(world, 'deleted/young')).toEqual(['False ConflictingIntent']);
  });

  test.each(Object.entries(RELEASES))(
    'when the older one is %s the younger one goes ahead at once',
    async (namespace, release) => {
      const [old, young] = [`${namespace}/old`, `${namespace}/young`];
      await world.ready(old);
      await conflicted(young, old);
      await release(old);
      const ready = await world.ready(young);
      expect(conditionOf(ready, 'Conflicted')).toBeUndefined();
      expect(patchOf(young)).toContain('replicas: 6');
      if (namespace === 'equal')
        expect((await world.ready(old)).status?.package?.digest).toBe(ready.status?.package?.digest);
    },
  );

  test('the younger one goes ahead when it comes to want the same, and both have the very same package', async () => {
    await conflicted('loser/young', 'loser/old');
    await world.apply('loser/young', scale('web', 4));
    const [old, young] = [await world.ready('loser/old'), await world.ready('loser/young')];
    expect(young.status?.package?.digest).toBe(old.status?.package?.digest);
    expect(patchOf('loser/young')).toBe(patchOf('loser/old'));
  });

  test('the younger one learns of it also as a dry run, keeps the field from nobody, and goes on as soon as the older one goes', async () => {
    await conflicted('tries/young', 'tries/old');
    const dry = { ...scale('web', 6), dryRun: true };
    await world.apply('tries/young', dry);
    const held = await conflicted('tries/young', 'intent tries/old is older and wants 4 of the same field');
    expect(held.status?.observedGeneration).toBe(2);
    expect(conditionOf(held, 'Conflicted')).toMatchObject({ status: 'True' });
    await world.remove('tries/old');
    expect(readyWords(await world.ready('tries/young'))).toBe('True DryRun');
    await nextSecond();
    await world.apply('tries/younger', scale('web', 7));
    await world.ready('tries/younger');
    expect(readyWords(await look(world, 'tries/young'))).toBe('True DryRun');
  });

  test('an older one that comes back takes the field back; what the younger one had published stays as it is', async () => {
    await conflicted('returns/young', 'returns/old');
    await world.apply('returns/old', { ...scale('web', 4), suspend: true });
    const { status } = await world.ready('returns/young');
    await world.apply('returns/old', scale('web', 4));
    await world.ready('returns/old');
    const lost = await conflicted('returns/young', 'returns/old', 'wants 4');
    expect(lost.status?.package).toEqual(status?.package);
    expect(patchOf('returns/young')).toContain('replicas: 6');
    // Nothing but whether it is in conflict has changed, so nothing but that is told when it ends.
    await world.remove('returns/old');
    expect((await world.ready('returns/young')).status?.package).toEqual(status?.package);
  });

  test('the words of a loser follow the winner: its value, and who it is', async () => {
    // Of two of one second, the uid decides who is older.
    await nextSecond();
    await world.apply('three/last', scale('web', 7));
    await conflicted('three/last', 'intent three/old is older and wants 4');
    await world.apply('three/old', scale('web', 5));
    await conflicted('three/last', 'intent three/old is older and wants 5');
    await nextSecond();
    await world.remove('three/old');
    await world.ready('three/young');
    await conflicted('three/last', 'intent three/young is older and wants 6');
    await world.remove('three/young');
    expect(conditionOf(await world.ready('three/last'), 'Conflicted')).toBeUndefined();
  });
});

describe('whoever comes first', () => {
  /** Creates both, in the same second, in requests under way at once; the one with the lower uid first. */
  async function inOneSecond(namespace: string): Promise<readonly [PatchIntent, PatchIntent]> {
    for (let tries = 0; ; tries += 1) {
      const keys = [`${namespace}/one-${tries}`, `${namespace}/two-${tries}`];
      await Promise.all(keys.map((key, i) => world.apply(key, scale(`web-${tries}`, 4 + i))));
      const [one, two] = await Promise.all(keys.map((key) => world.get(key)));
      if (one === undefined || two === undefined) throw new Error('both were created');
      if (one.metadata.creationTimestamp === two.metadata.creationTimestamp)
        return one.metadata.uid < two.metadata.uid ? [one, two] : [two, one];
    }
  }

  test('of two that were created in the same second the one with the lower uid has the field, each time', async () => {
    await world.namespace('second');
    for (let times = 1; times <= 4; times += 1) {
      await nextSecond();
      const [winner, loser] = await inOneSecond('second');
      await world.ready(keyOf(winner));
      await conflicted(keyOf(loser), keyOf(winner));
      expect(patchOf(keyOf(winner))).toContain(`replicas: ${winner.spec.replicas}`);
      await world.remove(keyOf(winner));
      await world.remove(keyOf(loser));
    }
  });

  test('fifty intents on one field that an operator finds: one has it, who wants the same shares it, and so on when that one goes', async () => {
    expect(await operator.stop()).toBe(0);
    await world.namespace('fifty');
    const keys = Array.from({ length: 50 }, (_, i) => `fifty/i-${i}`);
    await Promise.all(keys.map((key, i) => world.apply(key, scale('web', 1 + (i % 5)))));
    operator = await world.start({ flags: [...PATIENT_LEASE, ...NO_RESYNC] });
    const first = await settledFifty(50);
    for (const loser of first.losers) expect(await said(world, loser)).toEqual(['False ConflictingIntent']);
    for (const winner of first.sharing) expect(await said(world, winner)).toEqual(['True PackageWritten']);
    const { end } = world.audit();
    for (const key of first.sharing) await world.remove(key);
    const second = await settledFifty(40);
    expect(second.winner).not.toBe(first.winner);
    // One write for each that is left, told of its other rival or of its package; some may be told of a rival in between.
    const writes = writesIn(world.audit(end).records).filter(({ objectRef }) => objectRef?.subresource === 'status');
    expect(writes.length).toBeGreaterThanOrEqual(40);
    expect(writes.length).toBeLessThanOrEqual(40 * first.sharing.length);
  });

  interface Fifty {
    readonly winner: string;
    readonly sharing: readonly string[];
    readonly losers: readonly string[];
  }

  /** Waits until each of them says what it has to say. */
  async function settledFifty(count: number): Promise<Fifty> {
    let found: Fifty | undefined;
    await eventually(`${count} intents have settled`, async () => {
      const intents = (await world.list('fifty')).toSorted(byAge);
      const [winner] = intents;
      if (winner === undefined || intents.length !== count) return false;
      const shares = (it: PatchIntent): boolean => it.spec.replicas === winner.spec.replicas;
      const [sharing, losers] = [intents.filter(shares), intents.filter((it) => !shares(it))];
      const named = `intent ${keyOf(winner)} is older and wants ${winner.spec.replicas} `;
      found = { winner: keyOf(winner), sharing: sharing.map(keyOf), losers: losers.map(keyOf) };
      return (
        sharing.every(isReady) &&
        losers.every((it) => readyWords(it) === 'False ConflictingIntent' && messageOf(it).startsWith(named))
      );
    });
    return found as Fifty;
  }
});

describe('nothing oscillates', () => {
  const KEYS = ['calm/a-young', 'calm/b-same', 'calm/z-old'];
  const flags = [
    ...[...PATIENT_LEASE, '--leader-election-id', 'calm'],
    ...['--watch-namespaces', 'calm', '--resync-interval', '100ms'],
  ];

  /** What a write would change of the packages. */
  const traces = (): readonly string[] =>
    ['calm/b-same', 'calm/z-old'].map((key) => {
      const { ino, ctimeMs } = lstatSync(join(world.packages, key));
      return `${key} ${ino} ${ctimeMs}`;
    });

  test('over quick resyncs, restarts and leaders, whatever the order in which an operator finds them', async () => {
    expect(await operator.stop()).toBe(0);
    await world.namespace('calm');
    await world.apply('calm/z-old', scale('web', 4));
    await nextSecond();
    await world.apply('calm/a-young', scale('web', 6));
    await world.apply('calm/b-same', scale('web', 4));
    operator = await world.start({ flags });
    for (const key of ['calm/z-old', 'calm/b-same']) await world.ready(key);
    await conflicted('calm/a-young', 'calm/z-old');
    await eventually('all is told', async () => (await eventsIn(world.plane, 'calm')).length >= KEYS.length);
    const before = { traces: traces(), ...world.audit() };
    const inRest = async (): Promise<void> => {
      await afterRuns(operator, 20 * KEYS.length);
      expect(traces()).toEqual(before.traces);
      expect(writesIn(world.audit(before.end).records).map(inWords)).toEqual([]);
      expect(await Promise.all(KEYS.map((key) => said(world, key)))).toEqual([
        ['False ConflictingIntent'],
        ['True PackageWritten'],
        ['True PackageWritten'],
      ]);
    };
    await inRest();
    expect(await operator.stop()).toBe(0);
    operator = await world.start({ flags });
    await inRest();
    // A standby with warm caches takes over.
    const standby = await world.start({ flags });
    expect(await operator.stop()).toBe(0);
    await eventually('the other leads', () => standby.log.some(({ msg }) => msg.startsWith('leading')));
    operator = standby;
    await inRest();
  });
});

const keyOf = ({ metadata }: PatchIntent): string => `${metadata.namespace}/${metadata.name}`;

function byAge({ metadata: one }: PatchIntent, { metadata: other }: PatchIntent): number {
  const age = ({ creationTimestamp, uid }: PatchIntent['metadata']): string => `${creationTimestamp} ${uid}`;
  return age(one) < age(other) ? -1 : 1;
}
