import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { load } from 'js-yaml';
import { beforeAll, describe, expect, test } from 'vitest';
import { binary } from '../../../tools/setup/binaries.mjs';
import { freshKind } from '../../support/custom-kind.ts';
import { workload } from '../../support/live-targets.ts';
import { packageOf, writeFiles, writePackage } from '../../support/package-folder.ts';
import { freshNamespace, sharedControlPlane } from '../../support/shared-control-plane.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { runTool } from '../../support/tool.ts';

type Plane = Awaited<ReturnType<typeof sharedControlPlane>>;
let plane: Plane;
let kpt = '';
beforeAll(async () => {
  plane = await sharedControlPlane();
  kpt = await binary('kpt');
});

async function specOf(kind: string, namespace: string): Promise<Record<string, unknown>> {
  const { stdout } = await plane.kubectl(['get', kind, 'web', '-n', namespace, '-o', 'json']);
  return JSON.parse(stdout).spec;
}

/** The shell lines of a README, and its inline code. */
function commandsIn(readme: string): { readonly block: string; readonly inline: readonly string[] } {
  const block = /```sh\n([^`]*)```/.exec(readme)?.[1] ?? '';
  return { block, inline: [...readme.matchAll(/`(kubectl [^`]+)`/g)].map((found) => found[1] ?? '') };
}

function shell(script: string, cwd: string) {
  const env = { KUBECONFIG: plane.kubeconfig, PATH: `${dirname(plane.binaries.kubectl)}:${process.env.PATH}` };
  return runTool('sh', ['-e', '-c', script], { cwd, env });
}

/** Follows the README of a package that scales the live workload from 3 to 7, and back. */
async function followReadme(
  target: { targetKind: string; targetApiVersion: string },
  resource: string,
): Promise<'undone'> {
  const namespace = await freshNamespace(plane, 'patch');
  const { targetKind, targetApiVersion } = target;
  await plane.kubectl(['create', '-f', '-'], { input: workload(targetKind, namespace, {}, targetApiVersion) });
  const before = await specOf(resource, namespace);
  const folder = writePackage(tempFolder(), packageOf({ namespace, ...target, replicas: 7 }));
  const { block, inline } = commandsIn(fs.readFileSync(join(folder, 'README.md'), 'utf8'));
  const [dryRun = '', patch = ''] = block.trim().split('\n');

  const preview = await shell(dryRun, folder);
  expect(preview.code, preview.stderr).toBe(0);
  expect(load(preview.stdout)).toMatchObject({ kind: targetKind, spec: { replicas: 7 } });
  expect(await specOf(resource, namespace)).toEqual(before);

  expect((await shell(patch, folder)).code).toBe(0);
  expect(await specOf(resource, namespace)).toEqual({ ...before, replicas: 7 });

  const undo = inline.find((command) => command.startsWith('kubectl scale '))?.replace('<number>', '3');
  expect(await shell(undo ?? 'false', folder)).toMatchObject({ code: 0, stderr: '' });
  expect(await specOf(resource, namespace)).toEqual(before);
  return 'undone';
}

describe('the commands of the README change the number and nothing else, and the undo brings it back', () => {
  test.each(['Deployment', 'StatefulSet', 'ReplicaSet'])('of a live %s', async (targetKind) => {
    await expect(followReadme({ targetKind, targetApiVersion: 'apps/v1' }, targetKind)).resolves.toBe('undone');
  });

  test('of a live object of a custom kind, even where two groups have the kind', async () => {
    const { apiVersion, kind, definition } = await freshKind(plane);
    await freshKind(plane, { kind });
    await expect(followReadme({ targetKind: kind, targetApiVersion: apiVersion }, definition)).resolves.toBe('undone');
  });

  test('of a live object of a custom kind that is called as a built-in one', async () => {
    const { apiVersion, kind, definition } = await freshKind(plane, { kind: 'Deployment' });
    await expect(followReadme({ targetKind: kind, targetApiVersion: apiVersion }, definition)).resolves.toBe('undone');
  });
});

test('kubectl patch fails when the target is missing, and makes nothing', async () => {
  const namespace = await freshNamespace(plane, 'patch');
  const folder = writePackage(tempFolder(), packageOf({ namespace }));
  const { code, stderr } = await shell('kubectl patch -f scaling-patch.yaml --patch-file scaling-patch.yaml', folder);
  expect(code).toBe(1);
  expect(stderr).toContain('"web" not found');
  expect((await plane.kubectl(['get', 'deployments', '-n', namespace, '-o', 'name'])).stdout).toBe('');
});

describe('kpt live', () => {
  test('refuses the package, alone or inside of another: the live target is neither changed nor taken over', async () => {
    const namespace = await freshNamespace(plane, 'live');
    await plane.kubectl(['create', '-f', '-'], { input: workload('Deployment', namespace) });
    const live = async () => {
      const { stdout } = await plane.kubectl(['get', 'deployment', 'web', '-n', namespace, '-o', 'json']);
      const { metadata, spec } = JSON.parse(stdout);
      return { spec, generation: metadata.generation, owner: metadata.annotations?.['config.k8s.io/owning-inventory'] };
    };
    const parent = tempFolder();
    const folder = writePackage(parent, packageOf({ namespace }));
    writeFiles(parent, { Kptfile: 'apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: around\n' });
    const before = await live();
    const env = { KUBECONFIG: plane.kubeconfig };
    expect(await runTool(kpt, ['live', 'install-resource-group'], { env })).toMatchObject({ code: 0 });
    for (const path of [folder, parent]) {
      expect(await runTool(kpt, ['live', 'init', path, '--namespace', namespace], { env })).toMatchObject({ code: 0 });
      const { code, stderr } = await runTool(kpt, ['live', 'apply', path], { env });
      expect(code).not.toBe(0);
      expect(stderr).toContain('Kind=Component');
    }
    expect(await live()).toEqual(before);
    expect(before.owner).toBeUndefined();
  });
});
