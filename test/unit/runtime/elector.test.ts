import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/platform/clock.ts';
import { silentLog } from '../../../src/platform/log.ts';
import { type Elector, type ElectorOptions, startElector } from '../../../src/runtime/elector.ts';
import type { Lease } from '../../../src/runtime/lease.ts';
import { ManualClock, settle } from '../../support/clock.ts';
import { FAIR, LeaseServer, type Weather } from '../../support/lease-server.ts';
import { seededRandom } from '../../support/random.ts';

interface Replica {
  readonly elector: Elector;
  readonly told: string[];
  readonly deadlines: number[];
  weather: Weather;
  /** The weather of the next requests, one by one; after them `weather`. */
  readonly next: Weather[];
}

function setUp() {
  const clock = new ManualClock();
  const server = new LeaseServer(clock);
  const start = (identity: string, options: Partial<ElectorOptions> = {}, next: Weather[] = []): Replica => {
    const told: string[] = [];
    const deadlines: number[] = [];
    const replica = { told, deadlines, weather: FAIR, next };
    const elector = startElector({
      client: server.client(identity, () => next.shift() ?? replica.weather),
      namespace: 'patchgen-system',
      name: 'patchgen',
      identity,
      leaseDurationMs: 15_000,
      renewDeadlineMs: 10_000,
      retryPeriodMs: 2000,
      clock,
      random: seededRandom(identity.length + identity.charCodeAt(0)),
      log: silentLog,
      onElected: () => told.push('elected'),
      onLost: () => told.push('lost'),
      onDeadline: (ms) => deadlines.push(ms),
      ...options,
    });
    return Object.assign(replica, { elector });
  };
  return { clock, server, start };
}

const edit =
  (spec: object) =>
  (lease: Lease): Lease => ({ ...lease, spec: { ...lease.spec, ...spec } });
const CUT: Weather = { ...FAIR, fault: 'cut' };

describe('one leader', () => {
  test('the first candidate leads at once, and the others wait while it renews', async () => {
    const { clock, start } = setUp();
    const a = start('a');
    await clock.advance(100);
    const b = start('b');
    await clock.advance(600_000);
    expect([a.told, b.told]).toEqual([['elected'], []]);
    expect([a.elector.leading, b.elector.leading]).toEqual([true, false]);
    expect(b.elector.leader).toBe('a');
  });

  test('three candidates at the same moment make one leader', async () => {
    const { clock, start } = setUp();
    const replicas = ['a', 'b', 'c'].map((name) => start(name));
    await clock.advance(30_000);
    expect(replicas.filter(({ elector }) => elector.leading).length).toBe(1);
    expect(replicas.flatMap(({ told }) => told)).toEqual(['elected']);
  });

  test('a leader without the server stops at its deadline, before anybody else starts', async () => {
    const { clock, start } = setUp();
    const a = start('a');
    await clock.advance(100);
    const b = start('b');
    await clock.advance(60_000);
    a.weather = CUT;
    let gap = 0;
    for (let ms = 0; ms < 30_000; ms += 50) {
      await clock.advance(50);
      expect(a.elector.leading && b.elector.leading).toBe(false);
      if (!a.elector.leading && !b.elector.leading) gap += 50;
    }
    expect(a.told).toEqual(['elected', 'lost']);
    expect(b.told).toEqual(['elected']);
    expect(gap).toBeGreaterThanOrEqual(2950);
    expect(gap).toBeLessThan(8000);
  });

  test('a process that lost is never elected again', async () => {
    const { clock, start } = setUp();
    const a = start('a');
    await clock.advance(60_000);
    a.weather = CUT;
    await clock.advance(20_000);
    a.weather = FAIR;
    await clock.advance(600_000);
    expect(a.told).toEqual(['elected', 'lost']);
    expect(a.elector.leading).toBe(false);
  });
});

