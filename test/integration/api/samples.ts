import fc from 'fast-check';

/** A value for one leaf of the spec, or its absence. */
export type Leaf = { readonly value: unknown } | 'absent';

export interface Sample {
  readonly title: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

const EMOJI = '😀';
const WRONG_TYPES = [5, 1.5, true, [], {}, ['x'], { a: 1 }];
const NAMES = [
  'web',
  'a',
  '0',
  'a-b',
  'Web',
  '-web',
  'web-',
  'we_b',
  'we.b',
  'web\n',
  'wéb',
  '..',
  '.',
  'a/b',
  '',
  'we b',
  EMOJI,
  '\u0000',
];

function strings(good: readonly string[], maximum: number, bad: readonly unknown[]): readonly unknown[] {
  return [...good, 'a'.repeat(maximum), 'a'.repeat(maximum + 1), ...bad, ...WRONG_TYPES];
}

/** Texts without a pattern: bounds in code points, whatever the planes. */
function free(maximum: number): readonly unknown[] {
  const wide = [EMOJI.repeat(maximum), EMOJI.repeat(maximum + 1), `é${'a'.repeat(maximum - 1)}`];
  return strings(['', 'because', 'two\nlines', '\u202e', '"\\'], maximum, wide);
}

/** For each leaf: what is valid, both sides of both bounds, and what is wrong. Null is a class of its own. */
export const LEAVES: Readonly<Record<string, readonly unknown[]>> = {
  intentType: ['scaling', 'Scaling', 'SCALING', 'image', '', ' scaling', 'scaling\n', ...WRONG_TYPES],
  target: strings(NAMES, 253, [EMOJI.repeat(253), EMOJI.repeat(254)]),
  namespace: strings(NAMES, 63, [EMOJI.repeat(63), EMOJI.repeat(64)]),
  targetApiVersion: [
    'apps/v1',
    'v1',
    'example.com/v1alpha1',
    'a.b-c.d/v2beta10',
    'apps/',
    '/v1',
    'apps/v0',
    'apps/V1',
    'apps/v1/x',
    'apps/v1\n',
    '',
    'apps',
    '../v1',
    'Apps/v1',
    `${'a'.repeat(314)}/v1`,
    `${'a'.repeat(315)}/v1`,
    ...WRONG_TYPES,
  ],
  targetKind: [
    'Deployment',
    'StatefulSet',
    'A',
    'Widget2',
    'deployment',
    '2Widget',
    'Deploy ment',
    '',
    'Déployment',
    'A\n',
    `A${'a'.repeat(62)}`,
    `A${'a'.repeat(63)}`,
    ...WRONG_TYPES,
  ],
  replicas: [0, -0, 1, 99, 100, -1, 101, 1.5, 2 ** 31, -(2 ** 31), 2 ** 40, 2 ** 53, '5', '', true, [], {}],
  reason: free(512),
  source: free(64),
  correlationId: strings(['INC-42', 'a', '_', '-', 'A_z-9'], 128, ['', 'a b', 'a.b', 'é', 'a\n', EMOJI]),
  suspend: [true, false, 'true', '', 0, 1, [], {}],
  dryRun: [true, false, 'false', 0, 1, [], {}],
};

const GOOD = { intentType: 'scaling', target: 'web', replicas: 5 } as const;

/** One leaf at a time on a good spec; then each leaf left out. */
export function singleSamples(): readonly Sample[] {
  const set = Object.entries(LEAVES).flatMap(([field, values]) =>
    values.map((value) => ({ title: `${field} = ${brief(value)}`, spec: { ...GOOD, [field]: value } })),
  );
  const without = Object.keys(GOOD).map((field) => ({ title: `without ${field}`, spec: omit(field) }));
  return [...set, ...without, { title: 'an empty spec', spec: {} }];
}

/** Many leaves at a time, the same ones on each run. */
export function mixedSamples(count: number): readonly Sample[] {
  const leaf = (values: readonly unknown[]) =>
    fc.oneof({ weight: 3, arbitrary: fc.constant(values[0]) }, fc.constantFrom(...values));
  const spec = fc.record(Object.fromEntries(Object.entries(LEAVES).map(([field, values]) => [field, leaf(values)])), {
    requiredKeys: ['target'],
  });
  return fc.sample(spec, { numRuns: count, seed: 42 }).map((value) => ({ title: brief(value), spec: value }));
}

function omit(field: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(GOOD).filter(([key]) => key !== field));
}

function brief(value: unknown): string {
  const text = Object.is(value, -0) ? '-0' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 40)}… (${text.length})` : text;
}
