import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { ResolvedSpec } from '../../../src/api/resolve.ts';
import { scaling } from '../../../src/changes/scaling/scaling.ts';
import type { Change, Plan } from '../../../src/kpt/change.ts';
import { changeDigest, isPackagePath, packageDigest } from '../../../src/kpt/digest.ts';
import type { Package } from '../../../src/kpt/package.ts';
import { renderPackage } from '../../../src/kpt/render.ts';
import { resolvedSpec, resolvedSpecs } from '../../support/specs.ts';

const render = (spec: ResolvedSpec): Package => renderPackage(scaling.plan(spec));
const contentOf = (pkg: Package, path: string): string => pkg.files.find((file) => file.path === path)?.content ?? '';

function planOf(change: Partial<Change['target']>, type = 'scaling', values: Change['values'] = { replicas: 5 }): Plan {
  const plan = scaling.plan(resolvedSpec());
  return { ...plan, change: { type, target: { ...plan.change.target, ...change }, values } };
}

describe('a package', () => {
  test('depends on the change and on nothing else that an intent says', () => {
    const asked = fc.record({
      reason: fc.string(),
      source: fc.string(),
      correlationId: fc.string(),
      suspend: fc.boolean(),
      dryRun: fc.boolean(),
    });
    fc.assert(
      fc.property(resolvedSpecs, asked, (spec, who) => void expect(render({ ...spec, ...who })).toEqual(render(spec))),
    );
  });

  test('is the same whatever order the keys of the plan were written in', () => {
    const backwards = (value: unknown): unknown =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(
            Object.entries(value)
              .toReversed()
              .map(([key, member]) => [key, backwards(member)]),
          )
        : value;
    fc.assert(
      fc.property(resolvedSpecs, (spec) => {
        const plan = scaling.plan(spec);
        expect(renderPackage(backwards(plan) as Plan)).toEqual(renderPackage(plan));
      }),
    );
  });

  test('differs where the change differs, in name and digest', () => {
    fc.assert(
      fc.property(resolvedSpecs, resolvedSpecs, (one, other) => {
        const same = JSON.stringify(scaling.plan(one).change) === JSON.stringify(scaling.plan(other).change);
        expect(render(one).changeDigest === render(other).changeDigest).toBe(same);
        expect(render(one).digest === render(other).digest).toBe(same);
      }),
    );
  });

  test('has a name that is a label value, a folder name and a DNS label', () => {
    fc.assert(
      fc.property(resolvedSpecs, (spec) => {
        const { name, changeDigest } = render(spec);
        expect(name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
        expect(name.endsWith(`-scaling-${changeDigest.slice(0, 12)}`)).toBe(true);
        expect(spec.target.startsWith(name.slice(0, name.indexOf('-scaling-')))).toBe(true);
      }),
    );
  });

  test('holds five plain files in byte order, and the size is the sum of their bytes', () => {
    fc.assert(
      fc.property(resolvedSpecs, (spec) => {
        const { files, sizeBytes } = render(spec);
        const paths = files.map((file) => file.path);
        expect(paths).toEqual(['.krmignore', 'Kptfile', 'README.md', 'kustomization.yaml', 'scaling-patch.yaml']);
        expect(paths.every(isPackagePath)).toBe(true);
        expect(sizeBytes).toBe(files.reduce((sum, file) => sum + Buffer.byteLength(file.content), 0));
      }),
    );
  });

  test('has a patch of the changed field and the identity of the target, for every reader of YAML', () => {
    fc.assert(
      fc.property(resolvedSpecs, (spec) => {
        const text = contentOf(render(spec), 'scaling-patch.yaml');
        const expected = {
          apiVersion: spec.targetApiVersion,
          kind: spec.targetKind,
          metadata: { name: spec.target, namespace: spec.namespace },
          spec: { replicas: spec.replicas },
        };
        for (const read of [load(text), parse(text), parse(text, { version: '1.1' })]) expect(read).toEqual(expected);
      }),
    );
  });

  test('has a Kptfile with its name for every reader of YAML, and no pipeline', () => {
    fc.assert(
      fc.property(resolvedSpecs, (spec) => {
        const pkg = render(spec);
        const text = contentOf(pkg, 'Kptfile');
        const expected = {
          apiVersion: 'kpt.dev/v1',
          kind: 'Kptfile',
          metadata: { name: pkg.name, annotations: { 'config.kubernetes.io/local-config': 'true' } },
          info: {
            description: `${spec.targetKind} ${spec.target} in namespace ${spec.namespace}: replicas → ${spec.replicas}`,
          },
        };
        for (const read of [load(text), parse(text), parse(text, { version: '1.1' })]) expect(read).toEqual(expected);
      }),
    );
  });

  test('never says local-config in the patch: kustomize would drop the whole target from its output', () => {
    expect(contentOf(render(resolvedSpec()), 'scaling-patch.yaml')).not.toContain('local-config');
  });
});

describe('the digests', () => {
  test('the package digest is the sha256 of the sorted sha256sum lines', () => {
    const { files, digest } = render(resolvedSpec());
    const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
    const lines = files.map((file) => `${sha256(file.content)}  ./${file.path}\n`).sort();
    expect(digest).toBe(sha256(lines.join('')));
    expect(packageDigest(files.toReversed())).toBe(digest);
  });

  test('the change digest is the sha256 of the canonical change with the format', () => {
    const canonical =
      '{"format":1,"target":{"apiVersion":"apps/v1","kind":"Deployment","name":"web","namespace":"shop"},"type":"scaling","values":{"replicas":5}}';
    expect(changeDigest(scaling.plan(resolvedSpec()).change)).toBe(
      createHash('sha256').update(canonical).digest('hex'),
    );
  });

  test('are the same in another locale, time zone, umask, folder and host name', () => {
    const script = `
      process.umask(0o077);
      const { renderPackage } = await import(${JSON.stringify(new URL('../../../src/kpt/render.ts', import.meta.url))});
      const { scaling } = await import(${JSON.stringify(new URL('../../../src/changes/scaling/scaling.ts', import.meta.url))});
      const spec = ${JSON.stringify(resolvedSpec({ target: 'i-10-z' }))};
      process.stdout.write(JSON.stringify(renderPackage(scaling.plan(spec))));`;
    const here = render(resolvedSpec({ target: 'i-10-z' }));
    for (const [locale, zone] of [
      ['tr_TR.UTF-8', 'Asia/Tokyo'],
      ['C', 'America/St_Johns'],
    ]) {
      const env = { LANG: locale, LC_ALL: locale, TZ: zone, HOSTNAME: 'elsewhere', HOME: '/nowhere' };
      const there = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
        env,
        cwd: '/',
        encoding: 'utf8',
      });
      expect(JSON.parse(there)).toEqual(here);
    }
  });
});

