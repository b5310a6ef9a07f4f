import { describe, expect, test } from 'vitest';
import { silentLog } from '../../../src/platform/log.ts';
import {
  type ControllerMetrics,
  type ControllerOptions,
  ControllerStopped,
  DeadlineExceeded,
  type Result,
  startController,
} from '../../../src/runtime/controller.ts';
import { WorkQueue } from '../../../src/runtime/queue.ts';
import { ManualClock, settle } from '../../support/clock.ts';
import { seededRandom } from '../../support/random.ts';

const DONE: Result = { next: 'done' };
const never = <T>(): Promise<T> => new Promise(() => {});
const rejectedBy = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

function setUp(options: Partial<ControllerOptions>) {
  const clock = new ManualClock();
  const queue = new WorkQueue({ clock, random: seededRandom(3) });
  const ran: string[] = [];
  const told: { key: string; error: unknown }[] = [];
  const controller = startController({
    name: 'test',
    queue,
    workers: 2,
    deadlineMs: 1000,
    clock,
    log: silentLog,
    ...options,
    reconcile: (key, run) => {
      ran.push(key);
      return options.reconcile?.(key, run) ?? Promise.resolve(DONE);
    },
    onFailure: (key, error) => {
      told.push({ key, error });
      return options.onFailure?.(key, error) ?? Promise.resolve(DONE);
    },
  });
  return { clock, queue, ran, told, controller };
}

describe('results', () => {
  test('done ends the backoff of the key and leaves nothing behind', async () => {
    const outcomes: Result[] = [{ next: 'backoff' }, { next: 'backoff' }, DONE];
    const { clock, queue, ran } = setUp({ reconcile: () => Promise.resolve(outcomes.shift() ?? DONE) });
    queue.add('a');
    await clock.advance(1000);
    expect(ran).toEqual(['a', 'a', 'a']);
    expect(queue.retries('a')).toBe(0);
    expect(queue.known).toBe(0);
  });

  test('after comes back at its time, without a failure counted', async () => {
    const outcomes: Result[] = [{ next: 'after', ms: 60_000 }, DONE];
    const { clock, queue, ran } = setUp({ reconcile: () => Promise.resolve(outcomes.shift() ?? DONE) });
    queue.add('a');
    await clock.advance(59_999);
    expect(ran).toEqual(['a']);
    expect(queue.retries('a')).toBe(0);
    await clock.advance(1);
    expect(ran).toEqual(['a', 'a']);
  });

  test('backoff slows a failing key down', async () => {
    const { clock, queue, ran } = setUp({ reconcile: () => Promise.resolve({ next: 'backoff' }) });
    queue.add('a');
    await clock.advance(600_000);
    expect(ran.length).toBeGreaterThan(8);
    expect(ran.length).toBeLessThan(60);
  });
});

describe('a run that releases its worker', () => {
  test('lets other keys go on, keeps its own key, and its result counts when it comes', async () => {
    let end: (result: Result) => void = () => {};
    const { clock, queue, ran, controller } = setUp({
      workers: 1,
      reconcile(key, { release }) {
        if (key !== 'slow') return Promise.resolve(DONE);
        release();
        release();
        return new Promise((resolve) => {
          end = resolve;
        });
      },
    });
    for (const key of ['slow', 'a', 'b', 'slow']) queue.add(key);
    await settle();
    queue.add('slow');
    await settle();
    expect(ran).toEqual(['slow', 'a', 'b']);
    expect(controller.health().active).toBe(1);
    end({ next: 'after', ms: 10 });
    await settle();
    expect(ran).toEqual(['slow', 'a', 'b', 'slow']);
    await clock.advance(100);
    expect(controller.health().active).toBe(1);
  });

  test('frees no second worker, and its deadline holds', async () => {
    const { clock, queue, ran, told } = setUp({
      workers: 1,
      reconcile(key, { release, signal }) {
        if (key === 'slow') release();
        return key === 'slow' ? rejectedBy(signal) : never();
      },
    });
    for (const key of ['slow', 'a', 'b']) queue.add(key);
    await settle();
    expect(ran).toEqual(['slow', 'a']);
    await clock.advance(1000);
    expect(told.map(({ key }) => key)).toContain('slow');
    await settle();
    expect(ran).toEqual(['slow', 'a', 'b']);
  });

  test('finds no more help when very many have done so', async () => {
    const { queue, ran } = setUp({
      workers: 2,
      reconcile(_, { release }) {
        release();
        return never();
      },
    });
    for (let i = 0; i < 1000; i++) queue.add(`key-${i}`);
    await settle(600);
    expect(ran.length).toBeGreaterThan(200);
    expect(ran.length).toBeLessThan(300);
  });
});

