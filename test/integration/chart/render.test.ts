import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { crds } from '../../../src/api/crds.ts';
import {
  at,
  CHART,
  HELMS,
  KUBE_VERSION,
  type KubernetesObject,
  only,
  renderChart,
  runHelm,
} from '../../support/helm.ts';

// What both versions of Helm make of the chart, without a cluster.

const POD = 'spec.template.spec';
const podOf = (objects: readonly KubernetesObject[]): unknown => at(only(objects, 'Deployment'), POD);
const kinds = (objects: readonly KubernetesObject[]): readonly string[] => objects.map(({ kind }) => kind).toSorted();
const EVERYTHING = {
  networkPolicy: { enabled: true, metricsFrom: [{ namespaceSelector: {} }] },
  serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
  prometheusRule: { enabled: true },
  dashboard: { enabled: true },
};

describe.each(HELMS)('%s', (helm) => {
  test('finds nothing to say about the chart', async () => {
    const { code, stdout } = await runHelm(['lint', '--strict', CHART, '--kube-version', KUBE_VERSION], { helm });
    expect(stdout).toContain('0 chart(s) failed');
    expect(stdout).not.toMatch(/WARNING|ERROR/);
    expect(code).toBe(0);
  });

  test('renders an operator with its rights, CRDs, admission policies and nothing optional from no value at all', async () => {
    expect(kinds(await renderChart({ helm }))).toEqual([
      'ClusterRole',
      'ClusterRoleBinding',
      ...Array.from({ length: 3 }, () => 'CustomResourceDefinition'),
      'Deployment',
      'Pod',
      'PodDisruptionBudget',
      'Role',
      'RoleBinding',
      'Service',
      'ServiceAccount',
      ...Array.from({ length: 3 }, () => 'ValidatingAdmissionPolicy'),
      ...Array.from({ length: 3 }, () => 'ValidatingAdmissionPolicyBinding'),
    ]);
  });

  test('renders the CRDs of the API, kept unless told otherwise', async () => {
    const rendered = await renderChart({ helm });
    const loose = await renderChart({ helm, values: { crds: { keep: false } } });
    for (const { kind, metadata, spec } of crds()) {
      const crd = only(rendered, kind, metadata.name);
      expect(crd.spec).toEqual(spec);
      expect(crd.metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' });
      expect(only(loose, kind, metadata.name).metadata.annotations).toBeUndefined();
    }
    expect(kinds(await renderChart({ helm, values: { crds: { enabled: false } } }))).not.toContain(
      'CustomResourceDefinition',
    );
  });

  test('renders everything optional', async () => {
    const objects = await renderChart({ helm, values: EVERYTHING });
    const more = ['ConfigMap', 'NetworkPolicy', 'PrometheusRule', 'ServiceMonitor'];
    expect(kinds(objects)).toEqual([...kinds(await renderChart({ helm })), ...more].toSorted());
    expect(only(objects, 'ServiceMonitor').metadata.labels).toMatchObject({ release: 'prometheus' });
    expect(kinds(await renderChart({ helm, values: { podMonitor: { enabled: true } } }))).toContain('PodMonitor');
  });

  test('emptyDir: a limited volume for each pod, no claim', async () => {
    const objects = await renderChart({ helm, values: { persistence: { size: '5Gi' } } });
    expect(at(podOf(objects), 'volumes.0')).toEqual({ name: 'packages', emptyDir: { sizeLimit: '5Gi' } });
    expect(kinds(objects)).not.toContain('PersistentVolumeClaim');
    expect(at(only(objects, 'Deployment'), 'spec.strategy.type')).toBe('RollingUpdate');
  });

  test('shared: one ReadWriteMany claim for all pods, which stays', async () => {
    const persistence = { mode: 'shared', storageClass: 'nfs', annotations: { team: 'shop' } };
    const objects = await renderChart({ helm, values: { persistence, replicas: 3 } });
    const claim = only(objects, 'PersistentVolumeClaim', 'patchgen-packages');
    expect(claim.spec).toEqual({
      accessModes: ['ReadWriteMany'],
      storageClassName: 'nfs',
      resources: { requests: { storage: '1Gi' } },
    });
    expect(claim.metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep', team: 'shop' });
    expect(at(podOf(objects), 'volumes.0.persistentVolumeClaim')).toEqual({ claimName: 'patchgen-packages' });
    expect(at(only(objects, 'Deployment'), 'spec.strategy.type')).toBe('RollingUpdate');
  });

  test('single: one ReadWriteOnce claim, one pod, and the old one ends before the new one starts', async () => {
    const persistence = { mode: 'single', storageClass: '-' };
    const objects = await renderChart({ helm, values: { persistence, replicas: 1 } });
    expect(only(objects, 'PersistentVolumeClaim').spec).toMatchObject({
      accessModes: ['ReadWriteOnce'],
      storageClassName: '',
    });
    expect(at(only(objects, 'Deployment'), 'spec')).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    expect(kinds(objects)).not.toContain('PodDisruptionBudget');
  });

  test.each(['shared', 'single'])('%s: an existing claim is used, and none is made', async (mode) => {
    const values = { persistence: { mode, existingClaim: 'mine' }, replicas: 1 };
    const objects = await renderChart({ helm, values });
    expect(kinds(objects)).not.toContain('PersistentVolumeClaim');
    expect(at(podOf(objects), 'volumes.0.persistentVolumeClaim')).toEqual({ claimName: 'mine' });
  });

  test('without leader election one pod ends before the next starts, and has no rights on Leases', async () => {
    const objects = await renderChart({ helm, values: { leaderElect: false, replicas: 1 } });
    expect(at(only(objects, 'Deployment'), 'spec.strategy.type')).toBe('Recreate');
    expect(JSON.stringify(objects.filter(({ kind }) => kind.endsWith('Role')))).not.toContain('leases');
  });
});

test('both versions of Helm render the same', async () => {
  const [three, four] = await Promise.all(HELMS.map((helm) => renderChart({ helm, values: EVERYTHING })));
  expect(three).toEqual(four);
});

test('names of releases never meet, and satisfy the server however long or dotted they are', async () => {
  const once = /^(CustomResourceDefinition|ValidatingAdmissionPolicy)/;
  const names = async (release: string, namespace = 'a'): Promise<readonly string[]> =>
    (await renderChart({ release, namespace }))
      .filter(({ kind }) => !once.test(kind))
      .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
  expect(await names('patchgen')).toContain('Deployment a/patchgen');
  expect(await names('shop')).toContain('Deployment a/shop-patchgen');
  expect(await names('my.patchgen')).toContain('Service a/my-patchgen');
  const long = 'x'.repeat(53);
  expect(await names(long)).toContain(`Service a/${long}-patchgen`);
  const all = [...(await names('one')), ...(await names('two')), ...(await names('one', 'b'))];
  expect(new Set(all).size).toBe(all.length);
  for (const name of all) expect(name.replace(/^.*[/:]/, '').length, name).toBeLessThan(80);
});

test('each release elects by a Lease of its own, which is the one that it has rights on', async () => {
  for (const [values, id] of [
    [{}, 'shop-patchgen'],
    [{ leaderElectionId: 'mine.example' }, 'mine.example'],
  ] as const) {
    const objects = await renderChart({ release: 'shop', values });
    expect(at(podOf(objects), 'containers.0.args')).toContain(`--leader-election-id=${id}`);
    expect(at(only(objects, 'Role'), 'rules.1.resourceNames')).toEqual([id]);
  }
});

test('an image is named by tag, by digest, or by both', async () => {
  const digest = `sha256:${'ab'.repeat(32)}`;
  const image = async (values: object): Promise<unknown> =>
    at(podOf(await renderChart({ values: { image: values } })), 'containers.0.image');
  const { version } = JSON.parse(readFileSync(join(CHART, '../../package.json'), 'utf8')) as { version: string };
  expect(await image({})).toBe(`localhost/patchgen:${version}`);
  expect(await image({ repository: 'registry.example.com:5000/a/b', tag: 'x' })).toBe(
    'registry.example.com:5000/a/b:x',
  );
  expect(await image({ digest })).toBe(`localhost/patchgen@${digest}`);
  expect(await image({ digest, tag: 'x' })).toBe(`localhost/patchgen:x@${digest}`);
});

test('what the cluster assigns is left to it', async () => {
  const values = { podSecurityContext: { runAsUser: null, runAsGroup: null, fsGroup: null } };
  for (const path of ['spec.template.spec.securityContext', 'spec.securityContext']) {
    const objects = await renderChart({ values });
    const object = path.startsWith('spec.template') ? only(objects, 'Deployment') : only(objects, 'Pod');
    expect(at(object, path)).toEqual({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
  }
});

test('a server that is switched off leaves no port, probe or Service behind', async () => {
  const objects = await renderChart({ values: { metricsBindAddress: '0', healthProbeBindAddress: 0 } });
  const container = at(podOf(objects), 'containers.0') as object;
  for (const key of ['ports', 'startupProbe', 'livenessProbe', 'readinessProbe'])
    expect(container).not.toHaveProperty(key);
  expect(kinds(objects)).not.toContain('Service');
  expect(kinds(objects)).not.toContain('Pod');
});

test('the ports of the Service, the pod and the network policy follow the address', async () => {
  const values = {
    metricsBindAddress: '[::]:9090',
    healthProbeBindAddress: '0.0.0.0:9091',
    networkPolicy: { enabled: true },
  };
  const objects = await renderChart({ values });
  expect(at(podOf(objects), 'containers.0.ports')).toEqual([
    { name: 'metrics', containerPort: 9090, protocol: 'TCP' },
    { name: 'probes', containerPort: 9091, protocol: 'TCP' },
  ]);
  expect(at(only(objects, 'Service'), 'spec.ports')).toMatchObject([{ name: 'metrics', port: 9090 }]);
  expect(at(only(objects, 'NetworkPolicy'), 'spec.ingress')).toEqual([{ ports: [{ port: 9090, protocol: 'TCP' }] }]);
  expect(at(only(objects, 'Pod'), 'spec.containers.0.args.1')).toContain(':9090/metrics');
});

test('alerts and dashboard come out as their files, templates of Prometheus included', async () => {
  const objects = await renderChart({ values: EVERYTHING });
  const file = (name: string): string => readFileSync(join(CHART, 'files', name), 'utf8');
  expect(only(objects, 'PrometheusRule').spec).toEqual(load(file('rules.yaml')));
  const text = (only(objects, 'ConfigMap').data as Record<string, string>)['patchgen.json'] ?? '';
  expect(JSON.parse(text)).toEqual(JSON.parse(file('dashboard.json')));
});
