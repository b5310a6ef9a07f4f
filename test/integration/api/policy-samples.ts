import fc from 'fast-check';

// What a PatchPolicy and a PatchApproval may hold, valid, at both bounds and wrong.

export interface Sample {
  readonly title: string;
  readonly spec: unknown;
}

const WRONG = [5, 1.5, true, [], {}, 'x'];
const LONG = 'a'.repeat(600);
const durations = (...bounds: readonly string[]) => [
  ...bounds,
  '1h30m',
  '90s',
  '5m3h',
  '0s',
  '1.5h',
  '100ms',
  '-1h',
  '+1h',
  'h',
  '1',
  '',
  '1h\n',
  '99999h99999h99999h',
  '999999h',
  ...WRONG,
];
const counts = (least: number, most: number) => [least, most, least - 1, most + 1, 2 ** 31, 2 ** 53, '5', ...WRONG];
const SELECTORS = [
  { matchLabels: { env: 'prod' } },
  { matchLabels: { 'example.com/tier': '' } },
  { matchLabels: {} },
  { matchLabels: { 'Ex/ample/com': 'x' } },
  { matchLabels: { '': 'x' } },
  { matchLabels: { 'a b': 'x' } },
  { matchLabels: { é: 'x' } },
  { matchLabels: { [`${'a'.repeat(300)}/${'b'.repeat(16)}`]: 'x' } },
  { matchLabels: { [`${'a'.repeat(300)}/${'b'.repeat(17)}`]: 'x' } },
  { matchLabels: { env: 'a'.repeat(63) } },
  { matchLabels: { env: 'a'.repeat(64) } },
  { matchLabels: { env: '-a' } },
  { matchLabels: { env: 5 } },
  { matchLabels: Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`k${i}`, 'v'])) },
  { matchLabels: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, 'v'])) },
  { matchExpressions: [{ key: 'env', operator: 'In', values: ['prod', ''] }] },
  { matchExpressions: [{ key: 'env', operator: 'NotIn', values: ['prod'] }] },
  { matchExpressions: [{ key: 'env', operator: 'Exists' }] },
  { matchExpressions: [{ key: 'env', operator: 'DoesNotExist' }] },
  { matchExpressions: [{ key: 'env', operator: 'In' }] },
  { matchExpressions: [{ key: 'env', operator: 'In', values: [] }] },
  { matchExpressions: [{ key: 'env', operator: 'Exists', values: ['x'] }] },
  { matchExpressions: [{ key: 'env', operator: 'in', values: ['x'] }] },
  { matchExpressions: [{ key: 'a b', operator: 'Exists' }] },
  { matchExpressions: [{ operator: 'Exists' }] },
  { matchExpressions: [] },
  ...WRONG,
];
const NAMES = [
  ['shop'],
  ['shop-*', '*'],
  ['*-*'],
  ['Shop'],
  ['-shop'],
  ['shop-'],
  ['sh op'],
  [''],
  [LONG],
  [],
  [5],
  Array.from({ length: 65 }, (_, i) => `n${i}`),
  ...WRONG,
];
const GLOBS = ['shop-team', '*', 'a*b*c', 'Any Thing é', '😀'.repeat(64), '😀'.repeat(65), '', ...WRONG];
const BEHAVIOURS = ['Refuse', 'Warn', 'Ignore', 'refuse', '', ...WRONG];

const WINDOW = { effect: 'Deny', schedule: '0 22 * * MON-FRI', duration: '8h', timeZone: 'Europe/Berlin' };

