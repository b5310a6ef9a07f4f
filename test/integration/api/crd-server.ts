import { setTimeout as sleep } from 'node:timers/promises';
import { type Crd, patchIntentCrd } from '../../../src/api/crd.ts';
import { type ControlPlane, startControlPlane } from '../../../tools/control-plane/control-plane.ts';
import { type Answer, type RawApi, rawApi } from '../../support/raw-api.ts';

export const BASE = '/apis/patchgen.dev/v1alpha1';
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** A control plane that serves PatchIntents, with an empty namespace `shop`. */
export interface CrdServer {
  readonly plane: ControlPlane;
  readonly api: RawApi;
  /** Creates a PatchIntent in `shop`; with no query it is kept. `spec` as text goes out as it is. */
  create(name: string, spec: unknown, query?: string): Promise<Answer>;
  stop(): Promise<void>;
}

export const STRICT_DRY_RUN = '?dryRun=All&fieldValidation=Strict';

/** Resolves when the kind is served. Throws when the server refuses the CRD. */
export async function startCrdServer(crd: Crd = patchIntentCrd()): Promise<CrdServer> {
  const plane = await startControlPlane();
  const api = rawApi(plane);
  const created = await api.send('POST', CRDS, crd);
  if (created.status !== 201) throw new Error(`the CRD was refused: ${JSON.stringify(created.body)}`);
  await api.send('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  await served(api);
  return {
    plane,
    api,
    create: (name, spec, query = '') =>
      api.send('POST', `${BASE}/namespaces/shop/patchintents${query}`, intent(name, spec)),
    stop: () => plane.stop(),
  };
}

/** Replaces the schema of the CRD that is there; resolves once the given answer shows that the new one is in force. */
export async function replaceCrd(api: RawApi, crd: Crd, inForce: () => Promise<boolean>): Promise<void> {
  const path = `${CRDS}/${crd.metadata.name}`;
  const current = await api.send('GET', path);
  const { resourceVersion } = current.body.metadata as { resourceVersion: string };
  const answer = await api.send('PUT', path, { ...crd, metadata: { ...crd.metadata, resourceVersion } });
  if (answer.status !== 200) throw new Error(`the CRD was refused: ${JSON.stringify(answer.body)}`);
  while (!(await inForce())) await sleep(50);
}

export function intent(name: string, spec: unknown): string {
  const text = typeof spec === 'string' ? spec : JSON.stringify(spec);
  const head = { apiVersion: 'patchgen.dev/v1alpha1', kind: 'PatchIntent', metadata: { name, namespace: 'shop' } };
  return `${JSON.stringify(head).slice(0, -1)},"spec":${text}}`;
}

async function served(api: RawApi): Promise<void> {
  while ((await api.send('GET', `${BASE}/namespaces/shop/patchintents`)).status !== 200) await sleep(50);
}
