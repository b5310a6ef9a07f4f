import { describe, expect, test } from 'vitest';
import { silentLog } from '../../../src/platform/log.ts';
import { settle } from '../../support/clock.ts';
import type { ModelServer } from '../../support/model-server.ts';
import { digestOf, POISON, type Reflected, reflected } from '../../support/reflected.ts';

const FIVE = ['a', 'b', 'c', 'd', 'e'].map((name) => `shop/${name}`);
const withFive = (server: ModelServer): void => FIVE.forEach((key, at) => server.put(key, at));
const equal = ({ store, server }: Reflected): void =>
  expect(digestOf(store.list())).toEqual(digestOf(server.contents().values()));
const told = ({ changes }: Reflected): readonly string[] => changes.map(({ type, key }) => `${type} ${key}`);

async function synced(...args: Parameters<typeof reflected>): Promise<Reflected> {
  const world = reflected(...args);
  await settle();
  expect(world.reflector.synced).toBe(true);
  world.changes.length = 0;
  return world;
}

describe('the list', () => {
  test('is read in pages, the first without a version, and told as initial', async () => {
    const world = reflected(withFive);
    await world.reflector.whenSynced();
    expect(world.server.requests.map(({ query }) => [query?.['limit'], query?.['resourceVersion']])).toEqual([
      [2, undefined],
      [2, undefined],
      [2, undefined],
    ]);
    expect(world.changes.every(({ initial, type }) => initial && type === 'added')).toBe(true);
    equal(world);
  });

  test('is started over when its token expires, and what it had read so far is not used', async () => {
    const world = reflected(withFive);
    const { server, store } = world;
    let seenPartly = false;
    const request = server.request.bind(server);
    server.request = async (asked) => {
      if (asked.query?.['continue'] !== undefined && server.requests.length === 1) {
        server.put('shop/z', 1);
        server.compact();
      }
      seenPartly ||= store.size > 0;
      return request(asked);
    };
    await settle();
    expect(world.reflector.state).toBe('waiting');
    expect(store.size).toBe(0);
    await world.clock.advance(60_000);
    expect(seenPartly).toBe(false);
    equal(world);
  });

  test('is read in one page after two lists broke on expired tokens', async () => {
    const world = reflected(withFive);
    const request = world.server.request.bind(world.server);
    world.server.request = async (asked) => {
      if (asked.query?.['continue'] !== undefined) {
        world.server.put('shop/z', 1);
        world.server.compact();
      }
      return request(asked);
    };
    await world.clock.advance(60_000);
    expect(world.server.requests.at(-1)?.query?.['limit']).toBeUndefined();
    equal(world);
  });

  test.each([
    ['no items', { metadata: { resourceVersion: '5' } }],
    ['items that are null', { metadata: { resourceVersion: '5' }, items: null }],
    ['no version', { metadata: {}, items: [] }],
    [
      'an item without a name',
      { metadata: { resourceVersion: '900' }, items: [{ metadata: { resourceVersion: '9' } }] },
    ],
    ['another kind of answer', 'hello'],
  ])('with %s deletes nothing and is asked for again', async (_name, body) => {
    const world = await synced(withFive);
    const request = world.server.request.bind(world.server);
    world.server.request = async <T>() => ({ status: 200, body: body as T, warnings: [] });
    world.reflector.relist();
    await world.clock.advance(10_000);
    expect(told(world)).toEqual([]);
    expect(world.store.size).toBe(5);
    expect(world.reflector.lastError).toBeDefined();
    world.server.request = request;
    world.server.remove('shop/a');
    await world.clock.advance(60_000);
    expect(told(world)).toEqual(['deleted shop/a']);
  });

  test('that is asked for while another one is under way is read after it', async () => {
    const world = reflected(withFive);
    world.reflector.relist();
    await settle();
    expect(world.replaced).toHaveLength(1);
    const request = world.server.request.bind(world.server);
    let once = true;
    world.server.request = async (asked) => {
      if (once) world.reflector.relist();
      once = false;
      return request(asked);
    };
    world.reflector.relist();
    await settle(10);
    expect(world.replaced).toHaveLength(3);
    expect(world.reflector.state).toBe('watching');
  });
});