describe('the deadline', () => {
  test('it is the start of the last successful renewal plus the renew deadline, told before the election', async () => {
    const { clock, start } = setUp();
    const order: string[] = [];
    const slow: Weather = { there: 700, back: 700, fault: 'none' };
    const options = {
      onElected: () => order.push('elected'),
      onDeadline: (ms: number) => order.push(`deadline ${ms}`),
    };
    start('a', options, [slow, slow]);
    await clock.advance(2800);
    // The GET took 1.4 s; the write began then, and its answer came 1.4 s later.
    expect(order).toEqual(['deadline 11400', 'elected']);
  });

  test('a renewal that hangs counts from its start: its late answer does not prolong the term', async () => {
    const { clock, start } = setUp();
    const a = start('a');
    await clock.advance(10_000);
    const before = a.deadlines.at(-1) ?? 0;
    a.weather = { there: 10, back: 4900, fault: 'none' };
    await clock.advance(7000);
    const after = a.deadlines.at(-1) ?? 0;
    expect(after).toBeGreaterThan(before);
    expect(after).toBeLessThanOrEqual(clock.monotonic() - 4900 + 10_000);
  });

  test('a process that was stopped past its deadline lost, even if the answer is dealt with before the timer', async () => {
    const frozen = { by: 0 };
    const { clock, server } = setUp();
    const shifted: Clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic() + frozen.by,
      // Timers that were set before the stop fire late, after the answers that wait on the socket.
      after: (ms, run) => clock.after(ms, run),
    };
    const told: string[] = [];
    const elector = startElector({
      client: server.client('a'),
      namespace: 'x',
      name: 'x',
      identity: 'a',
      leaseDurationMs: 15_000,
      renewDeadlineMs: 10_000,
      retryPeriodMs: 2000,
      clock: shifted,
      random: seededRandom(1),
      log: silentLog,
      onElected: () => told.push('elected'),
      onLost: () => told.push('lost'),
      onDeadline() {},
    });
    await clock.advance(100);
    frozen.by = 11_000;
    expect(elector.leading).toBe(false);
    await clock.advance(2500);
    expect(told).toEqual(['elected', 'lost']);
  });

  test('the loss is told at the deadline, even between two attempts', async () => {
    const lost: number[] = [];
    const { clock, start } = setUp();
    const a = start('a', { onLost: () => lost.push(clock.monotonic()) });
    await clock.advance(30_000);
    a.weather = { ...FAIR, fault: 'refused' };
    const deadline = a.deadlines.at(-1);
    await clock.advance(20_000);
    expect(lost).toEqual([deadline]);
  });

  test('a candidate that was stopped while it won leads only after a renewal of the present', async () => {
    const frozen = { by: 0 };
    const { clock, start } = setUp();
    const shifted: Clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic() + frozen.by,
      after: (ms, run) => clock.after(ms, run),
    };
    const a = start('a', { clock: shifted }, [FAIR, { there: 1, back: 100, fault: 'none' }]);
    await clock.advance(50);
    frozen.by = 11_000;
    await clock.advance(100);
    expect(a.told).toEqual([]);
    await clock.advance(5000);
    expect(a.told).toEqual(['elected']);
    expect(a.elector.leading).toBe(true);
  });

  test('when leadership ends the deadline is now', async () => {
    const { clock, server, start } = setUp();
    const a = start('a');
    await clock.advance(30_000);
    server.tamper(edit({ holderIdentity: 'b' }));
    await clock.advance(2500);
    expect(a.told).toEqual(['elected', 'lost']);
    expect(a.deadlines.at(-1)).toBeLessThanOrEqual(clock.monotonic());
  });
});

