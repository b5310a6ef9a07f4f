import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml';

/** A value of the chart, as its table tells it. */
export interface ChartValue {
  /** `persistence.mode` */
  readonly key: string;
  readonly default: unknown;
  /** The comment above the key. */
  readonly meaning: string;
}

/** The table of values for the README of a chart. Throws on a key without a comment. */
export function valuesTable(valuesYaml: string): string {
  const rows = chartValues(valuesYaml).map(
    ({ key, default: value, meaning }) =>
      `| \`${key}\` | \`${JSON.stringify(value)}\` | ${meaning.replaceAll('|', '\\|')} |`,
  );
  return ['| value | default | meaning |', '|---|---|---|', ...rows].join('\n');
}

/** Every leaf of values.yaml in its order: a key with a comment is one, whatever stands below it. */
export function chartValues(valuesYaml: string): readonly ChartValue[] {
  const { contents } = parseDocument(valuesYaml);
  if (!isMap(contents)) throw new Error('values.yaml is no mapping');
  return leavesOf(contents, '', undefined);
}

/** The comment above the first key belongs to the map in this library. */
function leavesOf(map: YAMLMap, prefix: string, first: string | undefined): readonly ChartValue[] {
  return map.items.flatMap((pair, index) => {
    const { name, comment } = keyOf(pair);
    const key = prefix === '' ? name : `${prefix}.${name}`;
    const meaning = lastParagraph(comment ?? (index === 0 ? first : undefined));
    const { value } = pair;
    if (meaning !== undefined) return [{ key, default: plain(value), meaning }];
    if (!isMap(value) || value.items.length === 0) throw new Error(`values.yaml: ${key} has no comment above it`);
    return leavesOf(value, key, value.commentBefore ?? undefined);
  });
}

function keyOf({ key }: Pair): { readonly name: string; readonly comment: string | undefined } {
  if (!isScalar(key)) throw new Error('values.yaml: a key is no scalar');
  return { name: String(key.value), comment: key.commentBefore ?? undefined };
}

const plain = (value: unknown): unknown =>
  value !== null && typeof value === 'object' && 'toJSON' in value && typeof value.toJSON === 'function'
    ? value.toJSON()
    : value;

/** What stands higher, behind a blank line, or between dashes is a heading of several keys. */
function lastParagraph(comment: string | undefined): string | undefined {
  const last = (comment ?? '').split(/\n\s*\n/).at(-1) ?? '';
  const text = last.trim().replaceAll(/\s*\n\s*/g, ' ');
  return text === '' || text.startsWith('---') ? undefined : text;
}