describe('the watch', () => {
  test('starts from the version of the list and tells each event once', async () => {
    const world = await synced(withFive);
    const from = world.server.version;
    expect(world.server.watchRequests[0]?.query).toMatchObject({ resourceVersion: from, allowWatchBookmarks: true });
    world.server.put('shop/a', 7);
    world.server.repeatLast();
    world.server.remove('shop/b');
    world.server.put('shop/f', 8);
    await settle();
    expect(told(world)).toEqual(['updated shop/a', 'deleted shop/b', 'added shop/f']);
    expect(world.changes.some(({ initial }) => initial)).toBe(false);
    equal(world);
  });

  test('goes on after a cut from the last event applied, without a list', async () => {
    const world = await synced(withFive);
    const lists = world.server.requests.length;
    world.server.put('shop/a', 7);
    const applied = world.server.version;
    await settle();
    expect(world.reflector.resourceVersion).toBe(applied);
    world.server.cut();
    world.server.put('shop/b', 9);
    await world.clock.advance(5000);
    expect(world.server.requests).toHaveLength(lists);
    expect(world.server.watchRequests[1]?.query).toMatchObject({ resourceVersion: applied });
    expect(told(world)).toEqual(['updated shop/a', 'updated shop/b']);
    equal(world);
  });

  test('goes on from a bookmark where nothing happened to the kind, however much of the past is gone', async () => {
    const world = await synced(withFive);
    const lists = world.server.requests.length;
    world.server.elsewhere();
    world.server.compact();
    world.server.bookmark();
    await settle();
    world.server.cut();
    await world.clock.advance(5000);
    expect(world.server.requests).toHaveLength(lists);
    expect(world.reflector.resourceVersion).toBe(world.server.version);
  });

  test('has applied to the store what it tells, and claims no version that it has not applied', async () => {
    const seen: unknown[] = [];
    const world: Reflected = reflected(withFive, {
      onChange: ({ key, object }) => {
        seen.push(
          world.store.get(key) === object && world.reflector.resourceVersion === object?.metadata.resourceVersion,
        );
      },
    });
    await settle();
    seen.length = 0;
    world.server.put('shop/a', 7);
    world.server.put('shop/b', 8);
    await settle();
    expect(seen).toEqual([true, true]);
  });

  const gaps: Readonly<Record<string, (server: ModelServer) => void>> = {
    'an ERROR event 410': (server) => server.send({ type: 'ERROR', object: { code: 410, reason: 'Expired' } }),
    'an ERROR event 500': (server) => server.send({ type: 'ERROR', object: { code: 500 } }),
    'an unknown type of event': (server) => server.send({ type: 'SURPRISE', object: {} }),
    'an event without an object': (server) => server.send({ type: 'ADDED' }),
    'a line that is no event': (server) => server.send(5),
    'a line that is no JSON': (server) => server.garble(),
    'a bookmark without a version': (server) => server.send({ type: 'BOOKMARK', object: {} }),
    silence: (server) => server.silence(),
    'an event older than one before': (server) =>
      server.send({
        type: 'ADDED',
        object: { metadata: { name: 'old', namespace: 'shop', uid: 'u', resourceVersion: '50' }, spec: { value: 1 } },
      }),
  };
  test.each(Object.entries(gaps))('%s leads to a list, which finds the missed deletion', async (_name, gap) => {
    const world = await synced(withFive);
    world.server.unnoticed(() => world.server.remove('shop/c'));
    gap(world.server);
    world.server.put('shop/late', 3);
    await world.clock.advance(1000);
    expect(told(world)).toContain('deleted shop/c');
    expect(world.replaced).toHaveLength(2);
    equal(world);
  });

  test('from a version that was compacted away is refused, and a list closes the gap', async () => {
    const world = await synced(withFive);
    world.server.unnoticed(() => {
      world.server.remove('shop/a');
      world.server.put('shop/b', 100);
      world.server.compact();
    });
    world.server.cut();
    await world.clock.advance(5000);
    expect(told(world)).toEqual(['deleted shop/a', 'updated shop/b']);
    equal(world);
  });

  test('is opened again at once when the server ends it after a while', async () => {
    const world = await synced(withFive);
    await world.clock.advance(30_000);
    world.server.endWatches();
    await settle();
    expect(world.reflector.state).toBe('watching');
    expect(world.server.watchRequests).toHaveLength(2);
  });

  test('an object that vanished and came back in a gap is another one', async () => {
    const world = await synced(withFive);
    world.server.unnoticed(() => {
      world.server.remove('shop/a');
      world.server.put('shop/a', 0);
    });
    world.server.silence();
    await world.clock.advance(1000);
    expect(told(world)).toEqual(['deleted shop/a', 'added shop/a']);
  });
});

