import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { binary } from '../setup/binaries.mjs';
import type { Scene } from './scene.ts';

const run = promisify(execFile);

export async function showTree({ stage, root }: Scene): Promise<void> {
  stage.heading('7. The packages on disk: one link per intent, immutable content behind it');
  stage.command(`ls ${root}/shop; ls ${root}/shop/web/`);
  const links = await readdir(join(root, 'shop'));
  for (const name of links.sort()) {
    const to = await readlink(join(root, 'shop', name));
    stage.show(`shop/${name} → ${to.slice(0, 38)}…${to.slice(-8)}`);
  }
  const files = await readdir(join(root, 'shop', 'web'));
  stage.show(`shop/web/: ${files.sort().join('  ')}`);
  stage.command(`cat ${root}/shop/web/scaling-patch.yaml`);
  const patch = await readFile(join(root, 'shop/web/scaling-patch.yaml'), 'utf8');
  stage.show(patch);
  stage.expect('the patch sets replicas to 5 and nothing else', /^spec:\n {2}replicas: 5\n$/m.test(patch));
  stage.expect(
    'suspended, dry-run and refused intents have no package',
    !links.some((it) => /suspended|dry-run|kind/.test(it)),
  );
}

export async function showKustomizeDiff({ stage, plane, outputDir, root }: Scene): Promise<void> {
  stage.heading('8. kustomize: the sample app before and after');
  const work = join(outputDir, 'work');
  await mkdir(join(work, 'after'), { recursive: true });
  await cp('config/samples/app', join(work, 'app'), { recursive: true });
  await cp(join(root, 'shop/web'), join(work, 'package'), { recursive: true, dereference: true });
  const overlay =
    'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../app]\ncomponents: [../package]\n';
  await writeFile(join(work, 'after/kustomization.yaml'), overlay);
  stage.command(`kubectl kustomize with 'components: [../package]', compared with the app as it is`);
  const before = await plane.kubectl(['kustomize', join(work, 'app')]);
  const after = await plane.kubectl(['kustomize', join(work, 'after')]);
  const changed = lineDiff(before.stdout, after.stdout);
  stage.show(changed.join('\n'));
  stage.expect('exactly one line changes: replicas 3 → 5', changed.join() === '-  replicas: 3,+  replicas: 5');
}

export async function showKpt({ stage, outputDir }: Scene): Promise<void> {
  stage.heading('9. kpt reads it too');
  const folder = join(outputDir, 'work', 'package');
  stage.command(`kpt pkg tree ${relative(outputDir, folder)}`);
  const kpt = await binary('kpt').catch((error: Error) => error);
  if (kpt instanceof Error) return stage.show(`skipped, since kpt is not to be had here: ${kpt.message}`);
  const { stdout } = await run(kpt, ['pkg', 'tree', folder]);
  stage.show(stdout);
  stage.expect('kpt lists the package', /Kptfile|Package/.test(stdout));
}

/** The lines that differ, for two texts of equal length. */
function lineDiff(before: string, after: string): string[] {
  const old = before.split('\n');
  const now = after.split('\n');
  return now.flatMap((line, i) => (line === old[i] ? [] : [`-${old[i] ?? ''}`, `+${line}`]));
}
