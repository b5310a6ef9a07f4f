import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../../tools/control-plane/control-plane.ts';
import { installCrds } from '../../../tools/control-plane/crds.ts';
import { at, type KubernetesObject, only, renderChart } from '../../support/helm.ts';

// A real API server takes everything that the chart renders, with strict field validation, in a namespace that enforces Pod
// Security "restricted". The kinds of the Prometheus operator are judged by its own CRDs. Nothing is stored.

const NAMESPACE = 'restricted';
const FIXTURES = join(import.meta.dirname, '../../fixtures/prometheus-operator');
const EVERYTHING = {
  networkPolicy: {
    enabled: true,
    metricsFrom: [{ namespaceSelector: {} }],
    apiServer: [{ ipBlock: { cidr: '10.0.0.1/32' } }],
  },
  serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
  prometheusRule: { enabled: true },
  dashboard: { enabled: true, annotations: { 'grafana.example/folder': 'Operators' } },
  imagePullSecrets: [{ name: 'registry' }],
  image: { digest: `sha256:${'ab'.repeat(32)}` },
  serviceAccount: { annotations: { 'example.com/role': 'x' } },
  tolerations: [{ key: 'dedicated', operator: 'Exists', effect: 'NoSchedule' }],
  affinity: { podAntiAffinity: {} },
  podAnnotations: { 'example.com/a': 'b' },
  podLabels: { tier: 'platform' },
  podSecurityContext: { supplementalGroups: [1000] },
  extraEnv: [{ name: 'NODE_OPTIONS', value: '--report-on-signal' }],
};
const VARIANTS: Readonly<Record<string, object>> = {
  'the defaults': {},
  'everything optional': EVERYTHING,
  'a shared volume': { persistence: { mode: 'shared', storageClass: '-' } },
  'one pod with a volume': { persistence: { mode: 'single' }, replicas: 1 },
  'some namespaces': { watchNamespaces: [NAMESPACE, 'default'], podMonitor: { enabled: true } },
  'users that the cluster assigns': { podSecurityContext: { runAsUser: null, runAsGroup: null, fsGroup: null } },
};

let plane: ControlPlane;
beforeAll(async () => {
  plane = await startControlPlane();
  const labels = {
    'pod-security.kubernetes.io/enforce': 'restricted',
    'pod-security.kubernetes.io/warn': 'restricted',
  };
  await plane.request('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE, labels },
  });
  expect(await installCrds(plane, FIXTURES)).toBe(3);
});
afterAll(async () => plane?.stop());

/** What the server says to an object, in dry run: nothing where it takes it without a warning. */
async function objection(object: KubernetesObject): Promise<string> {
  const { apiVersion, kind, metadata } = object;
  const plural = `${kind.toLowerCase()}s`.replace(/ys$/, 'ies');
  const place = metadata.namespace === undefined ? plural : `namespaces/${metadata.namespace}/${plural}`;
  const path = `/${apiVersion.includes('/') ? 'apis' : 'api'}/${apiVersion}/${place}`;
  const answer = await plane.request('POST', `${path}?dryRun=All&fieldValidation=Strict`, object);
  if (answer.status === 201) return answer.warnings;
  return (at(answer.body, 'message') as string | undefined) ?? `status ${answer.status}`;
}

/** Every pod that would come of it: those of a Deployment are refused only when they are made. */
function podsOf(objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
  const template = at(only(objects, 'Deployment'), 'spec.template') as Pick<KubernetesObject, 'metadata'>;
  const metadata = { ...template.metadata, name: 'operator', namespace: NAMESPACE };
  return [{ ...template, apiVersion: 'v1', kind: 'Pod', metadata }, ...objects.filter(({ kind }) => kind === 'Pod')];
}

test.each(Object.entries(VARIANTS))('the server takes %s', async (_, values) => {
  const objects = await renderChart({ values, namespace: NAMESPACE });
  for (const object of [...objects, ...podsOf(objects)])
    expect(await objection(object), `${object.kind}/${object.metadata.name}`).toBe('');
});

const WEAKENED: Readonly<Record<string, (pod: string) => string>> = {
  runAsNonRoot: (pod) => pod.replace('"runAsNonRoot":true', '"runAsNonRoot":false'),
  allowPrivilegeEscalation: (pod) => pod.replace('"allowPrivilegeEscalation":false', '"allowPrivilegeEscalation":true'),
  capabilities: (pod) => pod.replace('"drop":["ALL"]', '"drop":[]'),
  seccompProfile: (pod) => pod.replace('RuntimeDefault', 'Unconfined'),
};

test.each(Object.entries(WEAKENED))('the same server refuses a pod with a weaker %s', async (_, weaken) => {
  for (const pod of podsOf(await renderChart({ namespace: NAMESPACE }))) {
    const text = JSON.stringify(pod);
    expect(weaken(text)).not.toBe(text);
    expect(await objection(JSON.parse(weaken(text)) as KubernetesObject)).toContain('violates PodSecurity "restricted');
  }
});

test('the same server refuses an unknown field, also of the Prometheus operator', async () => {
  const objects = await renderChart({ values: EVERYTHING, namespace: NAMESPACE });
  for (const kind of ['Deployment', 'NetworkPolicy', 'ServiceMonitor', 'PrometheusRule']) {
    const object = only(objects, kind);
    const wrong = { ...object, spec: { ...(object.spec as object), intervall: '1s' } };
    expect(await objection(wrong), kind).toContain('unknown field "spec.intervall"');
  }
});

test('beyond "restricted": every container has a read-only root, limits and requests, and only the operator a token', async () => {
  for (const values of Object.values(VARIANTS)) {
    const pods = podsOf(await renderChart({ values, namespace: NAMESPACE }));
    expect(pods).toHaveLength(2);
    for (const pod of pods) {
      const operator = pod.metadata.name === 'operator';
      expect(at(pod, 'spec.automountServiceAccountToken')).toBe(false);
      expect(JSON.stringify(pod).includes('serviceAccountToken')).toBe(operator);
      const containers = at(pod, 'spec.containers') as readonly KubernetesObject[];
      expect(containers).toHaveLength(1);
      for (const container of containers) {
        expect(at(container, 'securityContext.readOnlyRootFilesystem')).toBe(true);
        for (const bound of ['requests', 'limits'])
          expect(at(container, `resources.${bound}`)).toEqual({ cpu: expect.any(String), memory: expect.any(String) });
        const mounts = (container.volumeMounts ?? []) as readonly { name: string; readOnly?: boolean }[];
        expect(mounts.filter(({ readOnly }) => readOnly !== true).map(({ name }) => name)).toEqual(
          operator ? ['packages'] : [],
        );
      }
    }
  }
});
