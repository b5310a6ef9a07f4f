/**
 * `npm run demo`: Patchgen's main job, from an empty control plane to packages that kustomize and kpt accept. Everything is real
 * and thrown away at the end; `--keep` leaves it up. Exits 1 when anything that it shows is not as it should be.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startControlPlane } from '../control-plane/control-plane.ts';
import { startOperatorProcess } from '../operator-process.ts';
import { showHealth } from './health.ts';
import { applySamples, refuseBadSamples, showRejected, showTable } from './intents.ts';
import { showKpt, showKustomizeDiff, showTree } from './packages.ts';
import { installGuards, showApproval, showHeld, showRivals } from './safety.ts';
import { createStage } from './stage.ts';

const HELP = `npm run demo [-- --keep]

Starts etcd and kube-apiserver, installs the CRDs, runs the operator as a separate process, applies the samples
of config/samples, and shows what comes of them. Everything is removed at the end.

  --keep   leave all of it running until Ctrl-C and print the KUBECONFIG`;

const { values } = parseArgs({
  options: { keep: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } },
});
if (values.help === true) console.log(HELP);
else process.exitCode = await demo(values.keep);

async function demo(keep: boolean): Promise<number> {
  const stage = createStage();
  const outputDir = await mkdtemp(join(tmpdir(), 'patchgen-demo-'));
  stage.heading('1. A control plane of its own (etcd, kube-apiserver)');
  const plane = await startControlPlane();
  try {
    stage.show(`${plane.server} is ready`);
    stage.heading('2. The CRDs and the operator');
    stage.command('kubectl apply -f crds');
    stage.show((await plane.kubectl(['apply', '-f', 'crds'])).stdout);
    await plane.kubectl(['wait', '--for=condition=Established', '--all', 'crd', '--timeout=30s']);
    stage.command(`npx patchgen run --output-dir ${outputDir}`);
    const operator = await startOperatorProcess({ kubeconfig: plane.kubeconfig, outputDir });
    try {
      await operator.untilReady();
      stage.expect('the operator is ready', await operator.ready());
      const scene = { stage, plane, operator, outputDir, root: join(outputDir, 'packages') };
      await applySamples(scene);
      await showTable(scene);
      await showRejected(scene);
      await refuseBadSamples(scene);
      await showTree(scene);
      await showKustomizeDiff(scene);
      await showKpt(scene);
      await showHealth(scene);
      await installGuards(scene);
      await showHeld(scene);
      await showApproval(scene);
      await showRivals(scene);
      conclude(scene.stage.failures, stage);
      if (keep) await stayUp(stage, plane.kubeconfig, scene.root);
    } finally {
      await operator.stop();
    }
  } finally {
    await plane.stop();
    await rm(outputDir, { recursive: true, force: true });
  }
  return stage.failures.length === 0 ? 0 : 1;
}

function conclude(failures: readonly string[], stage: ReturnType<typeof createStage>): void {
  if (failures.length > 0) {
    stage.heading(`${failures.length} things were not as they should be`);
    for (const failure of failures) stage.show(`✗ ${failure}`);
    return;
  }
  stage.heading('All as it should be. What to try next');
  stage.show(
    [
      'npm run demo -- --keep                       the same, left running for your own kubectl',
      'npx patchgen generate config/samples/web.yaml --output out --create    a package without a cluster',
      'npx patchgen validate config/samples/bad/*.yaml                        what is wrong with each, and where',
      'npx patchgen --help                          every command',
    ].join('\n'),
  );
}

async function stayUp(stage: ReturnType<typeof createStage>, kubeconfig: string, root: string): Promise<void> {
  stage.heading('Left running; Ctrl-C ends it and removes everything');
  stage.show(`export KUBECONFIG=${kubeconfig}\nls -R ${root}`);
  const held = setInterval(() => {}, 60_000);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  clearInterval(held);
}
