import { ApiError, type KubeClient } from '../../platform/kubernetes/client.ts';
import { valueFor } from '../../reconcile/plan/missing-right.ts';
import { type DoctorCheck, failed, ok, skipped, type Verdict } from './check.ts';
import { type FindCluster, REACHABLE } from './cluster-checks.ts';
import { guardChecks } from './guard-checks.ts';
import { type PermissionScope, targetNamespaces } from './permission-checks.ts';
import { holds, placeText } from './review.ts';
import { type Permission, permissionText, SCALED_OBJECTS, TARGETS, type TargetRights } from './rights.ts';

const AREA = 'plans and approvals';

/** Can changes be planned against live targets, and do approvals count? */
export function safetyChecks(find: FindCluster, scope: PermissionScope): readonly DoctorCheck[] {
  const { livePlans, policies, approvalGuard } = scope;
  const kedaChecks = targetNamespaces(scope).map((namespace) => ({
    area: AREA,
    name: 'KEDA',
    needs: REACHABLE,
    run: () => kedaCheck(find, namespace),
  }));
  const targetChecks = targetNamespaces(scope).map((namespace) => ({
    area: AREA,
    name: 'live targets',
    needs: REACHABLE,
    run: () => targetCheck(find, scope, namespace),
  }));
  const guards = guardChecks(AREA, find, { approvals: policies && approvalGuard });
  return [...(livePlans ? [...targetChecks, ...kedaChecks] : []), ...guards];
}

type Sight = 'whole' | 'none' | { readonly missing: readonly Permission[] };

/** Which kinds the operator may read is for the chart to say, so a kind that it may not read at all is no mistake. */
async function targetCheck(
  find: FindCluster,
  { planDryRun }: PermissionScope,
  namespace: string | undefined,
): Promise<Verdict> {
  const { client } = await find();
  const seen = await Promise.all(
    TARGETS.map(async (rights) => ({ kind: rights.kind, sight: await sightOf(client, rights, planDryRun, namespace) })),
  );
  const half = seen.find(({ sight }) => typeof sight === 'object');
  const place = placeText(namespace);
  if (half !== undefined && typeof half.sight === 'object') {
    const { missing } = half.sight;
    const values = [...new Set(missing.map(({ verb }) => valueFor(verb)))].join(' and ');
    const fix = `grant what is missing, in the chart by the value ${values}`;
    return failed(`plans of a ${half.kind} ${place} lack a right: ${missing.map(permissionText).join(', ')}`, fix);
  }
  const whole = seen.filter(({ sight }) => sight === 'whole').map(({ kind }) => kind);
  if (whole.length === 0)
    return failed(
      `no kind of target may be read ${place}: every plan is made from the intent alone`,
      'grant get on targets and their scale, in the chart by the value targets, or run with --live-plans=false',
    );
  const blind = seen.filter(({ sight }) => sight === 'none').map(({ kind }) => kind);
  const rest = blind.length === 0 ? '' : `; not ${blind.join(', ')}, whose plans are made from the intent alone`;
  return ok(`${whole.join(', ')} ${place}${rest}`);
}

async function sightOf(
  client: KubeClient,
  { scale, metadata, patch }: TargetRights,
  dryRun: boolean,
  namespace: string | undefined,
): Promise<Sight> {
  const needed = [scale, metadata, ...(dryRun ? [patch] : [])];
  const held = await Promise.all(needed.map((permission) => holds(client, permission, namespace)));
  if (held.every((it) => !it)) return 'none';
  const missing = needed.filter((_, i) => held[i] !== true);
  return missing.length === 0 ? 'whole' : { missing };
}

async function kedaCheck(find: FindCluster, namespace: string | undefined): Promise<Verdict> {
  const { client } = await find();
  const isServed = await client.request({ method: 'GET', path: '/apis/keda.sh/v1alpha1' }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return false;
      throw error;
    },
  );
  if (!isServed) return skipped('the cluster has no KEDA');
  const held = await Promise.all(SCALED_OBJECTS.map((permission) => holds(client, permission, namespace)));
  const place = placeText(namespace);
  if (held.every((it) => it)) return ok(`ScaledObjects may be read ${place}`);
  return failed(
    `ScaledObjects may not be read ${place}, so whether one sets the replicas of a target is not known`,
    'grant the operator list and watch on scaledobjects.keda.sh, as the roles of the chart and of config/rbac do',
  );
}
