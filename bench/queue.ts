/**
 * The work queue against the least that any queue of keys must do: remember a key, hand it out through a promise, forget
 * it. Both in one process, interleaved; trust the ratio, not the times.
 */
import { parseArgs } from 'node:util';
import { systemClock } from '../src/platform/clock.ts';
import { systemRandom } from '../src/platform/random.ts';
import { WorkQueue } from '../src/runtime/queue.ts';

const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '15' },
    json: { type: 'boolean' },
  },
});
const keys = Array.from({ length: Number(values.keys) }, (_, n) => `team-${n % 50}/web-${n}`);

/** A Map in the order of insertion, no delays, no retries, nobody else at work. */
async function floor(): Promise<void> {
  const waiting = new Map<string, { readonly key: string }>();
  for (const key of keys) waiting.set(key, { key });
  for (const key of waiting.keys()) waiting.delete(await Promise.resolve(key));
}

async function addTakeDone(): Promise<void> {
  const queue = new WorkQueue({ clock: systemClock, random: systemRandom });
  for (const key of keys) queue.add(key);
  for (let n = 0; n < keys.length; n += 1) queue.done((await queue.take()) ?? '');
}

/** What a storm does: every key four times, half of them low, and a retry with backoff for each. */
async function storm(): Promise<void> {
  const queue = new WorkQueue({ clock: systemClock, random: systemRandom });
  for (const low of [true, false, true, false]) for (const key of keys) queue.add(key, { low });
  for (let n = 0; n < keys.length; n += 1) {
    const key = (await queue.take()) ?? '';
    queue.addRateLimited(key);
    queue.done(key);
  }
  queue.shutDown();
}

/** CPU microseconds per key. */
async function measure(run: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / keys.length;
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

const variants = { floor, addTakeDone, storm };
const times: Record<keyof typeof variants, number[]> = { floor: [], addTakeDone: [], storm: [] };
for (let round = -2; round < Number(values.rounds); round += 1) {
  for (const name of ['floor', 'addTakeDone', 'storm'] as const) {
    const micros = await measure(variants[name]);
    if (round >= 0) times[name].push(micros); // the first two rounds warm the compiler up
  }
}
const result = {
  keys: keys.length,
  microsPerKey: { floor: median(times.floor), addTakeDone: median(times.addTakeDone), storm: median(times.storm) },
  ratio: median(times.addTakeDone.map((micros, n) => micros / (times.floor[n] ?? Number.NaN))),
};
if (values.json) console.log(JSON.stringify(result));
else {
  const { microsPerKey } = result;
  console.log(`${keys.length} keys, CPU per key: floor ${microsPerKey.floor.toFixed(2)} µs`);
  console.log(`add + take + done ${microsPerKey.addTakeDone.toFixed(2)} µs: ${result.ratio.toFixed(1)} × the floor`);
  console.log(`four adds, a run and a retry ${microsPerKey.storm.toFixed(2)} µs`);
}
