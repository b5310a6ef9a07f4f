import { expect, test } from 'vitest';
import { chartValues, valuesTable } from '../../../../tools/generate/values-reference.ts';

const VALUES = `# Head of the file.

# How many.
replicas: 2

image:
  # Its name.
  name: x
  # Its tag;
  # empty means none.
  tag: ""
# --- Pods ---

# Labels | of the pods.
labels:
  a: b
service:
  # Notes.
  annotations: {}
`;

test('a key with a comment is a value, whatever stands below it; one without is a group of them', () => {
  expect(chartValues(VALUES)).toEqual([
    { key: 'replicas', default: 2, meaning: 'How many.' },
    { key: 'image.name', default: 'x', meaning: 'Its name.' },
    { key: 'image.tag', default: '', meaning: 'Its tag; empty means none.' },
    { key: 'labels', default: { a: 'b' }, meaning: 'Labels | of the pods.' },
    { key: 'service.annotations', default: {}, meaning: 'Notes.' },
  ]);
});

test('a heading between dashes is no comment of the key below it', () => {
  const keys = chartValues('# --- Pods ---\nservice:\n  # Notes.\n  annotations: {}\n').map(({ key }) => key);
  expect(keys).toEqual(['service.annotations']);
});

test('the table survives a bar in a meaning', () => {
  expect(valuesTable(VALUES).split('\n')).toContain('| `labels` | `{"a":"b"}` | Labels \\| of the pods. |');
});

test.each(['a: 1\n', 'a:\n  b: 1\n', 'a: {}\n', '# --- Head ---\na: 1\n'])(
  'a value without a comment is refused: %j',
  (yaml) => {
    expect(() => chartValues(yaml)).toThrow(/^values\.yaml: a(\.b)? has no comment above it$/);
  },
);
