import fc from 'fast-check';
import type { ResolvedSpec } from '../../src/api/resolve.ts';

/** A resolved spec, as validation makes it, with what a test cares about put in. */
export function resolvedSpec(with_: Partial<ResolvedSpec> = {}): ResolvedSpec {
  return {
    intentType: 'scaling',
    target: 'web',
    namespace: 'shop',
    targetApiVersion: 'apps/v1',
    targetKind: 'Deployment',
    replicas: 5,
    suspend: false,
    dryRun: false,
    ...with_,
  };
}

/** Names of the label rules, among them every length up to `max` and what YAML takes for something else. */
export function labelNames(max: number): fc.Arbitrary<string> {
  const trap = fc.constantFrom(
    'on',
    'no',
    'y',
    'n',
    'null',
    'true',
    '010',
    '1e3',
    'e2',
    'e-1',
    '0x1f',
    '0b1',
    '0o7',
    '2001-01-01',
    '1-1',
  );
  const edge = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789');
  const middle = fc.string({ unit: fc.constantFrom(...'abcxyz0189-'), minLength: 0, maxLength: max - 2 });
  const long = fc.tuple(edge, middle, edge).map((parts) => parts.join(''));
  return fc.oneof(edge, trap, long);
}

/** The workloads that every cluster has, and custom kinds. */
const targetKinds = fc.oneof(
  fc.record({
    targetApiVersion: fc.constant('apps/v1'),
    targetKind: fc.constantFrom('Deployment', 'StatefulSet', 'ReplicaSet'),
  }),
  fc.record({
    targetApiVersion: fc.constantFrom('argoproj.io/v1alpha1', 'leaderworkerset.x-k8s.io/v1', 'e2.dev/v1beta2'),
    targetKind: fc.constantFrom('Rollout', 'LeaderWorkerSet', 'Deployment', 'Null'),
  }),
);

/** Every spec that validation and planning let through. */
export const resolvedSpecs: fc.Arbitrary<ResolvedSpec> = fc
  .record({
    intentType: fc.constant('scaling' as const),
    target: labelNames(253),
    namespace: labelNames(63),
    replicas: fc.integer({ min: 0, max: 100 }),
    suspend: fc.boolean(),
    dryRun: fc.boolean(),
  })
  .chain((spec) => targetKinds.map((kind) => ({ ...spec, ...kind })));
