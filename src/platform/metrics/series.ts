import { Counter, Gauge, Histogram, type LabelValues, type Registry } from 'prom-client';

/** Makes series in one registry; the help text is part of each, so that /metrics explains itself. */
export interface Series {
  counter<L extends string = never>(name: string, help: string, labels?: readonly L[]): Counter<L>;
  gauge<L extends string = never>(name: string, help: string, labels?: readonly L[]): Gauge<L>;
  histogram<L extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labels?: readonly L[],
  ): Histogram<L>;
}

export function seriesOf(registry: Registry): Series {
  const base = <L extends string>(name: string, help: string, labels: readonly L[] = []) => ({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
  });
  return {
    counter: (name, help, labels) => new Counter(base(name, help, labels)),
    gauge: (name, help, labels) => new Gauge(base(name, help, labels)),
    histogram: (name, help, buckets, labels) => new Histogram({ ...base(name, help, labels), buckets: [...buckets] }),
  };
}

interface Growing {
  inc(value?: number): void;
}

/** The series of a counter, there with 0 from the first scrape on: an alert on its rate works for the first increase too. */
export function started<C extends Growing>(child: C): C {
  child.inc(0);
  return child;
}

/** The series of a histogram with these labels, there with 0 from the first scrape on. */
export function timesOf<L extends string>(histogram: Histogram<L>, labels: LabelValues<L>): Histogram.Internal<L> {
  histogram.zero(labels);
  return histogram.labels(labels);
}

/** One series per label value, made now; for other values there is none. */
export function childrenOf<V extends string, C extends Growing>(
  values: readonly V[],
  child: (value: V) => C,
): (value: V) => C | undefined {
  const children = new Map<V, C>(values.map((value) => [value, started(child(value))]));
  return (value) => children.get(value);
}