describe('names are checked once more', () => {
  const hostile = ['..', 'a/../b', '../x', '/etc', 'a/b', 'a\u0000b', 'a\nb', 'a\\b', 'a\u001b[2J', '.\u002e'];
  test.each(hostile.map((name) => [JSON.stringify(name), name]))('%s is a path traversal in any name', (_, name) => {
    const failure = expect.objectContaining({ reason: 'InvalidPath', class: 'Rejected' });
    for (const plan of [planOf({ name }), planOf({ namespace: name }), planOf({ kind: name }), planOf({}, name)]) {
      expect(() => renderPackage(plan)).toThrow(failure);
      expect(() => renderPackage(plan)).toThrow(/^path traversal detected: /);
      // No control character gets into a message, and so into a log.
      expect(() => renderPackage(plan)).toThrow(/^\P{Cc}*$/u);
    }
  });

  test('what breaks a name rule without leading anywhere is InvalidPath too', () => {
    for (const name of ['', '-a', 'a-', 'A', 'a_b', 'a.b', 'é', 'a'.repeat(254), '.']) {
      expect(() => renderPackage(planOf({ name })), name).toThrow(expect.objectContaining({ reason: 'InvalidPath' }));
    }
    expect(() => renderPackage(planOf({ namespace: 'a'.repeat(64) }))).toThrow(/^namespace too long: 64 /);
    expect(() => renderPackage(planOf({ name: 'A' }))).toThrow(/^target does not match pattern /);
  });

  test('no name at all makes a package with a file or folder outside of itself', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('.', '/', 'a', '-', '\0') }),
    );
    fc.assert(
      fc.property(anything, anything, anything, (name, namespace, type) => {
        let pkg: Package;
        try {
          pkg = renderPackage(planOf({ name, namespace }, type));
        } catch (error) {
          expect(error).toMatchObject({ reason: 'InvalidPath' });
          return;
        }
        expect(pkg.name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
        expect(pkg.files.every((file) => isPackagePath(file.path))).toBe(true);
      }),
    );
  });

  test('a value without an exact form is MarshalFailed', () => {
    const failure = expect.objectContaining({ reason: 'MarshalFailed' });
    expect(() => renderPackage(planOf({}, 'scaling', { replicas: 1.5 }))).toThrow(failure);
    expect(() => renderPackage({ ...planOf({}), patch: { spec: 1n } })).toThrow(failure);
  });
});
