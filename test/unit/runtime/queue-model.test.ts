import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WorkQueue } from '../../../src/runtime/queue.ts';
import { ManualClock } from '../../support/clock.ts';
import { seededRandom } from '../../support/random.ts';

const key = fc.constantFrom('a', 'b', 'c', 'd');
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('add' as const), key, low: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('after' as const), key, ms: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('retry' as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget' as const), key }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('take' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('done' as const), nth: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(40) }) },
);

/** What is owed to the adders, kept by hand: plain lists and no cleverness. */
class Model {
  readonly waiting: string[] = [];
  readonly working: string[] = [];
  readonly again = new Set<string>();
  readonly due = new Map<string, number>();

  add(added: string): void {
    if (this.working.includes(added)) this.again.add(added);
    else if (!this.waiting.includes(added)) this.waiting.push(added);
  }

  after(added: string, at: number, now: number): void {
    if (at <= now) this.add(added);
    else this.due.set(added, Math.min(at, this.due.get(added) ?? at));
  }

  pass(now: number): void {
    for (const [added, at] of this.due) {
      if (at > now) continue;
      this.due.delete(added);
      this.add(added);
    }
  }

  taken(taken: string): void {
    this.waiting.splice(this.waiting.indexOf(taken), 1);
    this.working.push(taken);
    this.due.delete(taken);
  }

  done(done: string): void {
    this.working.splice(this.working.indexOf(done), 1);
    if (this.again.delete(done)) this.add(done);
  }
}

async function takeNow(queue: WorkQueue): Promise<string | undefined> {
  const patience = new AbortController();
  const taken = queue.take(patience.signal);
  patience.abort();
  return taken;
}

test('the queue never runs one key twice at once, never loses an add, and never makes one up', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), fc.nat(), async (steps, seed) => {
      const clock = new ManualClock();
      const queue = new WorkQueue({ clock, random: seededRandom(seed), baseDelayMs: 2, maxDelayMs: 50 });
      const model = new Model();
      for (const one of steps) {
        const now = clock.monotonic();
        if (one.do === 'add') {
          queue.add(one.key, { low: one.low });
          model.add(one.key);
        } else if (one.do === 'after') {
          queue.addAfter(one.key, one.ms);
          model.after(one.key, now + one.ms, now);
        } else if (one.do === 'retry') {
          model.after(one.key, now + queue.addRateLimited(one.key), now);
        } else if (one.do === 'forget') {
          queue.forget(one.key);
        } else if (one.do === 'take') {
          const taken = await takeNow(queue);
          if (taken === undefined) expect(model.waiting).toEqual([]);
          else {
            expect(model.working).not.toContain(taken);
            expect(model.waiting).toContain(taken);
            model.taken(taken);
          }
        } else if (one.do === 'done') {
          const done = model.working[one.nth];
          if (done === undefined) continue;
          queue.done(done);
          model.done(done);
        } else {
          await clock.advance(one.ms);
          model.pass(clock.monotonic());
        }
        expect(queue.length).toBe(model.waiting.length);
      }
      await everythingOwedIsRun(clock, queue, model);
    }),
    { numRuns: 300 },
  );
});

async function everythingOwedIsRun(clock: ManualClock, queue: WorkQueue, model: Model): Promise<void> {
  const owed = new Set([...model.waiting, ...model.again, ...model.due.keys()]);
  const ran = new Set<string>();
  for (const working of model.working) queue.done(working);
  for (let round = 0; round < 2; round += 1) {
    for (let taken = await takeNow(queue); taken !== undefined; taken = await takeNow(queue)) {
      ran.add(taken);
      queue.done(taken);
    }
    await clock.advance(100);
  }
  expect(ran).toEqual(owed);
  for (const one of ['a', 'b', 'c', 'd']) queue.forget(one);
  expect(queue.known).toBe(0);
}
