import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { readExposition } from './exposition.ts';
import type { Scrape } from './tracks.ts';

/** Reads /metrics as Prometheus does. Nobody who answers is a result too. */
export async function scrape({ metricsUrl }: Pick<OperatorProcess, 'metricsUrl'>): Promise<Scrape> {
  const at = performance.now();
  try {
    const answer = await fetch(metricsUrl, { signal: AbortSignal.timeout(10_000) });
    return { at, exposition: readExposition(await answer.text()) };
  } catch {
    return { at, exposition: undefined };
  }
}
