import { describe, expect, test } from 'vitest';
import { type QueueMetrics, WorkQueue } from '../../../src/runtime/queue.ts';
import { ManualClock } from '../../support/clock.ts';
import { seededRandom } from '../../support/random.ts';

function setUp(metrics?: QueueMetrics) {
  const clock = new ManualClock();
  const queue = new WorkQueue({ clock, random: seededRandom(7), ...(metrics === undefined ? {} : { metrics }) });
  /** What a worker would get now: a key, or undefined where it would have to wait. */
  const now = async (): Promise<string | undefined> => {
    const patience = new AbortController();
    const taken = queue.take(patience.signal);
    patience.abort();
    return taken;
  };
  const all = async (): Promise<string[]> => {
    const keys: string[] = [];
    for (let key = await now(); key !== undefined; key = await now()) {
      keys.push(key);
      queue.done(key);
    }
    return keys;
  };
  return { clock, queue, now, all };
}

describe('adds', () => {
  test('equal adds collapse into one run', async () => {
    const { queue, all } = setUp();
    for (let n = 0; n < 5; n += 1) queue.add('shop/web');
    expect(queue.length).toBe(1);
    expect(await all()).toEqual(['shop/web']);
  });

  test('an add while the key is worked on runs exactly once more, and not before done', async () => {
    const { queue, now } = setUp();
    queue.add('shop/web');
    await now();
    queue.add('shop/web');
    queue.add('shop/web');
    expect(await now()).toBeUndefined();
    queue.done('shop/web');
    expect(await now()).toBe('shop/web');
    queue.done('shop/web');
    expect(await now()).toBeUndefined();
  });

  test('a taker that waits gets the next add, and takers are served in turn', async () => {
    const { queue } = setUp();
    const first = queue.take();
    const second = queue.take();
    queue.add('a');
    queue.add('b');
    expect(await Promise.all([first, second])).toEqual(['a', 'b']);
    expect(queue.length).toBe(0);
  });

  test('a taker that gave up takes no key with it', async () => {
    const { queue, now } = setUp();
    expect(await now()).toBeUndefined();
    queue.add('a');
    expect(await now()).toBe('a');
  });

  test('done for a key that nobody works on changes nothing', async () => {
    const { queue, all } = setUp();
    queue.add('a');
    queue.done('a');
    queue.done('b');
    expect(await all()).toEqual(['a']);
  });
});

describe('order', () => {
  test('fresh keys come first in, first out', async () => {
    const { queue, all } = setUp();
    for (const key of ['c', 'a', 'b', 'a']) queue.add(key);
    expect(await all()).toEqual(['c', 'a', 'b']);
  });

  test('the low lane comes behind every fresh change', async () => {
    const { queue, all } = setUp();
    queue.add('low', { low: true });
    queue.add('a');
    queue.add('b');
    expect(await all()).toEqual(['a', 'b', 'low']);
  });

  test('the low lane is served even while fresh changes never end', async () => {
    const { queue, now } = setUp();
    queue.add('low', { low: true });
    const taken: string[] = [];
    for (let n = 0; n < 20; n += 1) {
      queue.add(`fresh-${n}`);
      queue.add(`fresh-${n}-too`);
      taken.push((await now()) ?? '');
    }
    expect(taken).toContain('low');
  });

  test('a fresh add promotes a low one, and a low add does not demote a fresh one', async () => {
    const { queue, all } = setUp();
    queue.add('x', { low: true });
    queue.add('y', { low: true });
    queue.add('fresh');
    queue.add('y');
    queue.add('fresh', { low: true });
    expect(await all()).toEqual(['fresh', 'y', 'x']);
  });

  test('a fresh add while a low run is under way makes the next run a fresh one', async () => {
    const { queue, now, all } = setUp();
    queue.add('x', { low: true });
    await now();
    queue.add('x', { low: true });
    queue.add('x');
    queue.add('other', { low: true });
    queue.done('x');
    expect(await all()).toEqual(['x', 'other']);
  });

  test('a retry goes back into the lane that its run came from', async () => {
    const { clock, queue, now, all } = setUp();
    queue.add('listed', { low: true });
    await now();
    queue.addRateLimited('listed');
    queue.done('listed');
    await clock.advance(10);
    queue.add('changed');
    expect(await all()).toEqual(['changed', 'listed']);
  });
});

