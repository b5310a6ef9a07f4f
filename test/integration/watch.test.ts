import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Fault } from '../support/fault-proxy.ts';
import { times, type WatchedNamespace, WatchWorld } from '../support/watch-world.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

let world: WatchWorld;
const cleanUp: (() => void)[] = [];
beforeAll(async () => {
  world = await WatchWorld.start();
});
afterEach(async () => {
  for (const each of cleanUp.splice(0)) each();
  await world.stopReflectors();
});
afterAll(() => world?.stop());

/** A collection with three objects, watched and in step. */
async function threeWatched(options: Parameters<WatchWorld['watched']>[0] = {}): Promise<WatchedNamespace> {
  const watched = await world.watched(options);
  for (const name of ['a', 'b', 'c']) await world.create(watched.path, name);
  await watched.becomesEqual();
  await world.watchIsOpen(watched.path);
  return watched;
}

/** A new collection whose watch lines pass through `map` from the start. */
async function mappedWatch(map: (line: string) => string | readonly string[] | undefined): Promise<WatchedNamespace> {
  const namespace = await world.newNamespace();
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  cleanUp.push(world.proxy.add(watchOf(path, { kind: 'lines', map })));
  const watched = await world.watched({ namespace });
  await world.watchIsOpen(path);
  return watched;
}

const answer = (status: number, headers: Record<string, string> = {}): Fault => ({ kind: 'answer', status, headers });
/** A rule for the watches of one collection. */
const watchOf = (path: string, fault: Fault) => (seen: { path: string; watch: boolean }) =>
  seen.watch && seen.path === path ? fault : undefined;
const listOf = (path: string, fault: Fault) => (seen: { path: string; watch: boolean }) =>
  !seen.watch && seen.path === path ? fault : undefined;
const listsOf = (path: string): number => world.proxy.seen.filter((seen) => !seen.watch && seen.path === path).length;

test('a storm of creations, updates, deletions and re-creations ends in step with the server, without a second list', async () => {
  const watched = await world.watched();
  await watched.reflector.whenSynced();
  await times(400, 16, async (at) => {
    const name = `m-${at % 100}`;
    if (at < 100) return world.create(watched.path, name);
    if (at % 3 === 0) return world.update(watched.path, name, String(at)).catch(() => {});
    if (at % 3 === 1) return world.remove(watched.path, name).catch(() => {});
    return world.create(watched.path, name, String(at)).catch(() => {});
  });
  await watched.becomesEqual();
  expect(listsOf(watched.path)).toBe(1);
});

test('a list of 5,000 objects is read in pages, and each is told once', async () => {
  const namespace = await world.newNamespace();
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  await times(5000, 16, (at) => world.create(path, `m-${at}`, String(at)));
  const watched = await world.watched({ namespace });
  await watched.reflector.whenSynced();
  expect(listsOf(path)).toBe(10);
  expect(watched.changes).toHaveLength(5000);
  expect(new Set(watched.changes.map(({ key }) => key)).size).toBe(5000);
  await watched.becomesEqual();
});

describe('a gap in the watch ends in step with the server when', () => {
  const whileCut: Readonly<Record<string, () => void>> = {
    'the connection is closed': () => world.proxy.cutWatches('FIN'),
    'the connection is reset': () => world.proxy.cutWatches('RST'),
  };
  test.each(Object.entries(whileCut))('%s', async (_name, cut) => {
    const watched = await threeWatched();
    const back = world.proxy.add(watchOf(watched.path, { kind: 'refuse' }));
    cut();
    await world.remove(watched.path, 'a');
    await world.update(watched.path, 'b', '2');
    await world.create(watched.path, 'd');
    back();
    await watched.becomesEqual();
    expect(watched.causes).toContain('cut');
    expect(listsOf(watched.path)).toBe(1);
  });

  test('the connection is half-open and says nothing any more', async () => {
    const watched = await threeWatched({ timing: { silenceMs: 1500 } });
    world.proxy.freezeWatches();
    await world.remove(watched.path, 'a');
    await world.create(watched.path, 'd');
    await watched.becomesEqual();
    expect(watched.causes).toContain('silence');
  });

  const garbled: Readonly<Record<string, (line: string) => string | readonly string[] | undefined>> = {
    'a line is cut short': (line) => line.slice(0, line.length / 2),
    'a line is no JSON': (line) => `#${line}`,
    'a line is JSON but no event': () => '{"hello":"world"}',
    'an ERROR event of an unknown kind comes': () => '{"type":"ERROR","object":{"kind":"Status","code":500}}',
    'an in-stream 410 comes': () => '{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}',
  };
  test.each(Object.entries(garbled))('%s', async (_name, map) => {
    let done = false;
    const watched = await mappedWatch((line) => {
      if (done || !line.includes('"name":"bad"')) return line;
      done = true;
      return map(line);
    });
    await world.create(watched.path, 'good');
    await world.create(watched.path, 'bad');
    await world.create(watched.path, 'after');
    await watched.becomesEqual();
    expect(done).toBe(true);
    expect(listsOf(watched.path)).toBe(2);
  });

  test('events come twice', async () => {
    const watched = await mappedWatch((line) => [line, line]);
    for (const name of ['a', 'b']) await world.create(watched.path, name);
    await world.remove(watched.path, 'a');
    await watched.becomesEqual();
    expect(watched.changes.map(({ type }) => type)).toEqual(['added', 'added', 'deleted']);
  });

  test('an event is lost without a trace, at the next list that is asked for', async () => {
    const watched = await mappedWatch((line) => (line.includes('"type":"DELETED"') ? undefined : line));
    await world.create(watched.path, 'a');
    await world.remove(watched.path, 'a');
    await world.create(watched.path, 'd');
    await expect.poll(() => watched.store.get(`${watched.namespace}/d`)).toBeDefined();
    expect(watched.store.get(`${watched.namespace}/a`)).toBeDefined();
    watched.reflector.relist();
    await watched.becomesEqual();
  });

  test('an object vanishes and comes back under the same name meanwhile', async () => {
    const watched = await threeWatched({ timing: { silenceMs: 1500 } });
    const before = watched.changes.length;
    world.proxy.freezeWatches();
    await world.remove(watched.path, 'a');
    await world.create(watched.path, 'a');
    await watched.becomesEqual();
    expect(watched.changes.slice(before).map(({ type }) => type)).toEqual(['deleted', 'added']);
    expect(watched.causes).toContain('silence');
  });
});

