import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { GUARDS } from '../../../src/api/guards/index.ts';
import { at, CHART, HELMS } from '../../support/helm.ts';
import { CRD, columns, type HelmCluster, helmCluster } from '../../support/helm-cluster.ts';

// Real Helm on a real control plane. There are no nodes, so pods are made and never run: test/node has those that do.
// Each test has namespaces of its own, whose releases stay; CRDs and admission policies are shared, and go after each test.

let cluster: HelmCluster;
beforeAll(async () => {
  cluster = await helmCluster();
});
afterAll(async () => cluster?.stop());
afterEach(() => cluster.removeSingletons());

type Command = readonly string[];
const install = (name: string, ns: string, chart = CHART): Command => ['install', name, chart, '--namespace', ns];
const upgrade = (name: string, ns: string, chart = CHART): Command => ['upgrade', name, chart, '--namespace', ns];
const uninstall = (name: string, ns: string): Command => ['uninstall', name, '--namespace', ns];

const get = async (path: string): Promise<number> => (await cluster.plane.request('GET', path)).status;
const roleOf = (name: string): Promise<number> => get(`/apis/rbac.authorization.k8s.io/v1/clusterroles/${name}`);
const deploymentIn = (namespace: string): string => `/apis/apps/v1/namespaces/${namespace}/deployments/patchgen`;
const claimIn = (namespace: string): string =>
  `/api/v1/namespaces/${namespace}/persistentvolumeclaims/patchgen-packages`;
const commands = (told: string, verb: string): readonly string[] =>
  [...told.matchAll(/^ *(kubectl .*)$/gm)].map(([, it = '']) => it).filter((it) => it.startsWith(`kubectl ${verb} `));
const adoptions = (told: string): readonly string[] => commands(told, 'patch');

const POLICIES = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';

/** Labels and annotations: by these Helm tells whose it is. */
async function marksOfCrd(): Promise<object> {
  const { labels = {}, annotations = {} } = (await cluster.crd())?.metadata ?? {};
  return { labels, annotations };
}

