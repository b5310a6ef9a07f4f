import type { ResolvedSpec } from '../../src/api/resolve.ts';
import type { Base } from '../../src/reconcile/plan/base.ts';
import { createTargets, type TargetsOptions } from '../../src/reconcile/plan/targets.ts';
import { ManualClock } from './clock.ts';
import { type Script, scriptedCluster } from './scripted-cluster.ts';
import { resolvedSpec } from './specs.ts';

/** Where things are in the API. */
export const WEB = '/apis/apps/v1/namespaces/shop/deployments/web';
export const FLEET = '/apis/example.dev/v1/namespaces/shop/fleets/web';
export const DISCOVERY = '/apis/example.dev/v1';
export const DEFINITION = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/fleets.example.dev';

/** A spec with a target of a custom kind. */
export const fleet = resolvedSpec({ targetApiVersion: 'example.dev/v1', targetKind: 'Fleet' });

export const signal = new AbortController().signal;

/** Targets of a scripted cluster. */
export function targetWorld(answers: Readonly<Record<string, Script | object>>, options: Partial<TargetsOptions> = {}) {
  const clock = new ManualClock();
  const cluster = scriptedCluster(answers);
  const targets = createTargets(cluster.client, { clock, live: true, dryRun: true, ...options });
  const read = (spec: ResolvedSpec = resolvedSpec()): Promise<Base> => targets.read(spec, signal);
  return { clock, targets, read, ...cluster };
}

export const scale = (with_: { uid?: string; resourceVersion?: string; replicas?: number } = {}) => {
  const { uid = 'u-1', resourceVersion = '7', ...spec } = { replicas: 3, ...with_ };
  return { metadata: { name: 'web', uid, resourceVersion }, spec };
};
export const metadata = (with_: object = {}) => ({
  metadata: { name: 'web', uid: 'u-1', resourceVersion: '7', generation: 2, labels: { app: 'web' }, ...with_ },
});
export const resource = (name: string, kind: string, namespaced = true) => ({ name, kind, namespaced });
export const served = (...resources: readonly object[]) => ({ kind: 'APIResourceList', resources });
export const FLEETS = [
  resource('fleets', 'Fleet'),
  resource('fleets/status', 'Fleet'),
  resource('fleets/scale', 'Scale'),
];
export const definition = (specReplicasPath: string) => ({
  spec: {
    versions: [
      { name: 'v0', subresources: { scale: { specReplicasPath: '.spec.old' } } },
      { name: 'v1', subresources: { scale: { specReplicasPath } } },
    ],
  },
});
export const fleetWorld = {
  [`GET ${DISCOVERY}`]: served(...FLEETS),
  [`GET ${DEFINITION}`]: definition('.spec.replicas'),
  [`GET ${FLEET}/scale`]: scale(),
  [`GET ${FLEET}`]: metadata(),
};
