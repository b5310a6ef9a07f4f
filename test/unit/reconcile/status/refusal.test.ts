import { expect, test } from 'vitest';
import { ApiError } from '../../../../src/platform/kubernetes/client.ts';
import { refusalText } from '../../../../src/reconcile/status/refusal.ts';

const refusal = (causes: unknown): ApiError =>
  new ApiError(422, 'Invalid', 'PatchIntent "x" is invalid', { body: { kind: 'Status', details: { causes } } });
const TARGET = { reason: 'FieldValueTypeInvalid', field: 'spec.target', message: 'must be of type string' };
const REPLICAS = { reason: 'FieldValueTypeInvalid', field: 'spec.replicas', message: 'must be of type integer' };

test('a refusal reads the same in whatever order, and however often, the server names its causes', () => {
  const text = 'spec.replicas: must be of type integer; spec.target: must be of type string';
  expect(refusalText(refusal([TARGET, REPLICAS]))).toBe(text);
  expect(refusalText(refusal([REPLICAS, TARGET, REPLICAS]))).toBe(text);
});

test.each([undefined, null, 'text', [], [null, 5, {}], [{ field: 1 }]])(
  'without readable causes (%j) it is the message of the server',
  (causes) => {
    expect(refusalText(refusal(causes))).toBe('PatchIntent "x" is invalid');
  },
);

test('many causes are cut', () => {
  const causes = Array.from({ length: 500 }, (_, i) => ({ field: `spec.f${i}`, message: 'wrong' }));
  expect(refusalText(refusal(causes)).split('; ')).toHaveLength(10);
});
