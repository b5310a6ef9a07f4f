import { GROUP, PLURAL, VERSION } from '../../api/types.ts';
import { sleep, systemClock } from '../../platform/clock.ts';
import { ApiError } from '../../platform/kubernetes/client.ts';
import { age } from '../output.ts';
import { type DoctorCheck, failed, ok, type Verdict } from './check.ts';
import { DEFINITION, type FindCluster, REACHABLE } from './cluster-checks.ts';
import type { PermissionScope } from './permission-checks.ts';

const AREA = 'round trips';
const SILENCE_MS = 5_000;

/** Do a watch and a Lease work from end to end? Nothing is left in the cluster: the Lease is a dry run. */
export function roundTripChecks(find: FindCluster, scope: PermissionScope, now: () => Date): readonly DoctorCheck[] {
  const watch: DoctorCheck = {
    area: AREA,
    name: 'watch',
    needs: DEFINITION,
    run: () => patiently(() => watchCheck(find, scope)),
  };
  if (!scope.leaderElect) return [watch];
  return [
    watch,
    { area: AREA, name: 'lease', needs: REACHABLE, run: () => leaseCheck(find, scope) },
    { area: AREA, name: 'leader', needs: REACHABLE, run: () => leaderCheck(find, scope, now()) },
  ];
}

/** The server builds the cache of a kind that was defined a moment ago, and says 429 until it is there. */
async function patiently(check: () => Promise<Verdict>, tries = 5): Promise<Verdict> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 429 || tries <= 1) throw error;
    await sleep(systemClock, error.retryAfterMs ?? 1_000);
    return patiently(check, tries - 1);
  }
}

/** A streaming list ends its first part with a bookmark, so the first event comes at once even where there is no intent. */
async function watchCheck(find: FindCluster, { watchNamespaces }: PermissionScope): Promise<Verdict> {
  const { client } = await find();
  const [namespace] = watchNamespaces;
  const path = `/apis/${GROUP}/${VERSION}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${PLURAL}`;
  const query = {
    watch: true,
    allowWatchBookmarks: true,
    sendInitialEvents: true,
    resourceVersionMatch: 'NotOlderThan',
    timeoutSeconds: 10,
  };
  for await (const event of client.watch({ path, query, silenceMs: SILENCE_MS })) {
    const type = (event as { readonly type?: unknown }).type;
    if (type === 'ERROR')
      return failed(
        `the watch answered with an error: ${JSON.stringify(event).slice(0, 200)}`,
        'look at the log of the API server',
      );
    return ok(`the first event (${String(type)}) came`);
  }
  return failed('the watch ended without an event', 'look for a proxy in between that cuts long requests');
}

async function leaseCheck(find: FindCluster, scope: PermissionScope): Promise<Verdict> {
  const { client, access } = await find();
  const namespace = scope.leaseNamespace ?? access.namespace;
  const body = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { generateName: 'patchgen-doctor-', namespace },
    spec: { holderIdentity: 'patchgen-doctor', leaseDurationSeconds: 15 },
  };
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  await client.request({ method: 'POST', path, query: { dryRun: 'All' }, body });
  return ok(`a Lease can be made in namespace ${namespace} (dry run)`);
}

interface LeaseObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly renewTime?: string;
    readonly leaseDurationSeconds?: number;
  };
}

/** Who works. That nobody does is no failure: doctor runs before the first start too. */
async function leaderCheck(find: FindCluster, scope: PermissionScope, now: Date): Promise<Verdict> {
  const { client, access } = await find();
  const namespace = scope.leaseNamespace ?? access.namespace;
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${scope.leaseName}`;
  try {
    const { spec = {} } = (await client.request<LeaseObject>({ method: 'GET', path })).body;
    const { holderIdentity = '', renewTime, leaseDurationSeconds = 15 } = spec;
    if (holderIdentity === '') return { state: 'skipped', detail: 'nobody holds the Lease: no operator works now' };
    const late = now.getTime() - Date.parse(renewTime ?? '') > leaseDurationSeconds * 2000;
    const text = `${holderIdentity} renewed the Lease ${age(renewTime, now)} ago`;
    return late ? { state: 'skipped', detail: `${text}: no operator works now` } : ok(text);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      return { state: 'skipped', detail: `there is no Lease ${namespace}/${scope.leaseName}: no operator has run yet` };
    }
    throw error;
  }
}
