import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../clock.ts';
import { type AccessEnvironment, AccessError, type ClusterAccess } from './cluster-access.ts';
import { inClusterAccess, isInCluster } from './in-cluster.ts';
import { readKubeconfigs } from './kubeconfig.ts';
import { kubeconfigAccess } from './kubeconfig-access.ts';

export {
  type AccessEnvironment,
  AccessError,
  type ClusterAccess,
  type Credentials,
  type TlsIdentity,
} from './cluster-access.ts';

export interface AccessOptions {
  /** A kubeconfig file that must exist. */
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly env: AccessEnvironment;
  readonly clock?: Clock;
}

/**
 * Finds the cluster: `kubeconfig`, else the files of KUBECONFIG, else `~/.kube/config`, else the service account of the
 * pod. Rejects with AccessError when there is none, or when the one found is not usable.
 */
export async function loadAccess(options: AccessOptions): Promise<ClusterAccess> {
  const clock = options.clock ?? systemClock;
  const { env, context } = options;
  if (options.kubeconfig !== undefined && options.kubeconfig !== '') {
    return kubeconfigAccess(await readKubeconfigs([options.kubeconfig], 'every'), context, clock);
  }
  const listed = (env.kubeconfig ?? '').split(process.platform === 'win32' ? ';' : ':').filter((path) => path !== '');
  if (listed.length > 0) return kubeconfigAccess(await readKubeconfigs(listed, 'some'), context, clock);
  const own = await readKubeconfigs([join(env.home ?? homedir(), '.kube', 'config')], 'any');
  if (own.paths.length > 0) return kubeconfigAccess(own, context, clock);
  if (isInCluster(env)) return inClusterAccess(env, clock);
  throw new AccessError(
    'no cluster to work on: there is no kubeconfig (--kubeconfig, KUBECONFIG, ~/.kube/config), and this is not a pod',
  );
}