describe('a kind that is absent', () => {
  test('at the start is waited for', async () => {
    const world = reflected((server) => {
      server.mode = 'absent';
    });
    await world.clock.advance(100_000);
    expect(world.reflector).toMatchObject({ state: 'kind-absent', synced: false });
    expect(world.server.requests.length).toBeLessThan(25);
    world.server.mode = 'served';
    world.server.put('shop/a', 1);
    await world.clock.advance(31_000);
    expect(world.replaced).toEqual([{ resourceVersion: world.server.version, rewound: false, kindWasAbsent: true }]);
    equal(world);
  });

  test('later deletes nothing, and the list that comes with it says so', async () => {
    const world = await synced(withFive);
    world.server.mode = 'absent';
    world.server.cut();
    await world.clock.advance(60_000);
    expect(world.reflector.state).toBe('kind-absent');
    expect(world.store.size).toBe(5);
    expect(told(world)).toEqual([]);
    world.server.unnoticed(() => FIVE.slice(1).forEach((key) => world.server.remove(key)));
    world.server.mode = 'served';
    await world.clock.advance(31_000);
    expect(world.replaced.at(-1)).toMatchObject({ kindWasAbsent: true });
    expect(told(world)).toHaveLength(4);
    equal(world);
    world.reflector.relist();
    await settle();
    expect(world.replaced.at(-1)).toMatchObject({ kindWasAbsent: false });
  });
});

test('a reflector that is not allowed keeps what it has and looks again', async () => {
  const world = await synced(withFive);
  world.server.mode = 'forbidden';
  world.server.cut();
  await world.clock.advance(60_000);
  expect(world.store.size).toBe(5);
  expect(world.reflector).toMatchObject({ state: 'waiting', lastError: 'not allowed' });
  world.server.put('shop/a', 50);
  world.server.mode = 'served';
  await world.clock.advance(31_000);
  expect(world.reflector).toMatchObject({ state: 'watching' });
  equal(world);
});

test('why there is no list is told, and stays out of the log where somebody else speaks of it', async () => {
  const failures: (string | undefined)[] = [];
  const warnings: unknown[] = [];
  const world = reflected(
    (server) => {
      server.mode = 'absent';
    },
    {
      metrics: {
        listed: ({ failure }) => failures.push(failure),
        event: () => {},
        watchEnded: () => {},
        undecodable: () => {},
      },
      quiet: ['absent', 'forbidden'],
      log: { ...silentLog, warn: (fields) => warnings.push(fields) },
    },
  );
  for (const mode of ['forbidden', 'down', 'served'] as const) {
    await world.clock.advance(60_000);
    world.server.mode = mode;
  }
  await world.clock.advance(60_000);
  expect([...new Set(failures)]).toEqual(['absent', 'forbidden', 'failed', undefined]);
  expect(warnings.length).toBeGreaterThan(0);
  expect(warnings.every((fields) => (fields as { cause: string }).cause === 'failed')).toBe(true);
});

test('a server that asks for patience is left alone for as long as it asks', async () => {
  const world = reflected((server) => {
    server.mode = 'busy';
    server.retryAfterMs = 20_000;
  });
  await world.clock.advance(19_999);
  expect(world.server.requests).toHaveLength(1);
  await world.clock.advance(802);
  expect(world.server.requests).toHaveLength(2);
});

test('a list of a lower version replaces the store and says that time went back', async () => {
  const world = await synced(withFive);
  world.server.rewind({ 'shop/a': 1 });
  await world.clock.advance(200_000);
  expect(world.replaced.at(-1)).toMatchObject({ rewound: true });
  expect(Number(world.reflector.resourceVersion)).toBeLessThan(1_000_000);
  equal(world);
});

test('a list that is older than what another kind showed before says that time went back', async () => {
  const seen: { highest: string | undefined } = { highest: undefined };
  const world = reflected(withFive, { highestSeen: () => seen.highest });
  await settle();
  seen.highest = world.server.version;
  world.reflector.relist();
  await settle();
  expect(world.replaced.at(-1)).toMatchObject({ rewound: false });
  seen.highest = `${world.server.version}0`;
  world.reflector.relist();
  await settle();
  expect(world.replaced.at(-1)).toMatchObject({ rewound: true });
});