describe('going', () => {
  test('a released lease is taken at the next look, without waiting for it to expire', async () => {
    const { clock, server, start } = setUp();
    const a = start('a');
    await clock.advance(100);
    const b = start('b');
    await clock.advance(20_000);
    const released = a.elector.release();
    await clock.advance(100);
    await released;
    expect(server.lease?.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
    await clock.advance(4500);
    expect(b.told).toEqual(['elected']);
    expect(a.told).toEqual(['elected']);
  });

  test('a release of a lease that another one holds leaves it alone', async () => {
    const { clock, server, start } = setUp();
    const a = start('a');
    await clock.advance(3000);
    server.tamper(edit({ holderIdentity: 'b' }));
    const before = server.lease;
    const released = a.elector.release();
    await clock.advance(20_000);
    await released;
    expect(server.lease).toEqual(before);
  });

  test('a candidate that somebody named in a held lease leaves it alone when it goes', async () => {
    const { clock, server, start } = setUp();
    const a = start('a');
    const b = start('b');
    await clock.advance(20_000);
    const standby = a.elector.leading ? b : a;
    a.weather = CUT;
    b.weather = CUT;
    standby.weather = FAIR;
    server.tamper(edit({ holderIdentity: standby === a ? 'a' : 'b' }));
    const released = standby.elector.release();
    await clock.advance(100);
    await released;
    expect(server.lease?.spec?.leaseDurationSeconds).toBe(15);
  });

  test('a candidate that never wrote asks for nothing when it goes', async () => {
    const { clock, server, start } = setUp();
    start('a');
    await clock.advance(100);
    const b = start('b');
    await clock.advance(5000);
    const asked = server.log.filter((line) => line.startsWith('b')).length;
    await b.elector.release();
    expect(server.log.filter((line) => line.startsWith('b')).length).toBe(asked);
  });

  test('a lease that was won by a write whose answer never came is vacated too', async () => {
    const { clock, server, start } = setUp();
    const a = start('a', {}, [FAIR, { ...FAIR, fault: 'deaf' }]);
    await clock.advance(100);
    expect(server.lease?.spec?.holderIdentity).toBe('a');
    expect(a.told).toEqual([]);
    const released = a.elector.release();
    await clock.advance(100);
    await released;
    expect(server.lease?.spec?.holderIdentity).toBe('');
  });

  test('a release without a server gives up after one renew deadline', async () => {
    const { clock, start } = setUp();
    const a = start('a');
    await clock.advance(100);
    a.weather = CUT;
    let over = false;
    void a.elector.release().then(() => {
      over = true;
    });
    await clock.advance(11_000);
    expect(over).toBe(true);
  });

  test('a stopped candidate asks for nothing more and leaves the lease as it is', async () => {
    const { clock, server, start } = setUp();
    const a = start('a');
    await clock.advance(100);
    await a.elector.stop();
    const { length } = server.log;
    await clock.advance(60_000);
    expect(server.log.length).toBe(length);
    expect(server.lease?.spec?.holderIdentity).toBe('a');
    expect([a.told, a.elector.leading, clock.pending]).toEqual([['elected'], false, 0]);
  });
});

describe('people', () => {
  test('a deleted lease is made anew by its leader, and nobody else leads meanwhile', async () => {
    const { clock, server, start } = setUp();
    const a = start('a');
    await clock.advance(100);
    const b = start('b');
    await clock.advance(20_000);
    server.tamper(() => undefined);
    for (let ms = 0; ms < 30_000; ms += 50) {
      await clock.advance(50);
      expect([a.elector.leading, b.elector.leading]).toEqual([true, false]);
    }
    expect(server.lease?.spec?.holderIdentity).toBe('a');
  });

  test('a lease deleted after its leader died gives a new leader when the term is over', async () => {
    const { clock, server, start } = setUp();
    const a = start('a');
    await clock.advance(100);
    const b = start('b');
    await clock.advance(20_000);
    await a.elector.stop();
    server.tamper(() => undefined);
    await clock.advance(14_900);
    expect(b.told).toEqual([]);
    await clock.advance(5000);
    expect(b.told).toEqual(['elected']);
  });

  test('a holder edited to somebody unknown ends the leader, and a candidate leads after one term', async () => {
    const { clock, server, start } = setUp();
    const a = start('a');
    await clock.advance(100);
    const b = start('b');
    await clock.advance(20_000);
    server.tamper(edit({ holderIdentity: 'nobody', leaseDurationSeconds: 1_000_000 }));
    await clock.advance(2500);
    expect(a.told).toEqual(['elected', 'lost']);
    expect(b.elector.leading).toBe(false);
    await clock.advance(70_000);
    expect(b.told).toEqual(['elected']);
  });

  test('a holder edited to a standby ends the leader, and the standby leads only after one term', async () => {
    const { clock, server, start } = setUp();
    const a = start('a');
    await clock.advance(100);
    const b = start('b');
    await clock.advance(20_000);
    // The leader cannot hear of it: only its deadline ends it.
    a.weather = CUT;
    server.tamper(edit({ holderIdentity: 'b' }));
    for (let ms = 0; ms < 40_000; ms += 50) {
      await clock.advance(50);
      expect([a, b].filter(({ elector }) => elector.leading).length).toBeLessThanOrEqual(1);
    }
    expect([a.told, b.told]).toEqual([['elected', 'lost'], ['elected']]);
    expect(server.lease?.spec?.leaseTransitions).toBe(1);
  });

  test('a lease that was won by a write whose answer never came is kept at the next look', async () => {
    const { clock, start } = setUp();
    const a = start('a', {}, [FAIR, { ...FAIR, fault: 'deaf' }]);
    await clock.advance(5000 + 2.2 * 2000 + 100);
    expect(a.told).toEqual(['elected']);
  });

  test('a holder edited away is put back by the leader, and nobody else leads meanwhile', async () => {
    const { clock, server, start } = setUp();
    const a = start('a');
    await clock.advance(100);
    const b = start('b');
    await clock.advance(20_000);
    server.tamper(edit({ holderIdentity: '' }));
    for (let ms = 0; ms < 20_000; ms += 50) {
      await clock.advance(50);
      expect([a.elector.leading, b.elector.leading]).toEqual([true, false]);
    }
    expect(server.lease?.spec?.holderIdentity).toBe('a');
  });

  test('a leader does not put itself back where another one led since', async () => {
    const { clock, server, start } = setUp();
    const a = start('a');
    await clock.advance(3000);
    server.tamper(edit({ holderIdentity: '', leaseTransitions: 1 }));
    await clock.advance(2500);
    expect(a.told).toEqual(['elected', 'lost']);
  });

  test('an empty lease made beforehand is taken at once', async () => {
    const { clock, server, start } = setUp();
    await start('maker').elector.stop();
    server.lease = { metadata: { name: 'patchgen', namespace: 'patchgen-system', resourceVersion: '0' } };
    const b = start('b');
    await clock.advance(100);
    expect(b.told).toEqual(['elected']);
    expect(server.lease?.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  });

  test('annotations are shown at each look and survive every write', async () => {
    const { clock, server, start } = setUp();
    const shown: (string | undefined)[] = [];
    start('a', { onLease: (lease) => shown.push(lease.metadata.annotations?.['patchgen.dev/confirm-collection']) });
    await clock.advance(5000);
    server.tamper((lease) => ({
      ...lease,
      metadata: { ...lease.metadata, annotations: { 'patchgen.dev/confirm-collection': 'abc' } },
    }));
    await clock.advance(20_000);
    expect(shown.at(0)).toBeUndefined();
    expect(shown.at(-1)).toBe('abc');
    expect(server.lease?.metadata.annotations).toEqual({ 'patchgen.dev/confirm-collection': 'abc' });
  });
});

describe('the record', () => {
  test('acquireTime and leaseTransitions change with the leader only, renewTime with every renewal', async () => {
    const { clock, server, start } = setUp();
    const a = start('a');
    await clock.advance(100);
    const first = server.lease?.spec;
    expect(first).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 });
    expect(first?.acquireTime).toMatch(/^2026-01-01T00:00:00\.\d{6}Z$/);
    await clock.advance(10_000);
    const renewed = server.lease?.spec;
    expect(renewed).toEqual({ ...first, renewTime: renewed?.renewTime });
    expect(renewed?.renewTime).not.toBe(first?.renewTime);
    await a.elector.stop();
    start('b');
    await clock.advance(20_000);
    expect(server.lease?.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
    expect(server.lease?.spec?.acquireTime).not.toBe(first?.acquireTime);
  });

  test('a leader whose wall clock stands still is seen to renew', async () => {
    const { clock, start } = setUp();
    const stuck: Clock = {
      now: () => new Date(0),
      monotonic: () => clock.monotonic(),
      after: (ms, run) => clock.after(ms, run),
    };
    const a = start('a', { clock: stuck });
    await clock.advance(100);
    const b = start('b');
    await clock.advance(120_000);
    expect([a.elector.leading, b.elector.leading]).toEqual([true, false]);
  });

  test('wall clocks that differ by hours change nothing', async () => {
    const { clock, start } = setUp();
    const ahead: Clock = {
      now: () => new Date(clock.now().getTime() + 3_600_000 * 5),
      monotonic: () => clock.monotonic(),
      after: (ms, run) => clock.after(ms, run),
    };
    const a = start('a');
    await clock.advance(100);
    const b = start('b', { clock: ahead });
    await clock.advance(60_000);
    expect([a.elector.leading, b.elector.leading]).toEqual([true, false]);
  });

  test('a leader renews with one request per retry period', async () => {
    const { clock, server, start } = setUp();
    start('a');
    await clock.advance(100);
    const { length } = server.log;
    await clock.advance(100_000);
    const renewals = server.log.slice(length);
    expect(new Set(renewals)).toEqual(new Set(['a PUT']));
    expect(renewals.length).toBeGreaterThanOrEqual(50);
    expect(renewals.length).toBeLessThanOrEqual(56);
  });
});

test('a listener that throws does not end the election', async () => {
  const { clock, start } = setUp();
  const a = start('a', {
    onElected: () => {
      throw new Error('no');
    },
    onLease: () => {
      throw new Error('no');
    },
    onDeadline: () => {
      throw new Error('no');
    },
  });
  await clock.advance(60_000);
  expect(a.elector.leading).toBe(true);
  await settle();
});

test('times that contradict each other are refused', () => {
  const { start } = setUp();
  expect(() => start('a', { leaseDurationMs: 10_000 })).toThrow(RangeError);
  expect(() => start('a', { retryPeriodMs: 10_000 })).toThrow(RangeError);
});