/** Values by the path that they stand at; the rest of the policy is good. */
const LEAVES: readonly (readonly [string, readonly unknown[]])[] = [
  ['replicas', [{ min: 1 }, { min: 2, max: 2 }, { min: 3, max: 2 }, {}, { mni: 1 }, ...WRONG]],
  ['replicas.min', counts(0, 100)],
  ['replicas.max', counts(0, 100)],
  ['replicas.maxDelta', counts(1, 100)],
  ['replicas.maxPercent', counts(1, 10_000)],
  ['replicas.neverZero', [true, false, 'true', 0]],
  ['require', [{ reason: true }, { source: 'a*' }, {}, { reasn: true }, ...WRONG]],
  ['require.source', GLOBS],
  ['require.correlationId', [true, false, 'true']],
  ['rate', [{}, { perHour: 1 }, ...WRONG]],
  ['rate.perTargetPerHour', counts(1, 1000)],
  ['rate.perNamespacePerHour', counts(1, 5000)],
  ['storm', [{ failures: 3 }, { failures: 3, window: '1m' }, { failures: 3, window: '1m', coolDown: '1h' }, {}]],
  ['storm.failures', counts(1, 100)],
  ['storm.window', durations('1s', '24h', '86401s', '1439m', '1441m')],
  ['storm.coolDown', durations('1s', '168h', '169h')],
  ['windows', [[WINDOW], [], [WINDOW, WINDOW], Array.from({ length: 17 }, () => WINDOW), ...WRONG]],
  ['windows.0.effect', ['Allow', 'Deny', 'deny', ...WRONG]],
  [
    'windows.0.schedule',
    [
      '* * * * *',
      '*/5 0-23/2 1,15 JAN-DEC SUN',
      '61 25 32 13 8',
      '0 22 * * mon',
      '0 22 * *',
      '0 22 * * * *',
      '0  22 * * *',
      '@daily',
      '0 22 L * *',
      '0 22 ? * *',
      `${'1,'.repeat(60)}1 * * * *`,
      '',
      ...WRONG,
    ],
  ],
  ['windows.0.duration', durations('1m', '744h', '59s', '745h')],
  [
    'windows.0.timeZone',
    ['UTC', 'Etc/GMT+5', 'America/Port-au-Prince', '+02:00', '', 'Mars/Base', 'a b', LONG, ...WRONG],
  ],
  ['autoscaler', BEHAVIOURS],
  ['gitOps', BEHAVIOURS],
  ['targetNamespaces', [{}, { names: ['shop'] }, ...WRONG]],
  ['targetNamespaces.names', NAMES],
  ['targetNamespaces.selector', SELECTORS],
  ['approval', [{ mode: 'Never' }, { mode: 'OnRisk' }, { mode: 'OnRisk', risk: {} }, { approvals: 1 }, {}, ...WRONG]],
  ['approval.mode', ['Always', 'Never', 'OnRisk', 'always', ...WRONG]],
  ['approval.risk', [{ delta: 1 }, {}, { toZero: true }]],
  ['approval.approvals', counts(1, 10)],
  ['approval.timeToLive', durations('1m', '720h', '59s', '721h')],
  ['approval.author', ['Allow', 'Refuse', 'Ignore', ...WRONG]],
  ['match', [{}, { namespace: {} }, ...WRONG]],
  ['match.namespaces', [{}, { name: ['a'] }, ...WRONG]],
  ['match.namespaces.names', NAMES],
  ['match.namespaces.selector', SELECTORS],
  ['match.targets', [{}, ...WRONG]],
  [
    'match.targets.kinds',
    [
      [{ kind: 'Deployment' }],
      [{ apiVersion: 'apps/v1', kind: 'X' }],
      [{ apiVersion: 'apps' }],
      [{ kind: 'x' }],
      [],
      ...WRONG,
    ],
  ],
  ['match.targets.names', NAMES],
  ['match.targets.selector', SELECTORS],
  ['match.intentTypes', [['scaling'], ['image'], [], ['scaling', 'scaling'], ...WRONG]],
  ['match.sources', [...GLOBS.map((glob) => [glob]), [], ...WRONG]],
];

const GOOD = {
  replicas: { max: 50 },
  windows: [WINDOW],
  storm: { failures: 3, window: '10m', coolDown: '30m' },
  approval: { mode: 'Always' },
};

/** A copy of the value with another one at a path of names and numbers. */
function put(root: unknown, path: readonly string[], value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (Array.isArray(root))
    return root.map((entry: unknown, i) => (String(i) === step ? put(entry, rest, value) : entry));
  const fields = (typeof root === 'object' ? root : {}) as Readonly<Record<string, unknown>>;
  return { ...fields, [step]: put(fields[step] ?? {}, rest, value) };
}

export function policySamples(): readonly Sample[] {
  const set = LEAVES.flatMap(([path, values]) =>
    values.map((value) => ({ title: `${path} = ${brief(value)}`, spec: put(GOOD, path.split('.'), value) })),
  );
  const bare = [{}, { match: {} }, { autoscaler: 'Warn' }, { bogus: 1 }, [], 'x', 5];
  return [...set, ...bare.map((spec) => ({ title: `spec = ${brief(spec)}`, spec }))];
}

/** Several leaves at a time, the same ones on each run. */
export function mixedPolicySamples(count: number): readonly Sample[] {
  const leaf = fc
    .constantFrom(...LEAVES)
    .chain(([path, values]) =>
      fc.oneof(fc.constant(values[0]), fc.constantFrom(...values)).map((value) => [path, value] as const),
    );
  const specs = fc.sample(fc.array(leaf, { minLength: 1, maxLength: 4 }), { numRuns: count, seed: 42 });
  return specs.map((leaves) => {
    const spec = leaves.reduce<unknown>((root, [path, value]) => put(root, path.split('.'), value), GOOD);
    return { title: brief(spec), spec };
  });
}

const DIGEST = 'a'.repeat(64);
const APPROVAL = { intent: 'web', planDigest: DIGEST, decision: 'Approve', approver: 'jane' };
const APPROVAL_LEAVES: Readonly<Record<string, readonly unknown[]>> = {
  intent: ['web', 'a.b-c', 'a'.repeat(200), 'a'.repeat(201), '', 'Web', '../web', 'web\n', ...WRONG],
  planDigest: [DIGEST, DIGEST.toUpperCase(), 'a'.repeat(63), 'a'.repeat(65), 'g'.repeat(64), '', ...WRONG],
  decision: ['Approve', 'Reject', 'approve', '', ...WRONG],
  approver: ['system:serviceaccount:shop:bot', 'https://issuer#sub', '', '😀'.repeat(512), '😀'.repeat(513), ...WRONG],
  comment: ['', 'fine', '😀'.repeat(512), '😀'.repeat(513), ...WRONG],
  more: [1],
};

export function approvalSamples(): readonly Sample[] {
  const set = Object.entries(APPROVAL_LEAVES).flatMap(([field, values]) =>
    values.map((value) => ({ title: `${field} = ${brief(value)}`, spec: { ...APPROVAL, [field]: value } })),
  );
  const without = Object.keys(APPROVAL).map((field) => ({
    title: `without ${field}`,
    spec: Object.fromEntries(Object.entries(APPROVAL).filter(([key]) => key !== field)),
  }));
  return [...set, ...without, { title: 'an empty spec', spec: {} }];
}

function brief(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 40)}… (${text.length})` : text;
}