test('kinds that count another history, as their first comparison shows, are not compared', async () => {
  const world = reflected(withFive, { highestSeen: () => '99999999999999' });
  await settle();
  world.reflector.relist();
  await settle();
  expect(world.replaced.map(({ rewound }) => rewound)).toEqual([false, false]);
});

test('when time went back, an object of the same version with other content is taken over', async () => {
  const world = await synced(withFive);
  const request = world.server.request.bind(world.server);
  world.server.request = async <T>(asked: Parameters<typeof request>[0]) => {
    const answer = structuredClone(await request<{ metadata: { resourceVersion: string }; items: unknown[] }>(asked));
    answer.body.metadata.resourceVersion = '99';
    for (const item of answer.body.items) Object.assign(item as object, { spec: { value: 77 } });
    return answer as { status: number; body: T; warnings: readonly string[] };
  };
  world.reflector.relist();
  await settle();
  expect(world.replaced.at(-1)).toMatchObject({ rewound: true });
  expect(world.store.list().map(({ spec }) => spec.value)).toEqual([77, 77, 77, 77, 77]);
});

describe('an object that cannot be decoded', () => {
  test('is reported once per version and never stops the others', async () => {
    const world = await synced((server) => {
      withFive(server);
      server.put('shop/c', POISON);
    });
    expect(world.refused).toEqual(['shop/c']);
    world.server.put('shop/d', 44);
    world.reflector.relist();
    await settle();
    expect(world.refused).toEqual(['shop/c']);
    expect(world.reflector.undecodable).toEqual(['shop/c']);
    expect(told(world)).toEqual(['updated shop/d']);
    world.server.put('shop/c', 3);
    await settle();
    expect(world.reflector.undecodable).toEqual([]);
    equal(world);
  });

  test('is not absent: its last good form stays, through a list too', async () => {
    const world = await synced(withFive);
    world.server.put('shop/c', POISON);
    await settle();
    world.reflector.relist();
    await settle();
    expect(world.store.get('shop/c')?.spec.value).toBe(2);
    expect(told(world)).toEqual([]);
    world.server.remove('shop/c');
    await settle();
    expect(told(world)).toEqual(['deleted shop/c']);
    expect(world.reflector.undecodable).toEqual([]);
  });
});

test('a listener that throws stops nothing', async () => {
  let calls = 0;
  const world = reflected(withFive, {
    onChange: () => {
      calls += 1;
      throw new Error('bug');
    },
  });
  await settle();
  world.server.put('shop/a', 9);
  await settle();
  expect(calls).toBe(6);
  equal(world);
});

describe('stop', () => {
  test('ends a watch, and nothing is told after it', async () => {
    const world = await synced(withFive);
    const stopped = world.reflector.stop();
    world.server.put('shop/a', 9);
    await stopped;
    await settle();
    expect(told(world)).toEqual([]);
    expect(world.server.openWatches).toBe(0);
    expect(world.reflector.state).toBe('stopped');
    expect(world.clock.pending).toBe(0);
  });

  test('is final at whatever moment an event is on its way', async () => {
    for (let turns = 0; turns < 12; turns++) {
      const world = await synced(withFive);
      world.server.put('shop/a', 9);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      const stopped = world.reflector.stop();
      const before = told(world);
      await stopped;
      await settle();
      expect(told(world)).toEqual(before);
    }
  });

  test('ends a pause and a peer that never answers', async () => {
    const paused = reflected((server) => {
      server.mode = 'down';
    });
    await settle();
    expect(paused.reflector.state).toBe('waiting');
    await paused.reflector.stop();
    expect(paused.clock.pending).toBe(0);

    const hung = reflected((server) => {
      server.request = () => new Promise(() => {});
    });
    await settle();
    expect(hung.reflector.state).toBe('listing');
    await hung.reflector.stop();
    await expect(hung.reflector.whenSynced()).rejects.toThrow('stopped');
  });
});

test('whoever waits for the first list can stop waiting', async () => {
  const world = reflected((server) => {
    server.mode = 'down';
  });
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(world.reflector.whenSynced(signal)).rejects.toThrow('enough');
});
