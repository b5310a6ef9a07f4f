/** One query and the words of its legend. */
export interface Query {
  readonly expr: string;
  readonly legend?: string;
}

export type Unit = 'short' | 's' | 'bytes' | 'ops' | 'reqps' | 'percentunit' | 'none';

export interface Panel {
  readonly title: string;
  /** What the numbers mean, for who hovers over the corner. */
  readonly description: string;
  readonly kind: 'stat' | 'timeseries';
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** Of 24 columns. Default 8. */
  readonly width?: number;
  /** Stat panels: show the name of the series instead of its value. */
  readonly names?: boolean;
  /** Stat panels: values from which on the panel is yellow or red; without them it is plain. */
  readonly warnFrom?: number;
  readonly failFrom?: number;
  /** Stat panels: red below this. */
  readonly failBelow?: number;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** What every query is narrowed to: the installation and the pods that were chosen. */
export const CHOSEN = 'namespace="$namespace", job="$job", pod=~"$pod"';

/** `name{chosen pods, further matchers}` */
export function chosen(name: string, ...matchers: readonly string[]): string {
  return `${name}{${[CHOSEN, ...matchers].join(', ')}}`;
}

export const rateOf = (name: string, ...matchers: readonly string[]): string =>
  `rate(${chosen(name, ...matchers)}[$__rate_interval])`;

/** The usual three quantiles of a histogram. */
export function quantilesOf(histogram: string): readonly Query[] {
  return [0.5, 0.95, 0.99].map((quantile) => ({
    expr: `histogram_quantile(${quantile}, sum by (le) (${rateOf(`${histogram}_bucket`)}))`,
    legend: `p${quantile * 100}`,
  }));
}
