import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Clock } from '../../../../src/platform/clock.ts';
import { change, compiledOf, isWritten, type Leader, leaderOf } from '../../../support/book-world.ts';
import { ManualClock } from '../../../support/clock.ts';
import { type Fault, PolicyServer } from '../../../support/policy-server.ts';
import { seededRandom } from '../../../support/random.ts';

const HOUR = 3_600_000;
/** How far the clocks of the replicas may be apart, and step. */
const MAX_STEP = 300_000;
/** From the decision to the answer that grants it, and the second that the ledger is exact to. */
const SLACK = 10_000;
const LIMITS = {
  one: { perTargetPerHour: 1, perNamespacePerHour: 3 },
  two: { perNamespacePerHour: 2 },
};
type Name = keyof typeof LIMITS;

type Step =
  | {
      readonly do: 'reserve';
      readonly who: number;
      readonly target: string;
      readonly id: string;
      readonly under: Name[];
    }
  | { readonly do: 'fail'; readonly who: number; readonly id: string }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'set the clock'; readonly who: number; readonly ahead: number }
  | { readonly do: 'fault'; readonly fault: Fault }
  | { readonly do: 'see' | 'restart' | 'stop'; readonly who: number }
  | { readonly do: 'touch'; readonly name: Name };

const who = fc.nat(1);
const names = fc.constantFrom<Name[]>('one', 'two');
const reserve: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('reserve'),
  who,
  target: fc.constantFrom('web', 'api', 'db', 'job'),
  id: fc.constantFrom('a', 'b', 'c', 'd'),
  under: fc.constantFrom<Name[][]>(['one'], ['two'], ['one', 'two']),
});
const pass: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('pass'),
  ms: fc.oneof(fc.nat(5), fc.nat(200), fc.integer({ min: 600_000, max: 2_000_000 })),
});
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: reserve },
  { weight: 6, arbitrary: pass },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail'), who, id: fc.constantFrom('a', 'b', 'c') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('set the clock'), who, ahead: fc.nat(MAX_STEP) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('fault'), fault: fc.constantFrom<Fault[]>('lost', 'dropped', 'late') }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('see', 'see', 'see', 'restart', 'stop'), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('touch'), name: names }) },
);

interface Grant {
  readonly at: number;
  readonly target: string;
  readonly id: string;
  readonly under: readonly Name[];
}

/** A clock that is ahead of the true one by as much as was set last. */
function ownClock(truth: ManualClock): Clock & { ahead: number } {
  const own = {
    ahead: 0,
    now: () => new Date(truth.now().getTime() + own.ahead),
    monotonic: () => truth.monotonic(),
    after: (ms: number, run: () => void) => truth.after(ms, run),
  };
  return own;
}

class Model {
  readonly clock = new ManualClock();
  readonly server: PolicyServer;
  readonly grants: Grant[] = [];
  readonly settled: Promise<void>[] = [];
  readonly clocks = [ownClock(this.clock), ownClock(this.clock)];
  readonly leaders: Leader[];

  constructor(seed: number) {
    const random = seededRandom(seed);
    this.server = new PolicyServer({ clock: this.clock, delayMs: () => 1 + Math.floor(random.fraction() * 20) });
    for (const [name, rate] of Object.entries(LIMITS))
      this.server.create(name, { rate, storm: { failures: 3, window: '1h', coolDown: '1h' } });
    this.leaders = this.clocks.map((clock) => leaderOf(this.server, clock));
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'pass') return this.clock.advance(step.ms);
    if (step.do === 'touch') return this.server.edit(step.name);
    if (step.do === 'fault') return void this.server.faults.push(step.fault);
    const [leader, clock] = [this.leaders[step.who], this.clocks[step.who]];
    if (leader === undefined || clock === undefined) throw new Error('no such leader');
    if (step.do === 'reserve') this.#reserve(leader, step);
    if (step.do === 'fail') leader.books.failed(compiledOf(leader.view), step.id);
    if (step.do === 'set the clock') clock.ahead = step.ahead;
    if (step.do === 'see') leader.catchUp();
    // The old one goes on for as long as it has something to do: nobody told it that it is not needed any more.
    if (step.do === 'restart') this.leaders[step.who] = leaderOf(this.server, clock);
    if (step.do === 'stop') {
      this.settled.push(leader.books.stop());
      this.leaders[step.who] = leaderOf(this.server, clock);
    }
  }

  #reserve({ books, view }: Leader, { target, id, under }: Step & { do: 'reserve' }): void {
    const input = change(target, id);
    const reserved = books.reserve(compiledOf(view, ...under), input, new AbortController().signal);
    const noted = reserved.then(
      (full) => {
        if (full !== undefined) return;
        for (const name of under) expect(isWritten(this.server, name, input), `${name} has ${target}/${id}`).toBe(true);
        this.grants.push({ at: this.clock.monotonic(), target, id, under });
      },
      () => {},
    );
    this.settled.push(noted);
  }
}

/** The most different changes that were granted within any time that is an hour by every clock. */
function mostWithinAnHour(grants: readonly Grant[]): number {
  const span = HOUR - MAX_STEP - SLACK;
  const counts = grants.map(({ at }) => {
    const within = grants.filter((other) => other.at <= at && other.at > at - span);
    return new Set(within.map(({ target, id }) => `${target}/${id}`)).size;
  });
  return Math.max(0, ...counts);
}

test('however writers, faults, restarts and clocks interleave, what is granted is in the status and within the limits', async () => {
  let grants = 0;
  let conflicts = 0;
  const run = fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 80 }), fc.nat(), async (todo, seed) => {
    const model = new Model(seed);
    for (const step of todo) await model.take(step);
    model.server.faults.length = 0;
    await model.clock.advance(60_000);
    await Promise.all(model.settled);
    for (const [name, limits] of Object.entries(LIMITS)) {
      const here = model.grants.filter(({ under }) => under.some((one) => one === name));
      expect(mostWithinAnHour(here)).toBeLessThanOrEqual(limits.perNamespacePerHour);
      for (const target of new Set(here.map((grant) => grant.target))) {
        const most = 'perTargetPerHour' in limits ? limits.perTargetPerHour : Number.POSITIVE_INFINITY;
        expect(mostWithinAnHour(here.filter((grant) => grant.target === target))).toBeLessThanOrEqual(most);
      }
    }
    grants += model.grants.length;
    conflicts += model.leaders.flatMap(({ results }) => results).filter((result) => result === 'conflict').length;
  });
  await fc.assert(run, { numRuns: 300 });
  // Else nothing was put to the test.
  expect(grants).toBeGreaterThan(300);
  expect(conflicts).toBeGreaterThan(30);
});
