import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

export type MatchOp = '=' | '!=' | '=~' | '!~';

export interface Matcher {
  readonly label: string;
  readonly op: MatchOp;
  readonly value: string;
}

/** A name with its matchers, as it stands in an expression. */
export interface Selector {
  readonly name: string;
  readonly matchers: readonly Matcher[];
}

/** Durations and ranges that Grafana fills in. */
const GRAFANA = /\$__(?:rate_interval|interval|range)|\$\{__(?:rate_interval|interval|range)\}/g;

/** Every selector of an expression. Throws where it is no PromQL; variables of Grafana in ranges are taken for 5m. */
export function selectorsOf(expression: string): readonly Selector[] {
  const text = expression.replaceAll(GRAFANA, '5m');
  const selectors: Selector[] = [];
  parser.parse(text).iterate({
    enter: ({ type, from, to, node }) => {
      if (type.isError) throw new Error(`no PromQL at ${from}: ${text.slice(from, to + 20)} in ${expression}`);
      if (type.name === 'VectorSelector') selectors.push(selectorOf(node, text));
    },
  });
  return selectors;
}

/** Every label that an expression groups, joins or carries over by. */
export function groupingsOf(expression: string): readonly string[] {
  const text = expression.replaceAll(GRAFANA, '5m');
  const labels: string[] = [];
  parser.parse(text).iterate({
    enter: ({ type, node }) => {
      if (type.name !== 'GroupingLabels') return;
      for (const label of node.getChildren('LabelName')) labels.push(text.slice(label.from, label.to));
    },
  });
  return labels;
}

function selectorOf(node: SyntaxNode, text: string): Selector {
  const of = (inner: SyntaxNode): string => text.slice(inner.from, inner.to);
  const identifier = node.getChild('Identifier');
  const list = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
  const matchers = list.map((matcher) => {
    const [label, op, value] = ['LabelName', 'MatchOp', 'StringLiteral'].map((kind) => matcher.getChild(kind));
    if (!label || !op || !value) throw new Error(`not a matcher: ${of(matcher)}`);
    return { label: of(label), op: of(op) as MatchOp, value: JSON.parse(of(value)) as string };
  });
  if (identifier === null) throw new Error(`a selector without a name: ${of(node)}`);
  return { name: of(identifier), matchers };
}

/** Whether a series with these labels is selected; an absent label is the empty string. Expressions are anchored. */
export function selects(matcher: Matcher, labels: Readonly<Record<string, string>>): boolean {
  const value = labels[matcher.label] ?? '';
  const matches = matcher.op.endsWith('~')
    ? new RegExp(`^(?:${matcher.value})$`, 's').test(value)
    : value === matcher.value;
  return matcher.op.startsWith('!') ? !matches : matches;
}
