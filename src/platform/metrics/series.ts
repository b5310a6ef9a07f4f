import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

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

/** One child per label value, made now: each series is there from the first scrape on, and no other can appear. */
export function childrenOf<V extends string, C>(
  values: readonly V[],
  child: (value: V) => C,
): (value: V) => C | undefined {
  const children = new Map<V, C>(values.map((value) => [value, child(value)]));
  return (value) => children.get(value);
}
