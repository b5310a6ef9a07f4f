import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Scene } from './scene.ts';

const run = promisify(execFile);
const FOLDER = 'config/samples/safety';
const SPACE = ['-n', 'checkout'] as const;

/** How long after their coming approvals count: API servers learn of admission policies one after the other. */
const TRUSTED_AFTER_MS = 7_000;

/** The admission policies that keep names true, and the roles of people. */
export async function installGuards({ stage, plane, outputDir }: Scene): Promise<void> {
  stage.heading('11. Admission policies: who asks, and who approves, under their own names');
  stage.command('kubectl apply -k config/guards -f config/access/roles.yaml');
  stage.show((await plane.kubectl(['apply', '-k', 'config/guards'])).stdout);
  await plane.kubectl(['apply', '-f', 'config/access/roles.yaml']);
  const bindings = [
    binding('jane', 'system:aggregate-to-edit'),
    binding('jane', 'patchgen-intent-editor'),
    binding('jane', 'patchgen-intent-viewer'),
    binding('jane', 'patchgen-policy-viewer'),
    binding('omar', 'patchgen-policy-viewer'),
    binding('omar', 'patchgen-intent-viewer'),
    binding('omar', 'patchgen-approver'),
    binding('jane', 'patchgen-approver'),
  ];
  const file = join(outputDir, 'bindings.json');
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: bindings }));
  await plane.kubectl(['apply', '-f', file]);
}

function binding(user: string, role: string): unknown {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: `demo-${user}-${role.replaceAll(':', '-')}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
  };
}

/** One intent refused by policy, one that waits for people, one in conflict with an autoscaler. */
export async function showHeld(scene: Scene): Promise<void> {
  const { stage, plane } = scene;
  stage.heading('12. No package without permission: policies, people, autoscalers');
  const jane = await plane.kubeconfigFor('jane');
  await plane.kubectl(['apply', '-f', `${FOLDER}/00-apps.yaml`, '-f', `${FOLDER}/10-policy.yaml`]);
  await plane.kubectl(['wait', 'pp/sample-checkout', '--for=condition=Ready', '--timeout=30s']);
  stage.command(`kubectl apply -f ${FOLDER}    (as jane)`);
  const applied = await plane.kubectl(['apply', '-f', `${FOLDER}/20-intents.yaml`], { kubeconfig: jane });
  stage.show(applied.stdout);
  await told(scene, 'cart-40', 'PolicyDenied', /policy sample-checkout, replicas\.max/);
  await told(scene, 'api-12', 'AwaitingApproval', /0 of 1 approvals; not by jane/);
  await told(scene, 'search-8', 'ManagedByAutoscaler', /HorizontalPodAutoscaler search/);
  stage.command('kubectl get pi -n checkout');
  stage.show((await plane.kubectl(['get', 'pi', ...SPACE])).stdout);
}

export async function showApproval(scene: Scene): Promise<void> {
  const { stage, plane } = scene;
  stage.heading('13. A second person looks at the plan, and agrees');
  // Approvals from before the guard was surely in force do not count.
  await new Promise((resolve) => setTimeout(resolve, TRUSTED_AFTER_MS));
  const jane = await patchgen(scene, await plane.kubeconfigFor('jane'), 'jane');
  stage.expect('jane, who asks, is told that somebody else has to approve', jane.code !== 0);
  const omar = await patchgen(scene, await plane.kubeconfigFor('omar'), 'omar');
  stage.expect('omar approves', omar.code === 0);
  const waited = await plane.kubectl(['wait', ...SPACE, 'pi/api-12', '--for=condition=Ready', '--timeout=30s'], {
    allowFailure: true,
  });
  stage.expect('api-12 becomes Ready', waited.code === 0);
}

/** Two intents on one field: the older one has it until it goes. */
export async function showRivals(scene: Scene): Promise<void> {
  const { stage, plane } = scene;
  stage.heading('14. Two intents want one field: the older one has it until it goes');
  await plane.kubectl(['apply', '-f', `${FOLDER}/30-first.yaml`]);
  await plane.kubectl(['wait', ...SPACE, 'pi/mail-4', '--for=condition=Ready', '--timeout=30s']);
  // Creation times are whole seconds.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await plane.kubectl(['apply', '-f', `${FOLDER}/40-second.yaml`]);
  await told(scene, 'mail-6', 'ConflictingIntent', /checkout\/mail-4/);
  stage.command('kubectl delete pi mail-4 -n checkout');
  await plane.kubectl(['delete', 'pi', 'mail-4', ...SPACE]);
  const waited = await plane.kubectl(['wait', ...SPACE, 'pi/mail-6', '--for=condition=Ready', '--timeout=30s'], {
    allowFailure: true,
  });
  stage.expect('mail-6 goes ahead at once', waited.code === 0);
}

async function told({ stage, plane }: Scene, name: string, reason: string, words: RegExp): Promise<void> {
  const path =
    'jsonpath={.status.conditions[?(@.type=="Ready")].reason}: {.status.conditions[?(@.type=="Ready")].message}';
  const look = async (): Promise<string> => (await plane.kubectl(['get', 'pi', name, ...SPACE, '-o', path])).stdout;
  let said = await look();
  for (let tries = 0; tries < 50 && !said.startsWith(reason); tries += 1) said = await look();
  stage.expect(`${name}: ${said}`, said.startsWith(`${reason}: `) && words.test(said));
}

async function patchgen(
  { stage }: Scene,
  kubeconfig: string,
  user: string,
): Promise<{ readonly code: number; readonly stdout: string }> {
  const args = ['approve', 'api-12', ...SPACE, '--yes'];
  stage.command(`patchgen ${args.join(' ')}    (as ${user})`);
  try {
    const { stdout, stderr } = await run(process.execPath, ['bin/patchgen.mjs', ...args, '--kubeconfig', kubeconfig]);
    stage.show(`${stdout}${stderr}`);
    return { code: 0, stdout };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
    stage.show(`${stdout}${stderr}`);
    return { code: typeof code === 'number' ? code : 1, stdout };
  }
}
