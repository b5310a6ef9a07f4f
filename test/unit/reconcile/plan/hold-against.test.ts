import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codePoints } from '../../../../src/api/code-points.ts';
import { scaling } from '../../../../src/changes/scaling/scaling.ts';
import type { Plan } from '../../../../src/kpt/change.ts';
import { yamlDocument } from '../../../../src/kpt/yaml.ts';
import type { Base, FoundBase } from '../../../../src/reconcile/plan/base.ts';
import { holdAgainst } from '../../../../src/reconcile/plan/hold-against.ts';
import { writeFiles } from '../../../support/package-folder.ts';
import { resolvedSpec, resolvedSpecs } from '../../../support/specs.ts';
import { tempFolder } from '../../../support/temp-folder.ts';
import { runTool } from '../../../support/tool.ts';

const traced = { correlationId: 'C-1' };
const plan = scaling.plan(resolvedSpec(traced));
const found = (with_: Partial<FoundBase> = {}): FoundBase => ({
  state: 'found',
  uid: 'u-1',
  resourceVersion: '77',
  generation: 2,
  replicas: 3,
  labels: {},
  warnings: [],
  ...with_,
});

describe('what is in doubt of how the target is scaled is a warning', () => {
  const warnings = ['whether Fleet is scaled by .spec.replicas is not known'];
  test.each<Base>([
    { state: 'missing', warnings },
    { state: 'unreadable', why: 'no right', warnings },
  ])('also where it is $state', (base) => {
    expect(holdAgainst(plan, base).warnings).toEqual([expect.any(String), ...warnings]);
  });
});

describe('a plan beside the live target', () => {
  test('says from what to what, with a diff', () => {
    expect(holdAgainst(plan, found())).toEqual({
      action: 'Change',
      base: { uid: 'u-1', resourceVersion: '77' },
      fields: [{ path: '.spec.replicas', from: '3', to: '5' }],
      diff: `--- live/Deployment/shop/web
+++ planned/Deployment/shop/web
@@ -4,4 +4,4 @@
   name: web
   namespace: shop
 spec:
-  replicas: 3
+  replicas: 5
`,
      summary: 'replicas 3 → 5',
      warnings: [],
    });
  });

  test('is no change where the value is there already', () => {
    const live = holdAgainst(plan, found({ replicas: 5 }));
    expect(live).toMatchObject({ action: 'NoChange', summary: 'replicas 5 (no change)' });
    expect(live.fields).toEqual([{ path: '.spec.replicas', from: '5', to: '5' }]);
    expect(live).not.toHaveProperty('diff');
  });

  test('takes 0 for a value', () => {
    const toZero = scaling.plan(resolvedSpec({ ...traced, replicas: 0 }));
    expect(holdAgainst(toZero, found({ replicas: 0 }))).toMatchObject({
      action: 'NoChange',
      summary: 'replicas 0 (no change)',
    });
    expect(holdAgainst(plan, found({ replicas: 0 }))).toMatchObject({ action: 'Change', summary: 'replicas 0 → 5' });
  });

  const blind: [string, Base, readonly RegExp[]][] = [
    [
      'that does not exist',
      { state: 'missing' },
      [/Deployment web in namespace shop does not exist here; .*another cluster$/],
    ],
    [
      'of a kind that does not exist',
      { state: 'missing', notServed: true },
      [/^kind apps\/v1 Deployment does not exist here/],
    ],
    ['that may not be read', { state: 'unreadable', why: 'may not' }, [/^may not$/]],
    ['that nobody asked for', { state: 'not-asked' }, []],
  ];
  test.each(blind)('is made from the intent alone for a target %s', (_, base, warnings) => {
    expect(holdAgainst(plan, base)).toEqual({
      action: 'Unknown',
      fields: [{ path: '.spec.replicas', to: '5' }],
      summary: 'replicas → 5',
      warnings: warnings.map((words) => expect.stringMatching(words)),
    });
  });

  test('tells the warnings of the plan and of the reading', () => {
    const untraced = scaling.plan(resolvedSpec());
    const { warnings } = holdAgainst(untraced, found({ warnings: ['labels are not known'] }));
    expect(warnings).toEqual([expect.stringMatching(/^correlation id is missing/), 'labels are not known']);
  });

  test('warns that nobody knows whether a custom kind can scale, where no cluster was asked', () => {
    const custom = scaling.plan(resolvedSpec({ ...traced, targetApiVersion: 'example.dev/v1', targetKind: 'Fleet' }));
    expect(custom.warnings).toEqual([]);
    expect(holdAgainst(custom, { state: 'not-asked' }).warnings).toEqual([
      expect.stringMatching(/^whether example.dev\/v1 Fleet/),
    ]);
    expect(holdAgainst(custom, found()).warnings).toEqual([]);
  });

  test('stays within the bounds of the status, whatever a target is called and warned of', () => {
    const warnings = Array.from({ length: 99 }, () => '🦊'.repeat(2000));
    fc.assert(
      fc.property(resolvedSpecs, fc.nat(), (spec, replicas) => {
        const { diff = '', summary, ...rest } = holdAgainst(scaling.plan(spec), found({ replicas, warnings }));
        expect(codePoints(diff)).toBeLessThanOrEqual(4096);
        expect(codePoints(summary)).toBeLessThanOrEqual(1024);
        expect(rest.warnings).toHaveLength(64);
        expect(Math.max(...rest.warnings.map(codePoints))).toBe(1024);
      }),
    );
  });
});

describe('a patch of another kind', () => {
  const other: Plan = {
    ...plan,
    summary: 'paused → true, image → "web:2"',
    patch: { ...plan.patch, spec: { paused: true, replicas: 5, template: { image: 'web:2', ports: [1, 2] } } },
  };

  test('has a field for every value that it sets; a list is one value', () => {
    expect(holdAgainst(other, found({ replicas: 5 }))).toMatchObject({
      action: 'Unknown',
      summary: other.summary,
      fields: [
        { path: '.spec.paused', to: 'true' },
        { path: '.spec.replicas', from: '5', to: '5' },
        { path: '.spec.template.image', to: 'web:2' },
        { path: '.spec.template.ports', to: '[1,2]' },
      ],
    });
  });
});

test('the diff is the one that diff -u prints', async () => {
  const dir = tempFolder();
  for (const name of ['web', 'a'.repeat(253)]) {
    const made = scaling.plan(resolvedSpec({ target: name }));
    const { diff = '' } = holdAgainst(made, found());
    const after = yamlDocument(made.patch);
    writeFiles(dir, { live: after.replace('replicas: 5', 'replicas: 3'), planned: after });
    const labels = ['--label', `live/Deployment/shop/${name}`, '--label', `planned/Deployment/shop/${name}`];
    const { stdout } = await runTool('diff', ['-u', ...labels, 'live', 'planned'], { cwd: dir });
    expect(diff).toBe(stdout);
  }
});
