import { childrenOf, type Series } from './series.ts';

const READ_RESULTS = ['found', 'missing', 'unreadable', 'unsupported', 'failed'] as const;
const READ_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** `unreadable`: a right is missing. `unsupported`: the kind can not scale. `failed`: the API server gave no answer. */
export type PlanReadResult = (typeof READ_RESULTS)[number];

export interface PlanSeries {
  /** A look at a target for a plan ended, after so many seconds. */
  read(result: PlanReadResult, seconds: number): void;
}

export function planSeries({ counter, histogram }: Series): PlanSeries {
  const reads = counter('patchgen_plan_reads_total', 'Looks at targets for plans, by what came of them', ['result']);
  const read = childrenOf(READ_RESULTS, (result) => reads.labels({ result }));
  const time = histogram('patchgen_plan_read_seconds', 'Time of one look at a target for a plan', READ_BUCKETS);
  return {
    read: (result, seconds) => {
      read(result)?.inc();
      time.observe(seconds);
    },
  };
}