describe('refusals and slow answers', () => {
  test.each([410, 429, 500, 502, 503, 504, 401])('%i to the watch is lived through', async (status) => {
    const watched = await threeWatched();
    const back = world.proxy.add(watchOf(watched.path, answer(status, { 'retry-after': '0' })));
    world.proxy.cutWatches();
    await world.remove(watched.path, 'a');
    await expect.poll(() => watched.causes.length).toBeGreaterThan(2);
    back();
    await watched.becomesEqual();
    await expect.poll(() => watched.reflector.state).toBe('watching');
  });

  test.each<readonly [string, Fault]>([
    ['500', answer(500)],
    ['429', answer(429, { 'retry-after': '0' })],
    ['an empty object', answer(200)],
    ['the answer cut short', { kind: 'truncate', bytes: 200 }],
    ['one byte at a time', { kind: 'drip' }],
    ['no answer', { kind: 'hang' }],
    ['a closed connection', { kind: 'refuse' }],
  ])('a list that meets %s deletes nothing and is asked for again', async (_name, fault) => {
    const watched = await threeWatched({ timing: { listTimeoutMs: 500 } });
    const before = watched.changes.length;
    const back = world.proxy.add(listOf(watched.path, fault));
    watched.reflector.relist();
    await expect.poll(() => watched.reflector.lastError, { timeout: 5000 }).toBeDefined();
    expect(watched.changes).toHaveLength(before);
    expect(watched.store.size).toBe(3 + (await implicit(watched)));
    await world.remove(watched.path, 'a');
    back();
    await watched.becomesEqual();
  });

  test('Retry-After is waited for', async () => {
    const watched = await threeWatched();
    const back = world.proxy.add(listOf(watched.path, answer(429, { 'retry-after': '1' })));
    const asked = listsOf(watched.path);
    watched.reflector.relist();
    await expect.poll(() => watched.reflector.lastError).toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(listsOf(watched.path)).toBe(asked + 1);
    back();
    await expect.poll(() => watched.reflector.lastError).toBeUndefined();
    expect(listsOf(watched.path)).toBe(asked + 2);
  });

  test('a continue token that expired starts the list over, and nothing of the half list is used', async () => {
    const watched = await threeWatched({ pageSize: 2 });
    const before = watched.changes.length;
    let expired = 0;
    const expire = (seen: { path: string; query: URLSearchParams }): Fault | undefined => {
      if (seen.path !== watched.path || !seen.query.has('continue') || expired === 1) return undefined;
      expired += 1;
      return {
        kind: 'answer',
        status: 410,
        body: { kind: 'Status', reason: 'Expired', metadata: { continue: 'fresh' } },
      };
    };
    const back = world.proxy.add(expire);
    watched.reflector.relist();
    await expect.poll(() => watched.replaced.length).toBe(2);
    expect(expired).toBe(1);
    expect(world.proxy.seen.some((seen) => seen.query.get('continue') === 'fresh')).toBe(false);
    expect(watched.changes).toHaveLength(before);
    back();
    await watched.becomesEqual();
  });
});

/** Objects that the server itself puts into a namespace (a controller manager would add one). */
const implicit = async ({ path }: WatchedNamespace): Promise<number> =>
  (await world.list(path)).filter(({ metadata }) => metadata.name === 'kube-root-ca.crt').length;
