import { expect, test } from 'vitest';
import type { Condition, PatchIntentStatus } from '../../../src/api/types.ts';
import { type Linted, lintStatus } from '../../support/status-linter.ts';

const AT = '2026-01-02T03:04:05Z';
const DIGEST = 'a'.repeat(64);

function condition(type: string, status: Condition['status'], more: Partial<Condition> = {}): Condition {
  return {
    type,
    status,
    reason: 'PackageWritten',
    message: 'words',
    lastTransitionTime: AT,
    observedGeneration: 2,
    ...more,
  };
}

function object(status: PatchIntentStatus, generation = 2): Linted {
  return { metadata: { generation }, status };
}

const READY: PatchIntentStatus = {
  observedGeneration: 2,
  change: 'replicas → 5',
  package: { name: 'n', digest: DIGEST, path: 'shop/web', root: 'r', generation: 2, fileCount: 5, sizeBytes: 1 },
  conditions: [
    condition('Ready', 'True'),
    condition('Validated', 'True', { reason: 'Valid' }),
    condition('Packaged', 'True'),
  ],
};

function failed(reason: string, ...more: readonly Condition[]): PatchIntentStatus {
  return { observedGeneration: 2, conditions: [condition('Ready', 'False', { reason }), ...more] };
}

const STALLED = failed('InvalidSpec', condition('Stalled', 'True', { reason: 'InvalidSpec' }));
const RETRYING = failed('StorageFull', condition('Reconciling', 'True', { reason: 'Progressing' }));
const SUSPENDED = failed('Suspended');

function ready(...conditions: readonly Condition[]): PatchIntentStatus {
  return { ...READY, conditions: [...conditions] };
}

test.each<[string, Linted]>([
  ['never reconciled', object({ observedGeneration: -1 })],
  ['without a status', { metadata: { generation: 1 } }],
  ['ready', object(READY)],
  ['stalled', object(STALLED)],
  ['tried again', object(RETRYING)],
  ['suspended', object(SUSPENDED)],
  [
    'with the condition of another controller',
    object(
      ready(condition('Ready', 'True'), {
        ...condition('example.com/Seen', 'False'),
        reason: 'Whatever',
        observedGeneration: 0,
      }),
    ),
  ],
])('a status that is %s breaks no rule', (_, linted) => {
  expect(lintStatus(linted)).toEqual([]);
});

test.each<[string, Linted]>([
  ['FAIL0001', object(ready(condition('Ready', 'True'), condition('Drifted', 'True')))],
  ['FAIL0002', object({ observedGeneration: 2, conditions: [condition('Validated', 'True', { reason: 'Valid' })] })],
  [
    'FAIL0003',
    object(ready(condition('Ready', 'Unknown', { reason: 'Progressing' }), condition('Reconciling', 'True'))),
  ],
  ['FAIL0004', object(ready(condition('Ready', 'Unknown', { reason: 'InvalidSpec' }), condition('Stalled', 'True')))],
  ['FAIL0005', object(failed('InvalidSpec', condition('Stalled', 'True'), condition('Reconciling', 'True')))],
  ['FAIL0006', object(READY, 1)],
  ['FAIL0007', object(READY, 3)],
  [
    'FAIL0008',
    object(
      ready(condition('Ready', 'True'), condition('Validated', 'True', { reason: 'Valid', observedGeneration: 1 })),
    ),
  ],
  ['FAIL0009', object(ready(condition('Ready', 'True', { observedGeneration: 1 })))],
  ['FAIL0010', object(failed('StorageFull', condition('Reconciling', 'True', { observedGeneration: 1 })))],
  ['WARN0001', object(ready(condition('Ready', 'True'), condition('Drifted', 'False')))],
  ['WARN0002', object(failed('Progressing', condition('Drifted', 'True', { message: 'other words' })))],
  ['WARN0003', object(failed('Suspended', condition('Reconciling', 'False')))],
  ['WARN0004', object(failed('Suspended', condition('Stalled', 'False')))],
  ['WARN0005', object(failed('Suspended', condition('Validated', 'True', { reason: 'Valid', observedGeneration: 0 })))],
  ['patchgen/unique', object(ready(condition('Ready', 'True'), condition('Ready', 'True')))],
  ['patchgen/fields', object({ ...READY, phase: 'Done' } as PatchIntentStatus)],
  ['patchgen/reason', object(ready(condition('Ready', 'True', { reason: 'BecauseISaySo' })))],
  ['patchgen/message', object(ready(condition('Ready', 'True', { message: 'x'.repeat(1025) })))],
  ['patchgen/message', object(ready(condition('Ready', 'True', { message: '' })))],
  ['patchgen/time', object(ready(condition('Ready', 'True', { lastTransitionTime: 'yesterday' })))],
  ['patchgen/class', object(failed('InvalidSpec'))],
  ['patchgen/class', object(failed('StorageFull'))],
  ['patchgen/class', object(failed('Suspended', condition('Stalled', 'True')))],
  ['patchgen/class', object(failed('PackageWritten'))],
  ['patchgen/class', object(failed('ShuttingDown'))],
  ['patchgen/class', object(ready(condition('Ready', 'True', { reason: 'Suspended' })))],
  ['patchgen/package', object({ observedGeneration: 2, conditions: [condition('Ready', 'True')] })],
  ['patchgen/package', object(failed('Suspended', condition('Packaged', 'True')))],
])('%s is caught when it is broken', (rule, linted) => {
  expect(lintStatus(linted).filter((problem) => problem.startsWith(`${rule}: `))).not.toEqual([]);
});

test('a status that a change of the spec left behind may be ready of the older generation', () => {
  expect(lintStatus(object(READY, 3), object(READY, 2))).toEqual([]);
});

test('a status that was written for an older generation may not be ready', () => {
  const written = { ...READY, change: 'replicas → 6' };
  expect(lintStatus(object(written, 3), object(READY, 3))).toContain(
    'FAIL0007: Ready is True, and generation 3 is not observed',
  );
});

test('a transition time that moves without its status is caught', () => {
  const moved = ready(condition('Ready', 'True', { lastTransitionTime: '2027-01-01T00:00:00Z' }));
  expect(lintStatus(object(moved), object(READY))).toEqual([
    'patchgen/transition: the time of Ready moved and its status did not',
  ]);
});

test('an observed generation that goes back is caught', () => {
  expect(lintStatus(object({ ...SUSPENDED, observedGeneration: 1 }), object(READY))).toContain(
    'patchgen/backwards: observedGeneration went back',
  );
});

test('a condition of another controller that is dropped or changed is caught', () => {
  const foreign = condition('example.com/Seen', 'True');
  const before = object({ ...READY, conditions: [...(READY.conditions ?? []), foreign] });
  const changed = object({ ...READY, conditions: [...(READY.conditions ?? []), { ...foreign, message: 'ours now' }] });
  const problem = 'patchgen/foreign: example.com/Seen is not ours and was touched';
  expect(lintStatus(object(READY), before)).toContain(problem);
  expect(lintStatus(changed, before)).toContain(problem);
});