describe.each(HELMS)('%s', (helm) => {
  test('no value but the release: the CRD is served, and pods are made where Pod Security is restricted', async () => {
    const one = await cluster.namespace();
    const notes = await cluster.helm(helm, install('patchgen', one));
    expect(notes).toContain(`kubectl rollout status deployment/patchgen -n ${one}`);
    expect(notes).toContain('WARNING: persistence.mode is emptyDir');
    // As it stands there it can be pasted into a shell: the end of the document is at the start of its line.
    expect(notes).toMatch(/^kubectl apply -f - <<END\napiVersion: [^]*?\nEND$/m);
    await cluster.createIntent(one);
    await expect.poll(() => cluster.podsIn(one), { timeout: 60_000 }).toBe(2);
    expect(await marksOfCrd()).toMatchObject({ annotations: { 'helm.sh/resource-policy': 'keep' } });
  });

  test('an upgrade changes values and the CRD, and keeps the intents', async () => {
    const one = await cluster.namespace();
    await cluster.helm(helm, install('patchgen', one, cluster.olderChart));
    await cluster.createIntent(one);
    expect(columns(await cluster.crd())).not.toContain('Correlation');
    await cluster.helm(helm, upgrade('patchgen', one), { replicas: 3 });
    expect(columns(await cluster.crd())).toContain('Correlation');
    const { body } = await cluster.plane.request('GET', deploymentIn(one));
    expect(body).toMatchObject({ spec: { replicas: 3 } });
    expect(await cluster.intents()).toEqual([`${one}/web`]);
  });

  test('what is uninstalled leaves CRD, intents and claim, and comes again under the same name and another one', async () => {
    const one = await cluster.namespace();
    const values = { persistence: { mode: 'shared' } };
    await cluster.helm(helm, install('patchgen', one), values);
    await cluster.createIntent(one);
    await cluster.helm(helm, uninstall('patchgen', one));
    expect(await cluster.intents()).toEqual([`${one}/web`]);
    expect([await get(deploymentIn(one)), await roleOf(`${one}:patchgen`), await get(claimIn(one))]).toEqual([
      404, 404, 200,
    ]);
    expect(await cluster.guards()).toEqual([]);

    expect(await cluster.helm(helm, install('patchgen', one), values)).not.toContain('belongs to somebody else');
    expect(await cluster.guards()).toHaveLength(6);
    await cluster.helm(helm, uninstall('patchgen', one));

    const notes = await cluster.helm(helm, install('other', one));
    expect(notes).toContain(
      `the CRD ${CRD} was there already, the same as in this chart, and belongs to somebody else`,
    );
    expect(notes).not.toContain('the ValidatingAdmissionPolicy');
    expect(await cluster.guards()).toHaveLength(6);
    expect(await cluster.helm(helm, upgrade('other', one))).toContain('belongs to somebody else');
    expect(await cluster.intents()).toEqual([`${one}/web`]);
  });

  test('a claim cannot become one of other access modes: that is a refusal, with the ways out', async () => {
    const one = await cluster.namespace();
    await cluster.helm(helm, install('patchgen', one), { persistence: { mode: 'shared' } });
    const single = { mode: 'single' };
    const told = await cluster.refused(helm, upgrade('patchgen', one), { replicas: 1, persistence: single });
    expect(told).toContain('the claim patchgen-packages has the access modes ReadWriteMany, which cannot change');
    const elsewhere = { ...single, existingClaim: 'another' };
    await cluster.helm(helm, upgrade('patchgen', one), { replicas: 1, persistence: elsewhere });
    await cluster.helm(helm, upgrade('patchgen', one), { persistence: { mode: 'shared' } });
    expect(await get(claimIn(one))).toBe(200);
  });

  test('another CRD of somebody else is a refusal, with the command that takes it over for good', async () => {
    const [one, two] = [await cluster.namespace(), await cluster.namespace()];
    await cluster.helm(helm, install('patchgen', one, cluster.olderChart), { crds: { keep: false } });
    await cluster.createIntent(one);
    const told = await cluster.refused(helm, install('patchgen', two));
    expect(told).toContain(
      `The CRD ${CRD} is in the cluster already, differs from that of this chart, and does not belong`,
    );
    expect(adoptions(told)).toHaveLength(1);
    for (const command of adoptions(told)) await cluster.shell(command);
    // The release that had it lets go of it and leaves it, although it was told not to keep it.
    await cluster.helm(helm, upgrade('patchgen', one, cluster.olderChart), { crds: { keep: false } });
    await cluster.helm(helm, install('patchgen', two));
    expect(columns(await cluster.crd())).toContain('Correlation');
    await cluster.helm(helm, uninstall('patchgen', one));
    expect(await cluster.intents()).toEqual([`${one}/web`]);
  });

  test('a CRD that kubectl brought is left alone when it is the same, and whatever it is without crds.enabled', async () => {
    const [one, two] = [await cluster.namespace(), await cluster.namespace()];
    const disabled = { crds: { enabled: false } };
    expect(await cluster.helm(helm, install('patchgen', one), disabled)).toContain('NOTE: crds.enabled is false');
    expect(await cluster.crd()).toBeUndefined();
    await cluster.plane.kubectl(['apply', '-f', 'crds']);
    const before = await marksOfCrd();
    await cluster.helm(helm, install('patchgen', two));
    const wanted = { crds: { enabled: true } };
    expect(await cluster.refused(helm, upgrade('patchgen', one, cluster.olderChart), wanted)).toContain(
      'does not belong',
    );
    await cluster.helm(helm, upgrade('patchgen', one, cluster.olderChart), disabled);
    expect(await marksOfCrd()).toEqual(before);
    expect(columns(await cluster.crd())).toContain('Correlation');
  });

  test('admission policies belong to the release that brought them; another one leaves the same alone, and brings them when they are gone', async () => {
    const [one, two] = [await cluster.namespace(), await cluster.namespace()];
    await cluster.helm(helm, install('patchgen', one));
    const notes = await cluster.helm(helm, install('patchgen', two));
    expect(notes).toContain('the ValidatingAdmissionPolicy approver.patchgen.dev was there already');
    expect(notes).toContain('the ValidatingAdmissionPolicyBinding approver.patchgen.dev was there already');
    const versions = async (): Promise<unknown> => {
      const { body } = await cluster.plane.request('GET', POLICIES);
      return at(body, 'items.0.metadata.resourceVersion');
    };
    const before = await versions();
    await cluster.helm(helm, upgrade('patchgen', one), { replicas: 3 });
    // Approvals count from the last change of their guards on.
    expect(await versions()).toBe(before);
    await cluster.helm(helm, uninstall('patchgen', one));
    expect(await cluster.guards()).toEqual([]);
    await cluster.helm(helm, upgrade('patchgen', two));
    expect(await cluster.guards()).toHaveLength(6);
  });

  test('other admission policies of somebody else are a refusal, with the commands that take them over and the values that leave them', async () => {
    const [one, two] = [await cluster.namespace(), await cluster.namespace()];
    await cluster.helm(helm, install('patchgen', one));
    const targets = [{ apiVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments' }];
    const told = await cluster.refused(helm, install('patchgen', two), { targets });
    expect(told).toContain('The ValidatingAdmissionPolicy requester.patchgen.dev is in the cluster already, differs');
    expect(told).toContain('To leave it as it is: --set admissionPolicies.requester=false');
    await cluster.helm(helm, install('other', two), { targets, admissionPolicies: { requester: false } });
    expect(adoptions(told)).toHaveLength(1);
    for (const command of adoptions(told)) await cluster.shell(command);
    await cluster.helm(helm, upgrade('patchgen', one));
    await cluster.helm(helm, install('patchgen', two), { targets });
    await cluster.helm(helm, upgrade('patchgen', one), { targets });
    const { body } = await cluster.plane.request('GET', `${POLICIES}/requester.patchgen.dev`);
    expect(at(body, 'spec.variables.0.expression')).toBe("{'apps/v1 Deployment': 'deployments'}");
    // It was kept so that the other release let go of it alone; from here on it goes with this one.
    const kept = await cluster.helm(helm, upgrade('patchgen', two), { targets });
    expect(kept).toContain('was taken over from another release and is kept');
    const off = { targets, admissionPolicies: { requester: false } };
    expect(kept).toContain('it would stay in force without this one, and where\nit is switched off here');
    await cluster.helm(helm, upgrade('patchgen', two), off);
    expect((await cluster.guards()).join()).toContain('ValidatingAdmissionPolicy/requester');
    for (const command of commands(kept, 'annotate')) await cluster.shell(command);
    await cluster.helm(helm, upgrade('patchgen', two), { targets });
    await cluster.helm(helm, upgrade('patchgen', two), off);
    expect((await cluster.guards()).join()).not.toContain('ValidatingAdmissionPolicy/requester');
  });

  test('admission policies that kubectl brought go with the release that took them over', async () => {
    const one = await cluster.namespace();
    await cluster.plane.kubectl(['apply', '-k', 'config/guards']);
    const targets = [{ apiVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments' }];
    const told = await cluster.refused(helm, install('patchgen', one), { targets });
    const notes = await cluster.helm(helm, install('patchgen', one));
    expect([adoptions(told).length, adoptions(notes).length]).toEqual([1, 6]);
    expect(adoptions(told).concat(adoptions(notes)).join()).not.toContain('resource-policy');
    for (const command of adoptions(notes)) await cluster.shell(command);
    await cluster.helm(helm, upgrade('patchgen', one));
    const off = { admissionPolicies: { requester: false } };
    expect(await cluster.helm(helm, upgrade('patchgen', one), off)).not.toContain('is kept');
    expect(await cluster.guards()).toHaveLength(4);
    await cluster.helm(helm, uninstall('patchgen', one));
    expect(await cluster.guards()).toEqual([]);
  });

  test('what somebody has added to an admission policy is told by the upgrade that leaves it there, with the way out', async () => {
    const one = await cluster.namespace();
    expect(await cluster.helm(helm, install('patchgen', one))).not.toContain('had what is not of this chart');
    const spec = { matchConditions: [{ name: 'never', expression: 'false' }] };
    const patch = ['patch', 'validatingadmissionpolicy', 'approver.patchgen.dev', '--type=merge', '-p'];
    await cluster.plane.kubectl([...patch, JSON.stringify({ spec })]);
    const told =
      'WARNING: the ValidatingAdmissionPolicy approver.patchgen.dev had what is not of this chart (spec.matchConditions)';
    const notes = await cluster.helm(helm, upgrade('patchgen', one));
    expect(notes).toContain(told);
    expect(notes).toContain('If the next upgrade says so again, delete it');
    expect(await cluster.helm(helm, upgrade('patchgen', one))).toContain(told);
    for (const command of commands(notes, 'delete validatingadmissionpolicy')) await cluster.shell(command);
    await cluster.helm(helm, upgrade('patchgen', one));
    const { body } = await cluster.plane.request('GET', `${POLICIES}/approver.patchgen.dev`);
    expect(at(body, 'spec')).toEqual(GUARDS.approver.policy.spec);
    expect(await cluster.helm(helm, upgrade('patchgen', one))).not.toContain('had what is not of this chart');
  });

  test('who may do nothing outside of a namespace installs and upgrades a release that brings nothing for all of them', async () => {
    const one = await cluster.namespace();
    const config = await cluster.plane.kubeconfigFor(`installer-of-${one}`);
    const binding = ['create', 'rolebinding', 'installer', '--clusterrole=admin', `--user=installer-of-${one}`];
    await cluster.plane.kubectl([...binding, '-n', one]);
    const off = { crds: { enabled: false }, admissionPolicies: { enabled: false }, approvalGuard: false };
    const values = { ...off, rbac: { create: false }, watchNamespaces: [one] };
    await cluster.helm(helm, [...install('patchgen', one), '--kubeconfig', config], values);
    await cluster.helm(helm, [...upgrade('patchgen', one), '--kubeconfig', config], { ...values, replicas: 3 });
    const { body } = await cluster.plane.request('GET', deploymentIn(one));
    expect(body).toMatchObject({ spec: { replicas: 3 } });
  });

  test('a target that the operator refuses is told', async () => {
    const targets = [
      { apiVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments' },
      { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', resource: 'rollouts' },
      { apiVersion: 'v1', kind: 'ReplicationController', resource: 'replicationcontrollers' },
    ];
    const notes = await cluster.helm(helm, install('patchgen', await cluster.namespace()), { targets });
    expect(notes).toContain('names v1 ReplicationController, and the operator refuses intents for it');
    expect(notes).not.toMatch(/names (apps|argoproj)/);
  });

  test('without crds.keep the CRD goes with the release, as the notes warn', async () => {
    const one = await cluster.namespace();
    const notes = await cluster.helm(helm, install('patchgen', one), { crds: { keep: false } });
    expect(notes).toContain('WARNING: crds.keep is false: the CRDs go with this release');
    await cluster.helm(helm, uninstall('patchgen', one));
    await expect.poll(() => cluster.crd(), { timeout: 30_000 }).toBeUndefined();
  });

  test('releases of one name in two namespaces, and of two names in one, live and go on their own', async () => {
    const [one, two] = [await cluster.namespace(), await cluster.namespace()];
    await cluster.helm(helm, install('patchgen', one));
    await cluster.helm(helm, install('patchgen', two));
    await cluster.helm(helm, install('other', one));
    const names = [`${one}:patchgen`, `${two}:patchgen`, `${one}:other-patchgen`];
    expect(await Promise.all(names.map(roleOf))).toEqual([200, 200, 200]);
    await cluster.helm(helm, uninstall('patchgen', one));
    expect(await Promise.all(names.map(roleOf))).toEqual([404, 200, 200]);
    expect([await get(deploymentIn(one)), await get(deploymentIn(two))]).toEqual([404, 200]);
    expect(await cluster.crd()).toBeDefined();
  });
});

test('a release of Helm 3 is upgraded by Helm 4', async () => {
  const one = await cluster.namespace();
  await cluster.helm('helm', install('patchgen', one, cluster.olderChart));
  await cluster.helm('helm4', upgrade('patchgen', one), { replicas: 3 });
  expect(columns(await cluster.crd())).toContain('Correlation');
  await cluster.helm('helm4', uninstall('patchgen', one));
  expect(await get(deploymentIn(one))).toBe(404);
});
