import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { eventually } from '../eventually.ts';
import { scrape } from './scrape.ts';
import { type Track, target, tracksOf } from './tracks.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The pod as it is now and two seconds later, and two hours on like this. */
export async function asItGoes(
  operator: OperatorProcess,
  pod = 'a',
  meanwhile = () => pause(2_000),
): Promise<readonly Track[]> {
  const first = await scrape(operator);
  await meanwhile();
  return tracksOf(target(pod), [first, await scrape(operator)], 'grow');
}

/** Waits until the counters of this name, with these labels, have grown together by so much. */
export function grown(
  operator: OperatorProcess,
  name: string,
  labels: Readonly<Record<string, string>>,
  by: number,
): () => Promise<void> {
  const sum = async (): Promise<number> =>
    ((await scrape(operator)).exposition?.samples ?? [])
      .filter(
        (one) => one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value),
      )
      .reduce((total, { value }) => total + value, 0);
  return async () => {
    const before = await sum();
    await eventually(`${name} grows by ${by}`, async () => (await sum()) >= before + by);
  };
}
