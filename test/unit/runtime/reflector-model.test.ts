import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Mode, ModelServer } from '../../support/model-server.ts';
import { digestOf, type Reflected, reflected } from '../../support/reflected.ts';

const key = fc.constantFrom('shop/a', 'shop/b', 'shop/c', 'bank/a');
const mode = fc.constantFrom<Mode>('served', 'absent', 'forbidden', 'down', 'busy');

type Act = (world: Reflected) => void;
const onServer =
  (act: (server: ModelServer) => void): Act =>
  ({ server }) =>
    act(server);

const act: fc.Arbitrary<readonly [string, Act]> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(key, fc.nat(9))
      .map(([name, value]) => [`put ${name} ${value}`, onServer((server) => server.put(name, value))] as const),
  },
  { weight: 3, arbitrary: key.map((name) => [`remove ${name}`, onServer((server) => server.remove(name))] as const) },
  {
    weight: 2,
    arbitrary: key.map(
      (name) =>
        [
          `re-create ${name}`,
          onServer((server) => {
            server.remove(name);
            server.put(name, 1);
          }),
        ] as const,
    ),
  },
  {
    weight: 2,
    arbitrary: mode.map(
      (to) =>
        [
          `mode ${to}`,
          onServer((server) => {
            server.mode = to;
          }),
        ] as const,
    ),
  },
  ...Object.entries<Act>({
    cut: onServer((server) => server.cut()),
    end: onServer((server) => server.endWatches()),
    silence: onServer((server) => server.silence()),
    garble: onServer((server) => server.garble()),
    compact: onServer((server) => server.compact()),
    bookmark: onServer((server) => server.bookmark()),
    'repeat the last event': onServer((server) => server.repeatLast()),
    'error event': onServer((server) => server.send({ type: 'ERROR', object: { code: 410 } })),
    'lose an event, then fall silent': onServer((server) => {
      server.unnoticed(() => server.remove('shop/a'));
      server.silence();
    }),
    'lose an event, then relist': ({ server, reflector }) => {
      server.unnoticed(() => server.put('shop/b', 99));
      reflector.relist();
    },
    'restore a backup': onServer((server) => server.rewind({ 'shop/a': 5, 'shop/z': 6 })),
    relist: ({ reflector }) => reflector.relist(),
  }).map(([name, run]) => ({ weight: 1, arbitrary: fc.constant([name, run] as const) })),
);

const acts = fc.array(fc.tuple(act, fc.constantFrom(0, 0, 1, 500, 5000, 100_000)), { maxLength: 25 });

test('after any sequence of changes, gaps and failures the store ends equal to the server, and so do those who followed the changes', async () => {
  await fc.assert(
    fc.asyncProperty(acts, async (steps) => {
      const world = reflected((server) => server.put('shop/a', 0));
      for (const [[, run], pause] of steps) {
        run(world);
        if (pause > 0) await world.clock.advance(pause);
      }
      world.server.mode = 'served';
      await world.clock.advance(200_000);
      expect(world.reflector.state).toBe('watching');
      const there = digestOf(world.server.contents().values());
      expect(digestOf(world.store.list())).toEqual(there);
      expect(digestOf(followed(world))).toEqual(there);
      await world.reflector.stop();
      expect(world.server.openWatches).toBe(0);
    }),
    { numRuns: 500 },
  );
}, 60_000);

function followed({ changes }: Reflected) {
  const objects = new Map<string, NonNullable<(typeof changes)[number]['object']>>();
  for (const change of changes) {
    expect(change.type === 'added').toBe(!objects.has(change.key));
    if (change.object === undefined) objects.delete(change.key);
    else objects.set(change.key, change.object);
  }
  return objects.values();
}
