import { expect, test } from 'vitest';
import { Rejected } from '../../../src/api/errors.ts';
import { resolveSpec } from '../../../src/api/resolve.ts';

test('an absent field gets its default, and the namespace is that of the intent', () => {
  expect(resolveSpec({ intentType: 'scaling', target: 'web', replicas: 0 }, 'shop')).toEqual({
    intentType: 'scaling',
    target: 'web',
    namespace: 'shop',
    targetApiVersion: 'apps/v1',
    targetKind: 'Deployment',
    replicas: 0,
    suspend: false,
    dryRun: false,
  });
});

test('what the spec says stays', () => {
  const spec = {
    intentType: 'scaling',
    target: 'db',
    namespace: 'data',
    targetApiVersion: 'apps/v1',
    targetKind: 'StatefulSet',
    replicas: 3,
    reason: 'because',
    source: 'me',
    correlationId: 'INC-1',
    suspend: true,
    dryRun: true,
  } as const;
  expect(resolveSpec(spec, 'shop')).toEqual(spec);
});

test('missing replicas are refused and never become 0', () => {
  expect(() => resolveSpec({ intentType: 'scaling', target: 'web' }, 'shop')).toThrow(Rejected);
});
