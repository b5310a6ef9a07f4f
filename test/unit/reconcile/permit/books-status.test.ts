import { describe, expect, test } from 'vitest';
import type { PatchPolicySpec, PolicyStatus } from '../../../../src/api/schema/patchpolicy.ts';
import type { Condition } from '../../../../src/api/types.ts';
import { ApiError } from '../../../../src/platform/kubernetes/client.ts';
import { brakedUntil } from '../../../../src/policy/brake.ts';
import { bookWorld, change, compiledOf, type Leader, ledgerOn } from '../../../support/book-world.ts';
import { lintStatus } from '../../../support/status-linter.ts';

const HOUR = 3_600_000;
const NEVER = new AbortController().signal;
const ONE_PER_TARGET = { rate: { perTargetPerHour: 1 } };
const STORM = { storm: { failures: 3, window: '10m', coolDown: '30m' } };
/** The schema takes it; the calendar does not. */
const NO_SUCH_ZONE: PatchPolicySpec = {
  windows: [{ effect: 'Allow', schedule: '0 9 * * *', duration: '1h', timeZone: 'Mars/Phobos' }],
};

/** Ready as the server has it, after a look at the rules of kstatus. */
function ready(world: ReturnType<typeof bookWorld>, name: string): Condition | undefined {
  const policy = world.server.get(name);
  const { observedGeneration, conditions } = world.server.statusOf(name);
  const told = {
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
    ...(conditions && { conditions }),
  };
  expect(lintStatus({ metadata: { generation: policy?.metadata.generation ?? 0 }, status: told })).toEqual([]);
  return conditions?.find(({ type }) => type === 'Ready');
}

function take({ books, view }: Leader, name: string, id: string) {
  const settled = books.reserve(compiledOf(view), change(name, id), NEVER);
  settled.catch(() => {});
  return settled;
}

function stormOf({ books, view }: Leader) {
  return books.usage(compiledOf(view)).get('one')?.storm ?? { failures: [] };
}

