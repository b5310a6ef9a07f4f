import fc from 'fast-check';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import type { ResolvedSpec } from '../../src/api/resolve.ts';
import { CHANGE_TYPES, changeTypeOf } from '../../src/changes/index.ts';
import type { Plan } from '../../src/kpt/change.ts';
import { renderPackage } from '../../src/kpt/render.ts';
import { resolvedSpec, resolvedSpecs } from '../support/specs.ts';

// What every change type owes the engine. A new entry of the list is held to it without a new test.

const withoutWarnings = (plan: Plan): Plan => ({ ...plan, warnings: [] });

test('types have different names, and each is found by its name alone', () => {
  expect(new Set(CHANGE_TYPES.map(({ type }) => type)).size).toBe(CHANGE_TYPES.length);
  for (const entry of CHANGE_TYPES) expect(changeTypeOf(entry.type)).toBe(entry);
  for (const unknown of ['', 'Scaling', 'constructor', '__proto__', 'scaling '])
    expect(changeTypeOf(unknown)).toBeUndefined();
});

describe.each(CHANGE_TYPES.map((entry) => [entry.type, entry] as const))('change type %s', (type, changeType) => {
  // One shape of spec for all types, until a second one brings members of its own.
  const specs: fc.Arbitrary<ResolvedSpec> = resolvedSpecs;

  test('plans the same from the same spec, and leaves the spec as it was', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const before = structuredClone(spec);
        expect(changeType.plan(Object.freeze(spec))).toEqual(changeType.plan(spec));
        expect(spec).toEqual(before);
      }),
    );
  });

  test('names itself and the target of the spec in the change, and gives it values of plain JSON', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const { change } = changeType.plan(spec);
        const { targetApiVersion: apiVersion, targetKind: kind, namespace, target: name } = spec;
        expect(change.type).toBe(type);
        expect(change.target).toEqual({ apiVersion, kind, namespace, name });
        expect(JSON.parse(JSON.stringify(change.values))).toEqual(change.values);
        expect(Object.keys(change.values)).not.toHaveLength(0);
      }),
    );
  });

  test('patches the target of the change: its identity, at least one field, and no annotation or label', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const { change, patch } = changeType.plan(spec);
        const { apiVersion, kind, namespace, name } = change.target;
        const { apiVersion: a, kind: k, metadata, ...changed } = patch;
        expect({ apiVersion: a, kind: k, metadata }).toEqual({ apiVersion, kind, metadata: { name, namespace } });
        expect(Object.keys(changed)).not.toHaveLength(0);
      }),
    );
  });

  test('leaves no trace of who asked and why in anything that a package is made of', () => {
    const who = { reason: 'R-123', source: 'S-456', correlationId: 'C-789', suspend: true, dryRun: true };
    const asked = changeType.plan(resolvedSpec(who));
    expect(withoutWarnings(asked)).toEqual(withoutWarnings(changeType.plan(resolvedSpec())));
  });

  test('reads its own plan back from the patch file of its package, and nothing from other documents', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const plan = changeType.plan(spec);
        const file = renderPackage(plan).files.find(({ path }) => path === `${type}-patch.yaml`);
        expect(changeType.planOf(load(file?.content ?? ''))).toEqual(withoutWarnings(plan));
      }),
    );
    for (const other of [undefined, null, 1, 'x', [], {}, { kind: 'Deployment' }]) {
      expect(changeType.planOf(other)).toBeUndefined();
    }
  });

  test('a target that it can not change is Rejected UnsupportedTargetKind, in words that name those it can', () => {
    const refused = [
      { targetApiVersion: 'apps/v1', targetKind: 'DaemonSet' },
      { targetApiVersion: 'autoscaling.k8s.io/v1', targetKind: 'Deployment' },
      { targetApiVersion: 'k8s.io/v1', targetKind: 'Deployment' },
      { targetApiVersion: 'apps/v1beta1', targetKind: 'Deployment' },
      { targetApiVersion: 'v1', targetKind: 'Secret' },
    ];
    for (const target of refused) {
      const failure = expect.objectContaining({ reason: 'UnsupportedTargetKind', class: 'Rejected' });
      expect(() => changeType.plan(resolvedSpec(target))).toThrow(failure);
      expect(() => changeType.plan(resolvedSpec(target))).toThrow(/it works on .*Deployment/);
    }
  });

  test('summary and undo are for people: one line, and no live value', () => {
    const { summary, undo } = changeType.plan(resolvedSpec());
    expect(summary).toMatch(/^\P{Cc}{1,120}$/u);
    expect(undo).not.toBe('');
  });
});
