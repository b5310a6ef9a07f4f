import fc from 'fast-check';
import { expect, test } from 'vitest';
import { silentLog } from '../../../src/platform/log.ts';
import { type Elector, startElector } from '../../../src/runtime/elector.ts';
import type { Lease } from '../../../src/runtime/lease.ts';
import { ManualClock } from '../../support/clock.ts';
import { FAIR, LeaseServer, type Weather } from '../../support/lease-server.ts';
import { seededRandom } from '../../support/random.ts';

const NAMES = ['a', 'b', 'c'] as const;
const name = fc.constantFrom(...NAMES);
const weather: fc.Arbitrary<Weather> = fc.record({
  there: fc.constantFrom(1, 300, 4000, 12_000),
  back: fc.constantFrom(1, 300, 4000),
  fault: fc.constantFrom('none', 'none', 'cut', 'deaf', 'refused'),
});
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 100, max: 12_000 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('weather' as const), name, weather }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('clear' as const), name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stop' as const), name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const), name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('annotate' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hand over' as const), name }) },
);

/** What somebody does who edits the holder, and nothing else. */
const handedTo = (lease: Lease, holderIdentity: string): Lease => ({
  ...lease,
  spec: { ...lease.spec, holderIdentity },
});

interface Replica {
  readonly identity: string;
  elector: Elector;
  weather: Weather;
  elected: number;
  lost: number;
  deadline: number;
}

function start(server: LeaseServer, clock: ManualClock, identity: string, life: number): Replica {
  const replica: Partial<Replica> & Omit<Replica, 'elector'> = {
    identity: `${identity}_${life}`,
    weather: FAIR,
    elected: 0,
    lost: 0,
    deadline: 0,
  };
  replica.elector = startElector({
    client: server.client(identity, () => replica.weather),
    namespace: 'x',
    name: 'x',
    identity: replica.identity,
    leaseDurationMs: 15_000,
    renewDeadlineMs: 10_000,
    retryPeriodMs: 2000,
    clock,
    random: seededRandom(identity.charCodeAt(0) + life),
    log: silentLog,
    onElected: () => {
      replica.elected += 1;
    },
    onLost: () => {
      replica.lost += 1;
    },
    onDeadline: (ms) => {
      replica.deadline = ms;
    },
  });
  return replica as Replica;
}

test('two candidates never lead at the same moment, and soon after the trouble one does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25, size: 'max' }), async (steps) => {
      const clock = new ManualClock();
      const server = new LeaseServer(clock);
      let lives = 0;
      const replicas = new Map(NAMES.map((one) => [one, start(server, clock, one, lives++)]));
      // A candidate that never saw the Lease cannot know of a term: people delete it only once all have looked.
      await clock.advance(10_000);
      const pass = async (ms: number): Promise<void> => {
        for (let left = ms; left > 0; left -= 500) {
          await clock.advance(Math.min(500, left));
          const leaders = [...replicas.values()].filter(({ elector }) => elector.leading);
          expect(leaders.length).toBeLessThanOrEqual(1);
          const now = clock.monotonic();
          expect([...replicas.values()].filter(({ deadline }) => now < deadline).length).toBeLessThanOrEqual(1);
          for (const { elected, lost } of replicas.values())
            expect([elected <= 1, lost <= elected]).toEqual([true, true]);
        }
      };
      for (const one of steps) {
        if (one.do === 'wait') await pass(one.ms);
        else if (one.do === 'delete') server.tamper(() => undefined);
        else if (one.do === 'annotate') server.tamper((lease) => ({ ...lease }));
        else {
          const replica = replicas.get(one.name);
          if (replica === undefined) continue;
          if (one.do === 'hand over') server.tamper((lease) => handedTo(lease, replica.identity));
          else if (one.do === 'weather') replica.weather = one.weather;
          else if (one.do === 'clear') replica.weather = FAIR;
          else void (one.do === 'stop' ? replica.elector.stop() : replica.elector.release());
        }
      }
      // A kubelet would do this: who lost or went is started anew, under another identity.
      for (const [key, replica] of replicas) {
        replica.weather = FAIR;
        void replica.elector.stop();
        await pass(20_000);
        replicas.set(key, start(server, clock, key, lives++));
      }
      await pass(40_000);
      expect([...replicas.values()].filter(({ elector }) => elector.leading).length).toBe(1);
      for (const replica of replicas.values()) await replica.elector.stop();
    }),
    { numRuns: 40 },
  );
}, 60_000);