describe('failures', () => {
  test.each([
    ['rejects', () => Promise.reject(new Error('boom'))],
    [
      'throws before its first await',
      () => {
        throw new Error('boom');
      },
    ],
    ['rejects with nothing', () => Promise.reject(undefined)],
  ] as const)('a run that %s is told once on its own object, and every other key goes on', async (_, fail) => {
    const { queue, ran, told } = setUp({ reconcile: (key) => (key === 'bad' ? fail() : Promise.resolve(DONE)) });
    for (const key of ['a', 'bad', 'b', 'c']) queue.add(key);
    await settle();
    expect(ran).toEqual(['a', 'bad', 'b', 'c']);
    expect(told.map(({ key }) => key)).toEqual(['bad']);
  });

  test('what the report of a failure says comes next', async () => {
    const { clock, queue, ran } = setUp({
      reconcile: () => Promise.reject(new Error('boom')),
      onFailure: () => Promise.resolve({ next: 'after', ms: 5000 }),
    });
    queue.add('a');
    await clock.advance(4999);
    expect(ran.length).toBe(1);
    await clock.advance(1);
    expect(ran.length).toBe(2);
  });

  test('a report that throws is counted and logged, and the key tried again with backoff', async () => {
    const errors: object[] = [];
    let reportFailed = 0;
    const { queue, controller } = setUp({
      reconcile: () => Promise.reject(new Error('boom')),
      onFailure: () => Promise.reject(new Error('no report')),
      log: { ...silentLog, child: () => ({ ...silentLog, error: (fields) => errors.push(fields) }) },
      metrics: {
        ...noMetrics,
        reportFailed: () => {
          reportFailed += 1;
        },
      },
    });
    queue.add('a');
    await settle();
    expect(reportFailed).toBe(1);
    expect(errors).toMatchObject([{ key: 'a', err: { message: 'no report' }, cause: { message: 'boom' } }]);
    expect(queue.retries('a')).toBe(1);
    expect(controller.health()).toEqual({ active: 0, overdue: [] });
  });
});

describe('deadline', () => {
  test('a run past its deadline is aborted, told once, and frees its worker', async () => {
    const reasons: unknown[] = [];
    const { clock, queue, ran, told, controller } = setUp({
      workers: 1,
      reconcile: (key, { signal }) => {
        if (key !== 'hung') return Promise.resolve(DONE);
        signal.addEventListener('abort', () => reasons.push(signal.reason));
        return never();
      },
    });
    queue.add('hung');
    queue.add('a');
    await clock.advance(999);
    expect(ran).toEqual(['hung']);
    expect(controller.health()).toEqual({ active: 1, overdue: [] });
    await clock.advance(1);
    expect(ran).toEqual(['hung', 'a']);
    expect(reasons).toEqual([expect.any(DeadlineExceeded)]);
    expect(told).toEqual([{ key: 'hung', error: expect.any(DeadlineExceeded) }]);
    expect(controller.health()).toEqual({ active: 1, overdue: ['hung'] });
  });

  test('the key of a hung run is held until its promise settles, and then runs again if it was added', async () => {
    const { promise, resolve } = Promise.withResolvers<Result>();
    let runs = 0;
    const { clock, queue, controller } = setUp({ reconcile: () => (++runs === 1 ? promise : Promise.resolve(DONE)) });
    queue.add('hung');
    await clock.advance(1000);
    queue.add('hung');
    await clock.advance(100_000);
    expect(runs).toBe(1);
    resolve(DONE);
    await settle();
    expect(runs).toBe(2);
    expect(controller.health()).toEqual({ active: 0, overdue: [] });
  });

  test('a run that heeds its signal is told once, as overdue and not as the throw that followed', async () => {
    const { clock, queue, told } = setUp({ reconcile: (_, { signal }) => rejectedBy(signal) });
    queue.add('slow');
    await clock.advance(5000);
    expect(told).toEqual([{ key: 'slow', error: expect.any(DeadlineExceeded) }]);
    expect(queue.known).toBe(0);
  });

  test('the late result of an overdue run does not count: what its report said does', async () => {
    const { promise, resolve } = Promise.withResolvers<Result>();
    const { clock, queue } = setUp({ reconcile: () => promise, onFailure: () => Promise.resolve({ next: 'backoff' }) });
    queue.add('slow');
    await clock.advance(1000);
    resolve(DONE);
    await settle();
    expect(queue.retries('slow')).toBe(1);
  });

  test('a report that hangs frees its worker at the deadline of its run and is not made twice', async () => {
    const { clock, queue, ran, told, controller } = setUp({
      workers: 1,
      reconcile: (key) => (key === 'bad' ? Promise.reject(new Error('boom')) : Promise.resolve(DONE)),
      onFailure: () => never(),
    });
    queue.add('bad');
    queue.add('a');
    await clock.advance(1000);
    expect(ran).toEqual(['bad', 'a']);
    expect(told).toEqual([{ key: 'bad', error: expect.objectContaining({ message: 'boom' }) }]);
    expect(controller.health().overdue).toEqual(['bad']);
  });

  test('a run that ends in time leaves no timer', async () => {
    const { clock, queue } = setUp({});
    for (let n = 0; n < 50; n += 1) queue.add(`shop/web-${n}`);
    await settle(8);
    expect(clock.pending).toBe(0);
  });
});

