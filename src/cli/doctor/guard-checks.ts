import type { GuardBinding, GuardPolicy } from '../../api/guards/guard.ts';
import { GUARDS } from '../../api/guards/index.ts';
import { systemClock } from '../../platform/clock.ts';
import { ApiError, type KubeClient } from '../../platform/kubernetes/client.ts';
import { createGuard, guardPath } from '../../reconcile/permit/guard.ts';
import { inspect, type StoredGuard } from '../../reconcile/permit/guard-object.ts';
import { type DoctorCheck, failed, ok, skipped, type Verdict } from './check.ts';
import { DEFINITION, type FindCluster } from './cluster-checks.ts';
import { holds } from './review.ts';
import { GUARD, permissionText } from './rights.ts';

/** Are the admission policies in force? `approvals`: whether those that keep names true are asked for. */
export function guardChecks(
  area: string,
  find: FindCluster,
  { approvals }: { readonly approvals: boolean },
): readonly DoctorCheck[] {
  const check = (name: string, run: (client: KubeClient) => Promise<Verdict>): DoctorCheck => ({
    area,
    name,
    needs: DEFINITION,
    run: async () => run((await find()).client),
  });
  return [...(approvals ? [check('guarded approvals', approvalsCheck)] : []), check('guarded requests', requestsCheck)];
}

/** As the operator looks at it: both admission policies and their bindings, installed and as this version brings them. */
async function approvalsCheck(client: KubeClient): Promise<Verdict> {
  const held = await Promise.all(GUARD.map((permission) => holds(client, permission, undefined)));
  const missing = GUARD.filter((_, i) => held[i] !== true).map(permissionText);
  if (missing.length > 0)
    return failed(
      `no approval counts where the operator may not look at the admission policies: not allowed to ${missing.join(', ')}`,
      'grant the operator what the message names, as the ClusterRole of the chart and of config/rbac does',
    );
  const state = await createGuard(client, { clock: systemClock, enforce: true }).state(new AbortController().signal);
  if (state === 'not-asked') return skipped('not asked');
  if ('broken' in state) return failed(`no approval counts: ${state.broken}`, APPROVALS_FIX);
  return ok(`approvals count since ${state.trustedSince.toISOString()}`);
}

const APPROVALS_FIX =
  'install the admission policies as this version brings them, or count approvals unguarded with --approval-guard=false';

/** Nothing depends on this one but what people may ask for, so the operator never looks at it, and may not. */
async function requestsCheck(client: KubeClient): Promise<Verdict> {
  const { policy, binding } = GUARDS.requester;
  const name = policy.metadata.name;
  try {
    const wrong = await Promise.all([policy, binding].map((object) => wrongOf(client, object)));
    const [first] = wrong.filter((it) => it !== undefined);
    if (first === undefined) return ok(`${name} asks for the right to make the change`);
    return failed(first, `delete it, and install ${name} as this version brings it, with the chart or config/guards`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 403)
      return skipped(`whether ${name} is in force may not be read here, nor need it: ${error.message}`);
    if (error.status !== 404) throw error;
    return skipped(
      `${name} or its binding is not installed: nobody is asked whether they could make a change themselves (chart value admissionPolicies.requester)`,
    );
  }
}

async function wrongOf(client: KubeClient, ours: GuardPolicy | GuardBinding): Promise<string | undefined> {
  const { body } = await client.request<StoredGuard>({ method: 'GET', path: guardPath(ours) });
  const finding = inspect(ours.kind === 'ValidatingAdmissionPolicy' ? withKindsOf(body, ours) : ours, body);
  return 'wrong' in finding ? `${ours.kind} ${ours.metadata.name} ${finding.wrong}` : undefined;
}

/** Which kinds there are is for the chart value `targets` to say. */
function withKindsOf({ spec }: StoredGuard, ours: GuardPolicy): GuardPolicy {
  const theirs = (spec as Partial<GuardPolicy['spec']> | undefined)?.variables;
  const kinds = Array.isArray(theirs) ? theirs.find(({ name }) => name === 'resources') : undefined;
  const variables = (ours.spec.variables ?? []).map((it) => (it.name === 'resources' ? (kinds ?? it) : it));
  return { ...ours, spec: { ...ours.spec, variables } };
}
