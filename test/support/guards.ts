import type { GuardBinding, GuardPair, GuardPolicy } from '../../src/api/guards/guard.ts';
import { GUARDS } from '../../src/api/guards/index.ts';
import type { AttachedControlPlane } from '../../tools/control-plane/attached.ts';
import { eventually } from './eventually.ts';

const BASE = '/apis/admissionregistration.k8s.io/v1';
const ROUTES = {
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: 'validatingadmissionpolicybindings',
} as const;

/** Where an object of a guard is. */
export const guardPath = ({ kind, metadata }: GuardPolicy | GuardBinding): string =>
  `${BASE}/${ROUTES[kind]}/${metadata.name}`;

/** Puts guards into the cluster as the chart does, and resolves once the server enforces each of them. */
export async function installGuards(
  plane: AttachedControlPlane,
  pairs: readonly GuardPair[] = Object.values(GUARDS),
): Promise<void> {
  for (const pair of pairs) {
    await putGuard(plane, pair.policy);
    await putGuard(plane, pair.binding);
  }
  for (const { policy } of pairs) await untilEnforced(plane, policy.metadata.name);
}

export async function putGuard(plane: AttachedControlPlane, object: GuardPolicy | GuardBinding): Promise<void> {
  const path = `${guardPath(object)}?fieldManager=helm&force=true&fieldValidation=Strict`;
  const { status, body, warnings } = await plane.request('PATCH', path, object, 'application/apply-patch+yaml');
  if (status >= 300 || warnings !== '')
    throw new Error(`${object.metadata.name}: ${status} ${warnings} ${JSON.stringify(body)}`);
}

const INTENT = { intentType: 'scaling', target: 'probe', replicas: 1 };
const APPROVAL = { intent: 'probe', planDigest: '0'.repeat(64), decision: 'Approve', approver: 'nobody at all' };

/** What each of them refuses whoever asks, and in whose words. */
const PROBES: Readonly<Record<string, readonly [kind: string, plural: string, spec: object]>> = {
  'approver.patchgen.dev': ['PatchApproval', 'patchapprovals', APPROVAL],
  'requested-by.patchgen.dev': ['PatchIntent', 'patchintents', { ...INTENT, requestedBy: 'nobody at all' }],
  'requester.patchgen.dev': ['PatchIntent', 'patchintents', { ...INTENT, targetKind: 'NoSuchKind' }],
};

/** The server learns of policies by watches of its own, a moment after they are stored. */
export async function untilEnforced(plane: AttachedControlPlane, name: string, enforced = true): Promise<void> {
  const [kind, plural, spec] = PROBES[name] ?? ['', '', {}];
  const path = `/apis/patchgen.dev/v1alpha1/namespaces/default/${plural}?dryRun=All`;
  const object = { apiVersion: 'patchgen.dev/v1alpha1', kind, metadata: { name: 'probe' }, spec };
  await eventually(`${name} is ${enforced ? '' : 'not '}enforced`, async () => {
    const { status, body } = await plane.request('POST', path, object);
    return (status === 403 && JSON.stringify(body).includes(name)) === enforced;
  });
}