describe('fairness', () => {
  test('no more runs than workers are under way, and one slow key delays no other', async () => {
    let active = 0;
    let most = 0;
    const { promise, resolve } = Promise.withResolvers<Result>();
    const { queue, ran } = setUp({
      workers: 3,
      reconcile: async (key) => {
        active += 1;
        most = Math.max(most, active);
        const result = await (key === 'slow' ? promise : Promise.resolve(DONE));
        active -= 1;
        return result;
      },
    });
    queue.add('slow');
    for (let n = 0; n < 99; n += 1) queue.add(`fast-${n}`);
    await settle(20);
    expect(ran.length).toBe(100);
    expect(most).toBe(3);
    expect(active).toBe(1);
    resolve(DONE);
  });
});

describe('stop', () => {
  test('a stop takes no more keys and lets the runs under way end', async () => {
    const { promise, resolve } = Promise.withResolvers<Result>();
    let aborted = false;
    const { clock, queue, ran, controller } = setUp({
      workers: 1,
      reconcile: (_, { signal }) => {
        signal.addEventListener('abort', () => {
          aborted = true;
        });
        return promise;
      },
    });
    queue.add('a');
    queue.add('b');
    await settle();
    const stopped = controller.stop({ drainMs: 500 });
    await clock.advance(499);
    resolve(DONE);
    expect(await stopped).toEqual({ drained: true });
    expect(ran).toEqual(['a']);
    expect(aborted).toBe(false);
    expect(clock.pending).toBe(0);
  });

  test('after the drain time the signals abort, and what heeds them is told to nobody', async () => {
    const reasons: unknown[] = [];
    const { clock, queue, told, controller } = setUp({
      reconcile: (_, { signal }) => {
        signal.addEventListener('abort', () => reasons.push(signal.reason));
        return rejectedBy(signal);
      },
    });
    queue.add('a');
    await settle();
    const stopped = controller.stop({ drainMs: 500 });
    await clock.advance(499);
    expect(reasons).toEqual([]);
    await clock.advance(1);
    expect(await stopped).toEqual({ drained: true });
    expect(reasons).toEqual([expect.any(ControllerStopped)]);
    expect(told).toEqual([]);
  });

  test('a run that ignores its signal makes the stop say so, in bounded time', async () => {
    const { clock, queue, controller } = setUp({ deadlineMs: 60_000, reconcile: () => never() });
    queue.add('a');
    await settle();
    const stopped = controller.stop({ drainMs: 0 });
    await clock.advance(1000);
    expect(await stopped).toEqual({ drained: false });
  });

  test('a second stop is the first one', async () => {
    const { controller } = setUp({});
    expect(controller.stop()).toBe(controller.stop({ drainMs: 1 }));
    expect(await controller.stop()).toEqual({ drained: true });
  });
});

const noMetrics: ControllerMetrics = {
  reconciled() {},
  threw() {},
  overran() {},
  reportFailed() {},
  active() {},
};

test('the metrics tell results, throws and overruns apart', async () => {
  const told: string[] = [];
  const { clock, queue } = setUp({
    metrics: {
      reconciled: (result) => told.push(result),
      threw: () => told.push('threw'),
      overran: () => told.push('overran'),
      reportFailed: () => told.push('report failed'),
      active() {},
    },
    reconcile: (key, { signal }) => {
      if (key === 'throws') throw new Error('boom');
      if (key === 'slow') return rejectedBy(signal);
      return Promise.resolve(key === 'later' ? { next: 'after', ms: 1e9 } : DONE);
    },
  });
  for (const key of ['fine', 'later', 'throws', 'slow']) {
    queue.add(key);
    await clock.advance(1000);
  }
  expect(told).toEqual(['success', 'requeue_after', 'threw', 'error', 'overran', 'error']);
});
