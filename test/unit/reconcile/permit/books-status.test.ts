import { describe, expect, test } from 'vitest';
import type { PatchPolicySpec, PolicyStatus } from '../../../../src/api/schema/patchpolicy.ts';
import type { Condition } from '../../../../src/api/types.ts';
import type { Clock } from '../../../../src/platform/clock.ts';
import { ApiError } from '../../../../src/platform/kubernetes/client.ts';
import { brakedUntil } from '../../../../src/policy/brake.ts';
import { ledgerText } from '../../../../src/policy/ledger.ts';
import { claimIn } from '../../../../src/policy/usage-rules.ts';
import { bookWorld, change, compiledOf, type Leader, leaderOf, ledgerOn } from '../../../support/book-world.ts';
import { ManualClock } from '../../../support/clock.ts';
import { PolicyServer } from '../../../support/policy-server.ts';
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

/** The clock of a node that is so many milliseconds ahead of the true one. */
function movedClock(truth: ManualClock, aheadMs: () => number): Clock {
  return {
    now: () => new Date(truth.now().getTime() + aheadMs()),
    monotonic: () => truth.monotonic(),
    after: (ms, run) => truth.after(ms, run),
  };
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

describe('what somebody takes out of the status', () => {
  /** The books of one place taken and two changes failed, all in the status. */
  async function counted() {
    const world = bookWorld({ one: { ...ONE_PER_TARGET, ...STORM } });
    world.books.begin();
    void take(world, 'web', 'a/1');
    for (const id of ['x/1', 'y/1', 'z/1']) world.books.failed(compiledOf(world.view), id);
    await world.clock.advance(1_000);
    world.catchUp();
    const { rate, storm } = world.server.statusOf('one');
    expect([rate?.length, storm?.failures.length]).toEqual([31, 3]);
    return Object.assign(world, { kept: { rate, storm } });
  }

  test.each<[string, (status: PolicyStatus) => PolicyStatus]>([
    ['the places', (status) => omit(status, 'rate')],
    ['the failures', (status) => omit(status, 'storm')],
    ['one of the failures', ({ storm, ...rest }) => ({ ...rest, ...(storm && { storm: without(storm, 'y/1') }) })],
    ['the cool-down', ({ storm, ...rest }) => ({ ...rest, storm: { failures: storm?.failures ?? [] } })],
    ['the time of a place', ({ rate = '', ...rest }) => ({ ...rest, rate: `0000000${rate.slice(7)}` })],
    ['everything', () => ({})],
  ])('is put back, in one write: %s', async (_, taken) => {
    const world = await counted();
    const writes = world.server.writes.length;
    world.server.setStatus('one', taken(world.server.statusOf('one')));
    world.catchUp();
    await world.clock.advance(60_000);
    expect(world.server.statusOf('one')).toMatchObject(world.kept);
    world.catchUp();
    await world.clock.advance(10 * 60_000);
    expect(world.server.writes).toHaveLength(writes + 1);
    // So the next leader, who never saw it, counts it too.
    expect(await take(world.another(), 'web', 'b/1')).toMatchObject({ policy: 'one' });
  });

  test('is put back by books that end right then', async () => {
    const world = await counted();
    world.server.setStatus('one', {});
    world.catchUp();
    const stopped = world.books.stop();
    await world.clock.advance(2_000);
    await stopped;
    expect(world.server.statusOf('one')).toMatchObject(world.kept);
  });

  test('is let go where it counts no more: what is over, and failures beyond those that the brake looks at', async () => {
    const world = await counted();
    await world.clock.advance(HOUR - 30_000);
    world.catchUp();
    const writes = world.server.writes.length;
    world.server.setStatus('one', { ...world.server.statusOf('one'), rate: '', storm: { failures: [] } });
    world.catchUp();
    await world.clock.advance(10_000);
    expect(world.server.writes).toHaveLength(writes);
    for (const id of ['p/1', 'q/1', 'r/1']) world.books.failed(compiledOf(world.view), id);
    await world.clock.advance(1_000);
    world.catchUp();
    const last = world.server.writes.length;
    const other = world.another();
    other.books.failed(compiledOf(other.view), 's/1');
    await world.clock.advance(1_000);
    world.catchUp();
    await world.clock.advance(10_000);
    expect(world.server.statusOf('one').storm?.failures.map(({ id }) => id)).toEqual(['q/1', 'r/1', 's/1']);
    expect(world.server.writes).toHaveLength(last + 1);
  });

  test.each([0, 300, 30_000, 300_000])(
    'is told apart from what another operator adds or lets go: two, %d ms apart, do not write against each other',
    async (ahead) => {
      const truth = new ManualClock();
      const server = new PolicyServer({ clock: truth });
      server.create('one', { ...ONE_PER_TARGET, ...STORM });
      const both = [0, ahead].map((ms) =>
        leaderOf(
          server,
          movedClock(truth, () => ms),
        ),
      );
      server.onWrite = () => both.forEach((leader) => truth.after(5, () => leader.catchUp()));
      for (let i = 0; i < 12; i += 1) {
        const leader = both[i % 2];
        if (leader === undefined) throw new Error('no such leader');
        void take(leader, `web-${i}`, 'a/1');
        leader.books.failed(compiledOf(leader.view), `${i}/1`);
        await truth.advance(60_000);
      }
      expect(ledgerOn(server, 'one').entries).toHaveLength(12);
      await truth.advance(2 * HOUR);
      expect(server.statusOf('one').rate).toBeUndefined();
      // One for each change, one for each time that is drawn back, and few when all is over.
      expect(server.writes.length).toBeLessThan(2 * 12 + 6);
    },
  );

  test('by another operator whose clock is far ahead, or by who strips it again and again, is put back once in a while', async () => {
    const truth = new ManualClock();
    const server = new PolicyServer({ clock: truth });
    server.create('one', ONE_PER_TARGET);
    const ahead = leaderOf(
      server,
      movedClock(truth, () => 600_000),
    );
    const behind = leaderOf(server, truth);
    server.onWrite = () => [ahead, behind].forEach((leader) => truth.after(5, () => leader.catchUp()));
    void take(behind, 'web', 'a/1');
    await truth.advance(HOUR - 600_000);
    const before = server.writes.length;
    // For the one the place is over, for the other it counts for ten more minutes.
    await truth.advance(600_000);
    expect(server.writes.length - before).toBeLessThan((2 * 600_000) / 30_000);
    await truth.advance(HOUR);
    expect(server.statusOf('one').rate).toBeUndefined();
  });
});

const omit = (status: PolicyStatus, part: keyof PolicyStatus): PolicyStatus =>
  Object.fromEntries(Object.entries(status).filter(([key]) => key !== part));
const without = (storm: NonNullable<PolicyStatus['storm']>, id: string) => ({
  ...storm,
  failures: storm.failures.filter((one) => one.id !== id),
});

describe('a time that lies ahead', () => {
  const DAY = 24 * HOUR;
  const ahead = (now: Date): PolicyStatus => ({
    rate: ledgerText({ entries: [{ ...claimIn(change('web', 'a/1')), at: (now.getTime() + 2 * DAY) / 1000 }] }),
    storm: { failures: [{ at: now.getTime() + DAY, id: 'x/1' }], trippedAt: 99_999_999_999_999 },
  });

  test('holds for an hour and for a cool-down from when it was first seen, whoever leads then', async () => {
    const world = bookWorld({ one: { ...ONE_PER_TARGET, ...STORM } });
    const start = world.clock.now();
    world.server.setStatus('one', ahead(start));
    world.catchUp();
    await world.clock.advance(1_000);
    expect(world.server.statusOf('one').storm).toEqual({
      failures: [{ at: start.getTime(), id: 'x/1' }],
      trippedAt: start.getTime(),
    });
    expect(ledgerOn(world.server, 'one').entries.map(({ at }) => at)).toEqual([start.getTime() / 1000]);
    world.catchUp();
    await world.clock.advance(HOUR / 2 - 2_000);
    const next = world.another();
    for (const leader of [world, next]) {
      expect(brakedUntil(stormOf(leader), STORM.storm, world.clock.now())).toEqual(
        new Date(start.getTime() + HOUR / 2),
      );
      expect(await take(leader, 'web', 'b/1')).toEqual({ policy: 'one', until: new Date(start.getTime() + HOUR) });
    }
    await world.clock.advance(HOUR / 2 + 2_000);
    expect(brakedUntil(stormOf(next), STORM.storm, world.clock.now())).toBeUndefined();
    const taken = take(next, 'web', 'b/1');
    await world.clock.advance(1_000);
    expect(await taken).toBeUndefined();
  });

  test('ends here too when it can not be written', async () => {
    const world = bookWorld({ one: { ...ONE_PER_TARGET, ...STORM } });
    world.server.setStatus('one', ahead(world.clock.now()));
    world.server.down = true;
    world.catchUp();
    await world.clock.advance(HOUR);
    expect(brakedUntil(stormOf(world), STORM.storm, world.clock.now())).toBeUndefined();
    world.server.down = false;
    const taken = take(world, 'web', 'b/1');
    await world.clock.advance(1_000);
    expect(await taken).toBeUndefined();
  });

  test('because the own clock was set back, holds no longer than from then', async () => {
    const truth = new ManualClock();
    const own = { ahead: 2 * DAY };
    const clock = movedClock(truth, () => own.ahead);
    const server = new PolicyServer({ clock });
    server.create('one', { ...ONE_PER_TARGET, ...STORM });
    const leader = leaderOf(server, clock);
    void take(leader, 'web', 'a/1');
    for (const id of ['x/1', 'y/1', 'z/1']) leader.books.failed(compiledOf(leader.view), id);
    await truth.advance(1_000);
    own.ahead = 0;
    const until = new Date(clock.now().getTime() + HOUR);
    expect(await take(leader, 'web', 'b/1')).toEqual({ policy: 'one', until });
    await truth.advance(HOUR / 2);
    expect(brakedUntil(stormOf(leader), STORM.storm, clock.now())).toBeUndefined();
    await truth.advance(HOUR / 2);
    const taken = take(leader, 'web', 'b/1');
    await truth.advance(1_000);
    expect(await taken).toBeUndefined();
  });
});
