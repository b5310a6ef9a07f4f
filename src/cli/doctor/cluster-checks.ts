import { isDeepStrictEqual } from 'node:util';
import { patchIntentCrd } from '../../api/crd.ts';
import { GROUP, PLURAL, VERSION } from '../../api/types.ts';
import { ApiError } from '../../platform/kubernetes/client.ts';
import type { Cluster } from '../cluster.ts';
import { type DoctorCheck, failed, ok, type Verdict } from './check.ts';

/** A cluster that is found when a check first asks for it, so that a missing kubeconfig is a finding like any other. */
export type FindCluster = () => Promise<Cluster>;

const AREA = 'cluster';
export const REACHABLE = 'API server';
export const DEFINITION = 'definition';
const OLDEST_MINOR = 32;
const INSTALL = 'install the definition: patchgen crd | kubectl apply -f -';

/** Is there a cluster, new enough, that serves our kind? */
export function clusterChecks(find: FindCluster): readonly DoctorCheck[] {
  return [
    { area: AREA, name: 'access', run: async () => ok((await find()).access.description) },
    { area: AREA, name: REACHABLE, needs: 'access', run: () => versionCheck(find) },
    { area: AREA, name: DEFINITION, needs: REACHABLE, run: () => definitionCheck(find) },
    { area: AREA, name: 'schema version', needs: DEFINITION, run: () => schemaCheck(find) },
  ];
}

async function versionCheck(find: FindCluster): Promise<Verdict> {
  const { client, access } = await find();
  const { body } = await client.request<{
    readonly major?: string;
    readonly minor?: string;
    readonly gitVersion?: string;
  }>({
    method: 'GET',
    path: '/version',
    timeoutMs: 10_000,
  });
  const minor = Number.parseInt(body.minor ?? '', 10);
  const version = body.gitVersion ?? `${body.major}.${body.minor}`;
  if (body.major === '1' && minor >= OLDEST_MINOR) return ok(`${version} at ${access.server}`);
  return failed(`${version} at ${access.server} is too old`, `use Kubernetes 1.${OLDEST_MINOR} or newer`);
}

interface Discovery {
  readonly resources?: readonly { readonly name?: string; readonly verbs?: readonly string[] }[];
}

async function definitionCheck(find: FindCluster): Promise<Verdict> {
  const { client } = await find();
  const path = `/apis/${GROUP}/${VERSION}`;
  const resources = await client.request<Discovery>({ method: 'GET', path }).then(
    ({ body }) => body.resources ?? [],
    (error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    },
  );
  if (resources === undefined) return failed(`${GROUP}/${VERSION} is not served`, INSTALL);
  const kind = resources.find(({ name }) => name === PLURAL);
  if (kind === undefined) return failed(`${GROUP}/${VERSION} does not have ${PLURAL}`, INSTALL);
  if (kind.verbs?.includes('create') !== true)
    return failed(`${PLURAL} are being deleted`, 'wait for the end, then install the definition again');
  if (!resources.some(({ name }) => name === `${PLURAL}/status`)) return failed(`${PLURAL} have no status`, INSTALL);
  return ok(`${PLURAL}.${GROUP}/${VERSION} is served`);
}

interface ServedDefinition {
  readonly spec?: { readonly versions?: readonly { readonly name?: string; readonly schema?: unknown }[] };
}

async function schemaCheck(find: FindCluster): Promise<Verdict> {
  const { client } = await find();
  const own = patchIntentCrd();
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${own.metadata.name}`;
  const served = await client.request<ServedDefinition>({ method: 'GET', path }).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw error;
  });
  // The operator itself needs no permission for definitions, so this is no failure of it.
  if (served === undefined) return { state: 'skipped', detail: 'this user may not read definitions' };
  const schema = served.body.spec?.versions?.find(({ name }) => name === VERSION)?.schema;
  if (isDeepStrictEqual(schema, own.spec.versions[0]?.schema))
    return ok('the served schema is the one of this version');
  return failed('the served schema is not the one of this version of Patchgen', 'patchgen crd | kubectl apply -f -');
}
