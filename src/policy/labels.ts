import type { LabelSelector } from '../api/schema/patchpolicy.ts';
import type { Labels, Unknown } from './input.ts';

/** Whether something applies, as far as that can be said. */
export type Match = 'yes' | 'no' | 'unknown';

/** All must hold: one `no` settles it. */
export function all(...matches: readonly Match[]): Match {
  if (matches.includes('no')) return 'no';
  return matches.includes('unknown') ? 'unknown' : 'yes';
}

/** One must hold: one `yes` settles it. */
export function any(...matches: readonly Match[]): Match {
  if (matches.includes('yes')) return 'yes';
  return matches.includes('unknown') ? 'unknown' : 'no';
}

export const matchIf = (holds: boolean): Match => (holds ? 'yes' : 'no');

/** A selector that is absent selects everything. Source of the semantics: apimachinery's metav1.LabelSelector. */
export function selects(selector: LabelSelector | undefined, labels: Labels | Unknown): Match {
  if (selector === undefined) return 'yes';
  if (labels === 'unknown') return 'unknown';
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const equal = Object.entries(matchLabels).every(([key, value]) => labelOf(labels, key) === value);
  return matchIf(equal && matchExpressions.every((expression) => holds(expression, labels)));
}

type Expression = NonNullable<LabelSelector['matchExpressions']>[number];

function holds({ key, operator, values = [] }: Expression, labels: Labels): boolean {
  const value = labelOf(labels, key);
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
