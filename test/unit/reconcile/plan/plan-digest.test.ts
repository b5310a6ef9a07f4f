import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Base, FoundBase } from '../../../../src/reconcile/plan/base.ts';
import { type PlanParts, planDigestOf } from '../../../../src/reconcile/plan/plan-digest.ts';

const APPROVAL = { approvals: 2, timeToLiveMs: 86_400_000, author: 'Refuse' } as const;
const base: FoundBase = {
  state: 'found',
  uid: 'u-1',
  resourceVersion: '77',
  generation: 2,
  replicas: 3,
  labels: { app: 'web' },
  warnings: [],
};
const parts: PlanParts = {
  changeDigest: 'c'.repeat(64),
  base,
  inputs: {
    policies: [{ name: 'shop', uid: 'p-1', generation: 4 }],
    approval: APPROVAL,
  },
};
const digest = planDigestOf(parts);
const withBase = (other: Partial<FoundBase>): string => planDigestOf({ ...parts, base: { ...base, ...other } });

test('is the sha256 of one text that anybody can write: another one voids every approval there is', () => {
  const text =
    '{"asked":[null,null,null,null],"base":{"generation":2,"replicas":3,"uid":"u-1"},' +
    `"changeDigest":"${'c'.repeat(64)}","format":1,` +
    '"inputs":{"approval":{"approvals":2,"author":"Refuse","timeToLiveMs":86400000},' +
    '"policies":[{"generation":4,"name":"shop","uid":"p-1"}]}}';
  expect(digest).toBe(createHash('sha256').update(text).digest('hex'));
});

describe('what makes another plan', () => {
  const unasked = { policies: parts.inputs.policies };
  const blind: readonly Base[] = [{ state: 'missing' }, { state: 'unreadable', why: 'x' }, { state: 'not-asked' }];
  const { generation: _, ...ungenerated } = base;
  const different: Record<string, PlanParts> = {
    'another change': { ...parts, changeDigest: 'd'.repeat(64) },
    'another object of the same name': { ...parts, base: { ...base, uid: 'u-2' } },
    'another spec of the target': { ...parts, base: { ...base, generation: 3 } },
    'another live value': { ...parts, base: { ...base, replicas: 4 } },
    'a target whose metadata may not be read': { ...parts, base: ungenerated },
    'another version of a policy': {
      ...parts,
      inputs: { ...parts.inputs, policies: [{ name: 'shop', uid: 'p-1', generation: 5 }] },
    },
    'a policy made anew': {
      ...parts,
      inputs: { ...parts.inputs, policies: [{ name: 'shop', uid: 'p-2', generation: 4 }] },
    },
    'one more policy': { ...parts, inputs: { ...parts.inputs, policies: [...parts.inputs.policies, { name: 'x' }] } },
    'no need of approval': { ...parts, inputs: unasked },
    'more approvals wanted': { ...parts, inputs: { ...unasked, approval: { ...APPROVAL, approvals: 3 } } },
    'an autoscaler': { ...parts, inputs: { ...parts.inputs, autoscaler: 'HorizontalPodAutoscaler web' } },
    'another author': { ...parts, asked: { requestedBy: 'jane' } },
    'another reason': { ...parts, asked: { reason: 'jane' } },
    'another source': { ...parts, asked: { source: 'jane' } },
    'another correlation id': { ...parts, asked: { correlationId: 'jane' } },
    'an owner': { ...parts, inputs: { ...parts.inputs, owner: 'Helm Release web' } },
    ...Object.fromEntries(blind.map((other) => [`a target that is ${other.state}`, { ...parts, base: other }])),
  };

  test.each(Object.entries(different))('%s', (_name, other) => {
    expect(planDigestOf(other)).not.toBe(digest);
  });

  test('and each of them another one', () => {
    expect(new Set(Object.values(different).map(planDigestOf)).size).toBe(Object.keys(different).length);
  });
});

describe('what makes no other plan', () => {
  test('a status update or a label edit of the target, or how it was read', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.dictionary(fc.string(), fc.string()),
        fc.array(fc.string()),
        (resourceVersion, labels, warnings) => {
          expect(withBase({ resourceVersion, labels, warnings })).toBe(digest);
        },
      ),
    );
  });

  test('the words in which a target is out of reach', () => {
    const one = planDigestOf({ ...parts, base: { state: 'unreadable', why: 'no rights' } });
    expect(planDigestOf({ ...parts, base: { state: 'unreadable', why: 'no such rights' } })).toBe(one);
  });

  test('but every version of a target whose metadata may not be read is another one', () => {
    const { generation: _, ...blind } = base;
    const at = (resourceVersion: string) => planDigestOf({ ...parts, base: { ...blind, resourceVersion } });
    expect(at('77')).not.toBe(at('78'));
    expect(at('77')).toBe(at('77'));
  });
});
