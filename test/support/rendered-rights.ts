import { type KubernetesObject, renderChart } from './helm.ts';
import type { AccountScope } from './operator-account.ts';

const KINDS = new Set(['ServiceAccount', 'Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding']);

/** The service account of a release of the chart with its roles and bindings, as Helm renders them. */
export async function renderedRights(scope: AccountScope): Promise<readonly KubernetesObject[]> {
  const { name: release, namespace, values } = scope;
  const objects = await renderChart({ release, namespace, values });
  return objects.filter(({ kind }) => KINDS.has(kind));
}
