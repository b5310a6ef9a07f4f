import fc from 'fast-check';
import { expect, test } from 'vitest';
import { durationMs } from '../../../../src/api/duration.ts';
import { checkPolicySpec } from '../../../../src/api/policy/check.ts';
import { readPolicy } from '../../../../src/api/policy/resource.ts';
import { parseDuration } from '../../../../src/config/kinds.ts';

const WINDOW = { effect: 'Deny', schedule: '0 22 * * *', duration: '8h' };

test.each<[string, unknown]>([
  ['the least', { gitOps: 'Warn' }],
  [
    'everything',
    {
      match: {
        namespaces: { names: ['shop-*'], selector: { matchLabels: { env: 'prod' } } },
        targets: {
          kinds: [{ apiVersion: 'apps/v1', kind: 'Deployment' }],
          names: ['web'],
          selector: { matchExpressions: [{ key: 'a', operator: 'Exists' }] },
        },
        intentTypes: ['scaling'],
        sources: ['bot-*'],
      },
      replicas: { min: 1, max: 50, maxDelta: 10, maxPercent: 100, neverZero: true },
      require: { reason: true, correlationId: true, source: '*' },
      rate: { perTargetPerHour: 4, perNamespacePerHour: 20 },
      storm: { failures: 3, window: '10m', coolDown: '1h' },
      windows: [{ ...WINDOW, timeZone: 'Europe/Berlin' }],
      autoscaler: 'Warn',
      gitOps: 'Refuse',
      targetNamespaces: { names: ['pay'] },
      approval: {
        mode: 'OnRisk',
        risk: { delta: 5, percent: 50, toZero: true },
        approvals: 2,
        timeToLive: '8h',
        author: 'Allow',
      },
    },
  ],
])('a policy with %s has no findings', (_, spec) => {
  expect(checkPolicySpec(spec)).toEqual([]);
});

test.each<[string, string, string, unknown]>([
  ['rule', '', 'a policy needs at least one of replicas, require', { match: {} }],
  ['rule', '/replicas', 'replicas: min must not be greater than max', { replicas: { min: 3, max: 2 } }],
  ['rule', '/approval', "approval: risk is required when mode is 'OnRisk'", { approval: { mode: 'OnRisk' } }],
  [
    'rule',
    '/approval',
    "approval: risk is required when mode is 'OnRisk'",
    { approval: { mode: 'Always', risk: { delta: 1 } } },
  ],
  [
    'rule',
    '/approval/timeToLive',
    'timeToLive out of range: must be between 1m and 720h',
    { approval: { mode: 'Always', timeToLive: '30s' } },
  ],
  [
    'rule',
    '/storm/coolDown',
    'coolDown out of range: must be between 1s and 168h',
    { storm: { failures: 1, window: '1m', coolDown: '169h' } },
  ],
  [
    'rule',
    '/windows/1/duration',
    'windows[1].duration: duration out of range: must be between 1m and 744h',
    { windows: [WINDOW, { ...WINDOW, duration: '59s' }] },
  ],
  [
    'rule',
    '/match/targets/selector/matchExpressions/0',
    "values are required when operator is 'In'",
    { gitOps: 'Warn', match: { targets: { selector: { matchExpressions: [{ key: 'a', operator: 'In' }] } } } },
  ],
  [
    'rule',
    '/targetNamespaces/selector/matchLabels',
    'matchLabels has a key that is no label key',
    { targetNamespaces: { selector: { matchLabels: { 'a b': 'c' } } } },
  ],
  ['wrong-type', '', 'spec must be of type object, not null', null],
  [
    'wrong-type',
    '/replicas/max',
    'replicas.max must be of type integer, not the string "5"',
    { replicas: { max: '5' } },
  ],
  ['out-of-range', '/replicas/max', 'replicas.max out of range: 101 is not <= 100', { replicas: { max: 101 } }],
  [
    'unsupported-value',
    '/autoscaler',
    "autoscaler must be 'Refuse' or 'Warn' or 'Ignore', not the string \"refuse\"",
    { autoscaler: 'refuse' },
  ],
  ['required', '/storm/window', 'storm.window is required', { storm: { failures: 1, coolDown: '1h' } }],
  ['empty', '/rate', 'rate is empty', { rate: {} }],
  ['unknown-field', '/replicas/maxPercentage', 'unknown field "maxPercentage"', { replicas: { maxPercentage: 5 } }],
  [
    'unknown-field',
    '/windows/0/timezone',
    'unknown field "timezone" (did you mean timeZone?)',
    { windows: [{ ...WINDOW, timezone: 'UTC' }] },
  ],
  [
    'pattern-mismatch',
    '/windows/0/schedule',
    'windows[0].schedule must be five fields of cron',
    { windows: [{ ...WINDOW, schedule: '@daily xx' }] },
  ],
  [
    'pattern-mismatch',
    '/match/namespaces/names/0',
    'match.namespaces.names[0] does not match pattern',
    { gitOps: 'Warn', match: { namespaces: { names: ['Shop'] } } },
  ],
])('one mistake is one finding: %s at %j: %s', (code, pointer, message, spec) => {
  expect(checkPolicySpec(spec)).toEqual([{ code, pointer, message: expect.stringContaining(message) }]);
});

