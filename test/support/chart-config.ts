import type { KubernetesObject } from './helm.ts';

/** Which template of the chart is which file of `config/`. CRDs and admission policies come from the generator. */
const FILES: Readonly<Record<string, string>> = {
  'serviceaccount.yaml': 'config/rbac/service-account.yaml',
  'clusterrole.yaml': 'config/rbac/cluster-role.yaml',
  'leader-election.yaml': 'config/rbac/leader-election.yaml',
  'deployment.yaml': 'config/manager/deployment.yaml',
  'service.yaml': 'config/manager/service.yaml',
  'poddisruptionbudget.yaml': 'config/manager/pod-disruption-budget.yaml',
};

const HEAD = '# Rendered from charts/patchgen; UPDATE_CONFIG=1 npm test -- test/integration/chart writes it again.\n';
const OF_HELM = /^ +(helm\.sh\/chart|app\.kubernetes\.io\/managed-by): .*\n/gm;

/** The files of `config/` by their paths, from what `helm template` prints with the defaults of the chart. */
export function configFiles(rendered: string): Readonly<Record<string, string>> {
  const texts = new Map<string, string[]>();
  for (const part of rendered.split(/^---\n/m)) {
    const [, template = ''] = /^# Source: patchgen\/templates\/(.+)$/m.exec(part) ?? [];
    const path = FILES[template];
    if (path === undefined) continue;
    const text = part.replace(/^# Source: .*\n/m, '').replaceAll(OF_HELM, '');
    texts.set(path, [...(texts.get(path) ?? []), `${text.trim()}\n`]);
  }
  return Object.fromEntries([...texts].map(([path, parts]) => [path, HEAD + parts.join('---\n')]));
}

/** Kinds that `npm run generate` writes, without labels. */
const GENERATED = new Set([
  'CustomResourceDefinition',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
]);

/** The object without what only Helm says, and what is generated without labels. */
export function withoutHelm(object: KubernetesObject): KubernetesObject {
  const { labels = {}, annotations = {}, ...metadata } = object.metadata;
  const { 'app.kubernetes.io/managed-by': _by, 'helm.sh/chart': _chart, ...ours } = labels;
  const { 'helm.sh/resource-policy': _policy, ...notes } = annotations;
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(GENERATED.has(object.kind) || Object.keys(ours).length === 0 ? {} : { labels: ours }),
      ...(Object.keys(notes).length === 0 ? {} : { annotations: notes }),
    },
  };
}

/** Pods of `helm test` and the like. */
export const isHook = (object: KubernetesObject): boolean =>
  object.metadata.annotations?.['helm.sh/hook'] !== undefined;
