import type { TargetKind } from '../../src/api/guards/requester.ts';
import type { PatchPolicySpec } from '../../src/api/schema/patchpolicy.ts';
import { scale } from './operator-scenes.ts';
import { eventually, type OperatorWorld, readyWords } from './operator-world.ts';

// What makes an operator use the rights that it has beside those on intents.

/** A custom kind with a scale subresource. */
export const FLEET: TargetKind = { apiVersion: 'fleets.example.dev/v1', kind: 'Fleet', resource: 'fleets' };
/** The kind of KEDA, as far as it is looked at. */
export const SCALED_OBJECT: TargetKind = {
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  resource: 'scaledobjects',
};

const ANYTHING = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } as const;
const NUMBER = { ...ANYTHING, properties: { replicas: { type: 'integer' } } } as const;
const SCALE = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' };

/** Installs a namespaced kind that takes anything and scales, and resolves when it is served. */
export async function serveKind({ plane }: OperatorWorld, { apiVersion, kind, resource }: TargetKind): Promise<void> {
  const [group = '', name = ''] = apiVersion.split('/');
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec: NUMBER, status: NUMBER } } };
  const version = { name, served: true, storage: true, schema, subresources: { status: {}, scale: SCALE } };
  const { status, body } = await plane.request('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${resource}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: resource, singular: kind.toLowerCase(), kind },
      versions: [version],
    },
  });
  if (status !== 201) throw new Error(`${kind}: ${status} ${JSON.stringify(body)}`);
  const path = `/apis/${apiVersion}/${resource}`;
  await eventually(`${kind} is served`, async () => (await plane.request('GET', path)).status === 200);
}

/** A workload of this kind with three replicas. */
export async function makeTarget(
  { plane }: OperatorWorld,
  { apiVersion, kind, resource }: TargetKind,
  namespace: string,
  name: string,
): Promise<void> {
  const labels = { app: name };
  const template = {
    metadata: { labels },
    spec: { containers: [{ name: 'main', image: 'registry.example/main:1' }] },
  };
  const spec = {
    replicas: 3,
    selector: { matchLabels: labels },
    template,
    ...(kind === 'StatefulSet' ? { serviceName: name } : {}),
  };
  const path = `/apis/${apiVersion}/namespaces/${namespace}/${resource}`;
  const { status, body } = await plane.request('POST', path, { apiVersion, kind, metadata: { name }, spec });
  if (status !== 201 && status !== 409) throw new Error(`${kind} ${name}: ${status} ${JSON.stringify(body)}`);
}

/**
 * Changes a target of each kind in a namespace, by intents of another one or the same, and waits for the packages. The intents
 * go again.
 */
export async function changeTargets(
  world: OperatorWorld,
  kinds: readonly TargetKind[],
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  const keys = kinds.map(({ kind }) => `${from}/of-${to}-${kind.toLowerCase()}`);
  for (const [i, { apiVersion, kind, resource }] of kinds.entries()) {
    await makeTarget(world, { apiVersion, kind, resource }, to, `the-${kind.toLowerCase()}`);
    const target = { targetApiVersion: apiVersion, targetKind: kind, ...(to === from ? {} : { namespace: to }) };
    await world.apply(keys[i] ?? '', { ...scale(`the-${kind.toLowerCase()}`, 5), ...target });
  }
  for (const key of keys) await world.ready(key);
  for (const key of keys) await world.remove(key);
}

const RISKY = 'risky';

/** An intent that needs an approval, which nobody gives. It goes again. */
export async function awaitApproval(world: OperatorWorld, namespace: string): Promise<void> {
  const key = `${namespace}/${RISKY}`;
  await world.apply(key, scale(RISKY, 5));
  await world.until(key, 'waits for a person', (it) => readyWords(it) === 'False AwaitingApproval');
  await world.remove(key);
}

const POLICY = 'rights';
const POLICIES = '/apis/patchgen.dev/v1alpha1/patchpolicies';

/** Policies under which everything that policies need is asked for: counting, people, and reaching into `apps`. */
export async function makePolicies(world: OperatorWorld, namespaces: readonly string[]): Promise<void> {
  const match = { namespaces: { names: [...namespaces] } };
  await makePolicy(world, POLICY, {
    match,
    rate: { perTargetPerHour: 1000 },
    targetNamespaces: { names: ['apps'] },
  });
  await makePolicy(world, `${POLICY}-of-people`, {
    match: { ...match, targets: { names: [RISKY] } },
    approval: { mode: 'Always' },
  });
}

async function makePolicy({ plane }: OperatorWorld, name: string, spec: PatchPolicySpec): Promise<void> {
  const object = { apiVersion: 'patchgen.dev/v1alpha1', kind: 'PatchPolicy', metadata: { name }, spec };
  const path = `${POLICIES}/${name}?fieldManager=test&force=true&fieldValidation=Strict`;
  const { status, body } = await plane.request('PATCH', path, object, 'application/apply-patch+yaml');
  if (status >= 300) throw new Error(`${name}: ${status} ${JSON.stringify(body)}`);
}

/** Somebody edits the policy while it counts changes of this intent, until `seen`: then a write has met another one. */
export async function quarrelOverPolicy(
  world: OperatorWorld,
  key: string,
  seen: () => boolean | Promise<boolean>,
): Promise<void> {
  const state = { ended: false };
  const editing = (async () => {
    for (let times = 0; !state.ended; times += 1) {
      const patch = { metadata: { annotations: { edit: `${times}` } } };
      await world.plane.request('PATCH', `${POLICIES}/${POLICY}`, patch, 'application/merge-patch+json');
    }
  })();
  try {
    for (let times = 0; !(await seen()); times += 1) {
      if (times === 100) throw new Error('a hundred changes were counted without a conflict');
      await world.apply(key, scale('quarrel', 1 + (times % 9)));
      await world.ready(key);
    }
  } finally {
    state.ended = true;
    await editing;
  }
  await world.remove(key);
}
