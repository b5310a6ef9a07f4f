import type { Named } from './dashboard.ts';
import type { Sample } from './exposition.ts';
import { groupingsOf, type Matcher, type Selector, selectorsOf, selects } from './promql.ts';

/** Labels that Prometheus adds when it scrapes what a ServiceMonitor or PodMonitor names. */
const OF_TARGET = new Set(['namespace', 'job', 'instance', 'pod', 'container', 'service', 'endpoint']);
/** Series that Prometheus makes itself, with their labels. */
const OF_PROMETHEUS: Readonly<Record<string, ReadonlySet<string>>> = {
  up: new Set(),
  ALERTS: new Set(['alertname', 'alertstate', 'severity']),
};
/** Labels whose values appear as they happen. */
const OPEN_VALUES = new Set(['code']);

/** One sentence for each name, label or value in the expressions that the operator does not serve. */
export function unknownNames(expressions: readonly Named[], samples: readonly Sample[]): readonly string[] {
  const served = new Map<string, Sample[]>();
  for (const sample of samples) served.set(sample.name, [...(served.get(sample.name) ?? []), sample]);
  return expressions.flatMap(({ where, expr }) => {
    const selectors = selectorsOf(expr);
    const findings = selectors.flatMap((selector) => selectorFindings(selector, served));
    const labels = new Set(
      selectors.flatMap(({ name }) => (served.get(name) ?? []).flatMap((it) => Object.keys(it.labels))),
    );
    const groups = groupingsOf(expr)
      .filter((label) => !OF_TARGET.has(label) && !labels.has(label))
      .map((label) => `no series of it has the label ${label}`);
    return [...findings, ...groups].map((finding) => `${where}: ${finding}`);
  });
}

function selectorFindings({ name, matchers }: Selector, served: ReadonlyMap<string, readonly Sample[]>): string[] {
  const own = OF_PROMETHEUS[name];
  const samples = served.get(name) ?? [];
  if (own === undefined && samples.length === 0) return [`no series ${name}`];
  return matchers
    .filter(({ label }) => !OF_TARGET.has(label) && own?.has(label) !== true)
    .flatMap((matcher) => matcherFindings(name, matcher, samples));
}

function matcherFindings(name: string, matcher: Matcher, samples: readonly Sample[]): string[] {
  const { label, op, value } = matcher;
  if (!samples.some(({ labels }) => labels[label] !== undefined)) return [`${name} has no label ${label}`];
  if (OPEN_VALUES.has(label)) return [];
  // What is left out must be there too, or leaving it out means nothing.
  const positive = op.endsWith('~') ? '=~' : '=';
  const values = op.endsWith('~') ? value.split('|') : [value];
  return values
    .filter((one) => !samples.some(({ labels }) => selects({ label, op: positive, value: one }, labels)))
    .map((one) => `${name} never has ${label}="${one}"`);
}