describe('the Ready condition', () => {
  test('says of each policy whether it can be used, in one write for each generation', async () => {
    const world = bookWorld({ one: ONE_PER_TARGET, two: NO_SUCH_ZONE });
    world.books.begin();
    await world.clock.advance(10_000);
    expect(ready(world, 'one')).toMatchObject({ status: 'True', reason: 'PolicyReady', observedGeneration: 1 });
    expect(ready(world, 'two')).toMatchObject({ status: 'False', reason: 'PolicyInvalid', observedGeneration: 1 });
    expect(world.server.statusOf('two').observedGeneration).toBe(1);
    world.catchUp();
    world.server.edit('one');
    world.catchUp();
    world.books.begin();
    await world.clock.advance(10 * 60_000);
    expect(world.server.writes).toHaveLength(2);
    world.server.edit('one', { rate: { perTargetPerHour: 2 } });
    world.catchUp();
    await world.clock.advance(10 * 60_000);
    expect(ready(world, 'one')).toMatchObject({ observedGeneration: 2 });
    expect(world.server.writes).toHaveLength(3);
  });

  test('lists all that is wrong, whether the schema of today or the calendar says it', async () => {
    const stored = { rate: { perTargetPerHour: 0 }, replicas: { max: -1 } } as PatchPolicySpec;
    const world = bookWorld({ one: stored, two: NO_SUCH_ZONE });
    world.books.begin();
    await world.clock.advance(100);
    expect(ready(world, 'one')?.message).toContain('rate.perTargetPerHour');
    expect(ready(world, 'one')?.message).toContain('replicas.max');
    expect(ready(world, 'two')?.message).toContain('windows[0].timeZone');
  });

  test('comes right with the spec, and tells its people once for each thing that is wrong', async () => {
    const world = bookWorld({ one: NO_SUCH_ZONE });
    world.books.begin();
    await world.clock.advance(100);
    world.catchUp();
    world.server.edit('one', { ...NO_SUCH_ZONE, replicas: { max: 3 } });
    world.catchUp();
    await world.clock.advance(100);
    expect(world.events).toHaveLength(1);
    expect(world.events[0]).toMatchObject({ type: 'Warning', reason: 'PolicyInvalid', regarding: { name: 'one' } });
    world.server.edit('one', ONE_PER_TARGET);
    world.catchUp();
    await world.clock.advance(100);
    expect(ready(world, 'one')).toMatchObject({ status: 'True', observedGeneration: 3 });
    expect(world.events).toHaveLength(1);
  });

  test('is written together with what is counted, and no write of ours meets another one of ours', async () => {
    const world = bookWorld({ one: { ...ONE_PER_TARGET, ...STORM } });
    const places = Array.from({ length: 5 }, (_, i) => take(world, `web-${i}`, 'a/1'));
    world.books.failed(compiledOf(world.view), 'x/1');
    world.books.begin();
    await world.clock.advance(100);
    await Promise.all(places);
    expect(ready(world, 'one')).toMatchObject({ status: 'True' });
    expect(world.server.writes).toHaveLength(1);
    expect(world.results).not.toContain('conflict');
  });

  test('carries the conditions of others, unless the server takes none with them', async () => {
    const foreign = {
      type: 'Audited',
      status: 'True',
      reason: 'Ok',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    const world = bookWorld({ one: ONE_PER_TARGET });
    world.server.setStatus('one', { conditions: [foreign] });
    world.catchUp();
    await world.clock.advance(100);
    expect(world.server.statusOf('one').conditions).toContainEqual(foreign);
    world.server.faults.push(new ApiError(422, 'Invalid', 'status.conditions: Too many'));
    const taken = take(world, 'web', 'a/1');
    await world.clock.advance(100);
    expect(await taken).toBeUndefined();
    expect(world.server.statusOf('one').conditions?.map(({ type }) => type)).toEqual(['Ready']);
  });

  test('is tried again when it could not be written, less and less often', async () => {
    const world = bookWorld({ one: ONE_PER_TARGET });
    world.server.down = true;
    world.books.begin();
    await world.clock.advance(HOUR);
    expect(world.server.requests).toBeGreaterThan(60);
    expect(world.server.requests).toBeLessThan(300);
    world.server.down = false;
    await world.clock.advance(60_000);
    expect(ready(world, 'one')).toMatchObject({ status: 'True' });
  });

  test('is not written by who does not lead', async () => {
    const world = bookWorld({ one: ONE_PER_TARGET });
    world.lease = false;
    world.books.begin();
    await world.clock.advance(60_000);
    expect(world.server.requests).toBe(0);
  });
});

describe('a failure', () => {
  test('counts at once here, and soon in the status, many in one write', async () => {
    const world = bookWorld({ one: STORM, two: ONE_PER_TARGET });
    for (const id of ['a/1', 'b/1', 'c/1']) world.books.failed(compiledOf(world.view), id);
    expect(brakedUntil(stormOf(world), STORM.storm, world.clock.now())).toBeDefined();
    await world.clock.advance(100);
    expect(world.server.statusOf('one').storm?.failures.map(({ id }) => id)).toEqual(['a/1', 'b/1', 'c/1']);
    expect(world.server.statusOf('one').storm?.trippedAt).toBe(Date.parse('2026-01-01T00:00:00Z'));
    expect(world.server.writes.map(({ name }) => name)).toEqual(['one']);
  });

  test('that could not be written is kept and tried again until it is', async () => {
    const world = bookWorld({ one: STORM });
    world.server.down = true;
    world.books.failed(compiledOf(world.view), 'a/1');
    await world.clock.advance(10 * 60_000);
    world.books.failed(compiledOf(world.view), 'b/1');
    world.server.down = false;
    await world.clock.advance(60_000);
    expect(world.server.statusOf('one').storm?.failures.map(({ id }) => id)).toEqual(['a/1', 'b/1']);
  });

  test('of another leader is counted too', async () => {
    const world = bookWorld({ one: STORM });
    const other = world.another();
    other.books.failed(compiledOf(other.view), 'a/1');
    await world.clock.advance(100);
    world.books.failed(compiledOf(world.view), 'b/1');
    await world.clock.advance(1_000);
    expect(stormOf(world).failures.map(({ id }) => id)).toEqual(['a/1', 'b/1']);
    expect(world.server.statusOf('one').storm?.failures).toHaveLength(2);
  });

  test('is written before the books end', async () => {
    const world = bookWorld({ one: STORM });
    world.books.begin();
    await world.clock.advance(2);
    world.books.failed(compiledOf(world.view), 'a/1');
    const stopped = world.books.stop();
    await world.clock.advance(100);
    await stopped;
    expect(world.server.statusOf('one').storm?.failures).toHaveLength(1);
  });

  test('under a policy that is gone disturbs nobody', async () => {
    const world = bookWorld({ one: STORM });
    const before = compiledOf(world.view);
    world.server.remove('one');
    world.catchUp();
    world.books.failed(before, 'a/1');
    await world.clock.advance(10_000);
    expect(world.server.writes).toHaveLength(0);
    await world.books.stop();
  });
});

describe('a status that can not be read', () => {
  test.each([
    ['text', { rate: 'garbage' }],
    ['a number', { rate: 5 }],
    ['no status at all', 'garbage'],
    ['a list', []],
  ])('counts as full for an hour, across a change of the leader: %s', async (_, status) => {
    const world = bookWorld({ one: ONE_PER_TARGET });
    world.server.setStatus('one', status);
    world.catchUp();
    const start = world.clock.now().getTime();
    const full = { policy: 'one', until: new Date(start + HOUR) };
    expect(await take(world, 'web', 'a/1')).toEqual(full);
    await world.clock.advance(60_000);
    expect(ready(world, 'one')).toMatchObject({ status: 'False', reason: 'PolicyInvalid' });
    expect(ready(world, 'one')?.message).toContain(full.until.toISOString());
    const next = world.another();
    next.books.begin();
    await world.clock.advance(HOUR / 2);
    expect(await take(next, 'web', 'a/1')).toEqual(full);
    await world.clock.advance(HOUR / 2);
    next.catchUp();
    expect(ready(world, 'one')).toMatchObject({ status: 'True' });
    const taken = take(next, 'web', 'a/1');
    await world.clock.advance(1_000);
    expect(await taken).toBeUndefined();
    expect(ledgerOn(world.server, 'one').entries).toHaveLength(1);
  });

  test.each([{ failures: 'many' }, { failures: [{ at: 'noon', id: 'a' }] }, 7])(
    'of the storm brake counts as a storm: %j',
    async (storm) => {
      const world = bookWorld({ one: STORM });
      world.server.setStatus('one', { storm });
      world.catchUp();
      const held = { trippedAt: world.clock.now().getTime() };
      expect(stormOf(world)).toMatchObject(held);
      await world.clock.advance(60_000);
      expect(world.server.statusOf('one')).toMatchObject({ storm: held } satisfies Partial<
        Record<keyof PolicyStatus, unknown>
      >);
      expect(stormOf(world.another())).toMatchObject(held);
    },
  );

  test('grants what was let through before it became so', async () => {
    const world = bookWorld({ one: ONE_PER_TARGET });
    void take(world, 'web', 'a/1');
    await world.clock.advance(100);
    world.server.setStatus('one', { rate: '?' });
    world.catchUp();
    const again = take(world, 'web', 'a/1');
    await world.clock.advance(100);
    expect(await again).toBeUndefined();
    expect(await take(world, 'api', 'b/1')).toMatchObject({ policy: 'one' });
  });
});