describe('delays', () => {
  test('a delayed key comes at its time and not before', async () => {
    const { clock, queue, now } = setUp();
    queue.addAfter('a', 100);
    await clock.advance(99);
    expect(await now()).toBeUndefined();
    await clock.advance(1);
    expect(await now()).toBe('a');
  });

  test('of several delays of one key the earliest counts, once', async () => {
    const { clock, queue, all } = setUp();
    queue.addAfter('a', 100);
    queue.addAfter('a', 10);
    queue.addAfter('a', 50);
    await clock.advance(10);
    expect(await all()).toEqual(['a']);
    await clock.advance(1000);
    expect(await all()).toEqual([]);
  });

  test('a delay that is no positive number is an add', async () => {
    const { queue, all } = setUp();
    queue.addAfter('a', 0);
    queue.addAfter('b', -5);
    queue.addAfter('c', Number.NaN);
    expect(await all()).toEqual(['a', 'b', 'c']);
  });

  test('a delay set before a run is superseded by it; one set during the run is not', async () => {
    const { clock, queue, now, all } = setUp();
    queue.addAfter('a', 100);
    queue.add('a');
    await now();
    queue.addAfter('a', 500);
    queue.done('a');
    await clock.advance(400);
    expect(await all()).toEqual([]);
    await clock.advance(100);
    expect(await all()).toEqual(['a']);
  });

  test('the delays of a failing key grow, and forget starts them over', async () => {
    const { queue } = setUp();
    const ceilings = [5, 10, 20, 40, 80];
    for (const ceiling of ceilings) expect(queue.addRateLimited('a')).toBeLessThanOrEqual(ceiling);
    expect(queue.retries('a')).toBe(5);
    queue.forget('a');
    expect(queue.retries('a')).toBe(0);
    expect(queue.addRateLimited('a')).toBe(5);
  });

  test('the failures of a key outlast a run that neither fails nor forgets', async () => {
    const { clock, queue, all } = setUp();
    queue.addRateLimited('a');
    await clock.advance(5);
    expect(await all()).toEqual(['a']);
    expect(queue.retries('a')).toBe(1);
  });

  test('the backoff of one key does not touch another', async () => {
    const { queue } = setUp();
    for (let n = 0; n < 20; n += 1) queue.addRateLimited('bad');
    expect(queue.addRateLimited('good')).toBe(5);
  });
});

describe('memory', () => {
  test('a key that is done leaves nothing behind', async () => {
    const { clock, queue, all } = setUp();
    for (let n = 0; n < 1000; n += 1) queue.add(`shop/web-${n}`);
    for (let n = 0; n < 1000; n += 1) queue.addAfter(`shop/web-${n}`, n);
    for (let n = 0; n < 1000; n += 1) queue.addRateLimited(`shop/web-${n}`);
    expect(queue.known).toBe(1000);
    for (const key of await all()) queue.forget(key);
    await clock.advance(100_000);
    await all();
    expect(queue.known).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test('events for one key by the thousand take the room of one', async () => {
    const { queue } = setUp();
    for (let n = 0; n < 10_000; n += 1) {
      queue.add('a', { low: n % 2 === 0 });
      queue.addAfter('b', n + 1);
    }
    expect(queue.known).toBe(2);
    expect(queue.length).toBe(1);
  });
});

describe('shutdown', () => {
  test('every taker, waiting or to come, gets undefined, and adds are ignored', async () => {
    const { clock, queue } = setUp();
    const waiting = queue.take();
    queue.addAfter('late', 10);
    queue.shutDown();
    queue.add('a');
    queue.addAfter('b', 5);
    queue.addRateLimited('c');
    expect(await waiting).toBeUndefined();
    expect(await queue.take()).toBeUndefined();
    await clock.advance(1000);
    expect(await queue.take()).toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  test('a key in work can still be given back', async () => {
    const { queue, now } = setUp();
    queue.add('a');
    await now();
    queue.add('a');
    queue.shutDown();
    queue.done('a');
    expect(await queue.take()).toBeUndefined();
  });
});

test('the metrics count what client-go counts', async () => {
  const told: string[] = [];
  const { clock, queue, now } = setUp({
    depth: (keys) => told.push(`depth ${keys}`),
    added: () => told.push('added'),
    waited: (seconds) => told.push(`waited ${seconds}`),
    worked: (seconds) => told.push(`worked ${seconds}`),
    retried: () => told.push('retried'),
  });
  queue.add('a');
  queue.add('a');
  await clock.advance(2000);
  await now();
  await clock.advance(3000);
  expect(queue.unfinished()).toEqual({ totalSeconds: 3, longestSeconds: 3 });
  queue.addRateLimited('a');
  queue.done('a');
  expect(told).toEqual(['added', 'depth 1', 'depth 0', 'waited 2', 'retried', 'worked 3']);
  expect(queue.unfinished()).toEqual({ totalSeconds: 0, longestSeconds: 0 });
});
