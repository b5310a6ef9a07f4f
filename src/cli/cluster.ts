import { accessEnvironment, type Environment, type Settings } from '../config.ts';
import { systemClock } from '../platform/clock.ts';
import { type ClusterAccess, loadAccess } from '../platform/kubernetes/access.ts';
import type { KubeClient } from '../platform/kubernetes/client.ts';
import { createKubeClient } from '../platform/kubernetes/http-client.ts';
import { VERSION } from './version.ts';

/** A cluster to look at, and the client to do so. */
export interface Cluster {
  readonly access: ClusterAccess;
  readonly client: KubeClient;
}

/** Finds the cluster that the settings and the environment name. Rejects with `AccessError`. */
export async function connect(settings: Pick<Settings, 'kubeconfig' | 'context'>, env: Environment): Promise<Cluster> {
  const { kubeconfig, context } = settings;
  const access = await loadAccess({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    env: accessEnvironment(env),
  });
  return {
    access,
    // Not that of the operator: an audit log shall tell the two apart.
    client: createKubeClient(access, { clock: systemClock, userAgent: `patchgen-cli/${VERSION}`, connections: 4 }),
  };
}

/** Connects, runs, and ends all connections, so that the process can end. */
export async function withCluster<T>(
  settings: Pick<Settings, 'kubeconfig' | 'context'>,
  env: Environment,
  run: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const cluster = await connect(settings, env);
  try {
    return await run(cluster);
  } finally {
    await cluster.client.close();
  }
}