test('any JSON value is checked without a throw, within a bound of findings, and with nothing raw in messages', () => {
  const names = fc.constantFrom(
    'match',
    'replicas',
    'windows',
    'selector',
    'matchLabels',
    'names',
    '__proto__',
    'a\u001b[2J',
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.jsonValue(),
      fc.array(tie('tree')),
      fc.dictionary(names, tie('tree')),
    ),
  }));
  fc.assert(
    fc.property(tree, (spec) => {
      const found = checkPolicySpec(spec);
      expect(found.length).toBeLessThanOrEqual(32);
      for (const { message } of found) expect(message).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
    }),
  );
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, i]));
  expect(checkPolicySpec(many)).toHaveLength(32);
});

test('a duration is read as Go reads it, and only in whole hours, minutes and seconds', () => {
  const part = fc.tuple(fc.nat(99_999), fc.constantFrom('h', 'm', 's')).map((pair) => pair.join(''));
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), (parts) => {
      expect(durationMs(parts.join(''))).toBe(parseDuration(parts.join('')));
    }),
  );
  for (const text of ['', '0', '1', '1.5h', '100ms', '-1h', '1h1h1h1h', '1h\n', ' 1h'])
    expect(durationMs(text)).toBeUndefined();
});

const MANIFEST = {
  apiVersion: 'patchgen.dev/v1alpha1',
  kind: 'PatchPolicy',
  metadata: { name: 'a' },
  spec: { gitOps: 'Warn' },
};

test('a manifest gives name, identity and spec', () => {
  expect(readPolicy(MANIFEST)).toEqual({ name: 'a', spec: { gitOps: 'Warn' } });
  const stored = { ...MANIFEST, metadata: { name: 'a', uid: 'u', generation: 3, labels: { x: 'y' } } };
  expect(readPolicy(stored)).toEqual({ name: 'a', uid: 'u', generation: 3, spec: { gitOps: 'Warn' } });
});

test.each<[string, string, unknown]>([
  ['not-a-policy', '', []],
  ['not-a-policy', '/kind', { ...MANIFEST, kind: 'PatchIntent' }],
  ['not-a-policy', '/apiVersion', { ...MANIFEST, apiVersion: 'patchgen.dev/v1' }],
  ['required', '/metadata', { ...MANIFEST, metadata: undefined }],
  ['required', '/metadata/name', { ...MANIFEST, metadata: {} }],
  ['pattern-mismatch', '/metadata/name', { ...MANIFEST, metadata: { name: 'A' } }],
  ['too-long', '/metadata/name', { ...MANIFEST, metadata: { name: 'a'.repeat(64) } }],
  ['unknown-field', '/metadata/namespace', { ...MANIFEST, metadata: { name: 'a', namespace: 'shop' } }],
  ['unknown-field', '/sepc', { ...MANIFEST, sepc: {} }],
  ['wrong-type', '/spec', { ...MANIFEST, spec: undefined }],
  ['wrong-type', '/spec/gitOps', { ...MANIFEST, spec: { gitOps: {} } }],
])('a manifest with a mistake has its finding: %s at %j', (code, pointer, manifest) => {
  const read = readPolicy(manifest);
  const found = 'findings' in read ? read.findings : [];
  expect(found.map((one) => [one.code, one.pointer])).toContainEqual([code, pointer]);
});
