/** `npm run control-plane`: a real Kubernetes API for a contributor's terminal, until Ctrl-C. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startControlPlane } from './control-plane.ts';
import { installCrds } from './crds.ts';

const HELP = `Starts a real etcd, kube-apiserver and kube-controller-manager on this machine, with Patchgen's CRDs, and keeps
them until Ctrl-C. There are no nodes: Deployments get ReplicaSets and Pods, the Pods stay Pending.

Usage: npm run control-plane [-- <options>]

  --audit-log   record every write; the path is printed
  --fsync       let etcd write through to the disk, as in production
  --no-crds     leave the API as it comes
  --help        this text

In another terminal, paste the printed export line; kubectl, npx patchgen and everything else then talk to it.`;

const { values } = parseArgs({
  options: {
    'audit-log': { type: 'boolean', default: false },
    fsync: { type: 'boolean', default: false },
    'no-crds': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) console.log(HELP);
else await serve();

async function serve(): Promise<void> {
  const started = Date.now();
  const ended = new Promise<void>((resolve) => {
    // The timer keeps this process alive; the children alone do not.
    const alive = setInterval(() => undefined, 60_000);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        clearInterval(alive);
        resolve();
      });
    }
  });
  const controlPlane = await startControlPlane({
    controllerManager: true,
    auditLog: values['audit-log'],
    unsafeNoFsync: !values.fsync,
  });
  try {
    const crds = values['no-crds'] ? 0 : await installCrds(controlPlane, join(import.meta.dirname, '..', '..', 'crds'));
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(
      `Ready after ${seconds} s at ${controlPlane.server}, ${crds === 1 ? '1 CRD' : `${crds} CRDs`} installed.`,
    );
    console.log(`Logs: ${controlPlane.dir}`);
    if (controlPlane.auditLogPath !== undefined) console.log(`Audit log: ${controlPlane.auditLogPath}`);
    console.log(`kubectl of the same version: ${controlPlane.binaries.kubectl}`);
    console.log(`\nexport KUBECONFIG=${controlPlane.kubeconfig}\n\nCtrl-C ends it.`);
    await ended;
  } finally {
    await controlPlane.stop();
  }
  console.log('Ended, nothing is left behind.');
}
