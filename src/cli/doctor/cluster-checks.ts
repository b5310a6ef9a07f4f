import { isDeepStrictEqual } from 'node:util';
import type { Crd } from '../../api/crd.ts';
import { crds } from '../../api/crds.ts';
import { GROUP, PLURAL, VERSION } from '../../api/types.ts';
import { ApiError, type KubeClient } from '../../platform/kubernetes/client.ts';
import type { Cluster } from '../cluster.ts';
import { type DoctorCheck, failed, ok, type Verdict } from './check.ts';

/** A cluster that is found when a check first asks for it, so that a missing kubeconfig is a finding like any other. */
export type FindCluster = () => Promise<Cluster>;

const AREA = 'cluster';
export const REACHABLE = 'API server';
export const DEFINITION = 'definition';
const OLDEST_MINOR = 32;
const INSTALL = 'install the definitions: patchgen crd | kubectl apply --server-side -f -';

/** Is there a cluster, new enough, that serves our kinds? Without policies only intents are looked for. */
export function clusterChecks(find: FindCluster, { policies }: { readonly policies: boolean }): readonly DoctorCheck[] {
  const wanted = crds().filter(({ spec }) => policies || spec.names.plural === PLURAL);
  return [
    { area: AREA, name: 'access', run: async () => ok((await find()).access.description) },
    { area: AREA, name: REACHABLE, needs: 'access', run: () => versionCheck(find) },
    { area: AREA, name: DEFINITION, needs: REACHABLE, run: () => definitionCheck(find, wanted) },
    { area: AREA, name: 'schema version', needs: DEFINITION, run: () => schemaCheck(find, wanted) },
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

async function definitionCheck(find: FindCluster, wanted: readonly Crd[]): Promise<Verdict> {
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
  const wrong = wanted.map((crd) => wrongWith(crd, resources)).find((it) => it !== undefined);
  const names = wanted.map(({ spec }) => spec.names.plural);
  const verb = names.length === 1 ? 'is' : 'are';
  return wrong ?? ok(`${names.join(', ')} of ${GROUP}/${VERSION} ${verb} served`);
}

function wrongWith({ spec }: Crd, resources: NonNullable<Discovery['resources']>): Verdict | undefined {
  const { plural } = spec.names;
  const kind = resources.find(({ name }) => name === plural);
  if (kind === undefined) return failed(`${GROUP}/${VERSION} does not have ${plural}`, INSTALL);
  if (kind.verbs?.includes('create') !== true)
    return failed(`${plural} are being deleted`, 'wait for the end, then install the definitions again');
  const hasStatus = spec.versions.some(({ subresources }) => 'status' in subresources);
  if (hasStatus && !resources.some(({ name }) => name === `${plural}/status`))
    return failed(`${plural} have no status`, INSTALL);
  return undefined;
}

interface ServedDefinition {
  readonly spec?: { readonly versions?: readonly { readonly name?: string; readonly schema?: unknown }[] };
}

async function schemaCheck(find: FindCluster, wanted: readonly Crd[]): Promise<Verdict> {
  const { client } = await find();
  const verdicts = await Promise.all(wanted.map((own) => schemaVerdict(client, own)));
  if (verdicts.includes('unread')) {
    // The operator itself needs no permission for definitions, so this is no failure of it.
    return { state: 'skipped', detail: 'this user may not read definitions' };
  }
  const others = wanted.filter((_, i) => verdicts[i] === 'another').map(({ spec }) => spec.names.plural);
  if (others.length === 0) return ok('the served schemas are those of this version');
  return failed(`the served schema of ${others.join(', ')} is not the one of this version of Patchgen`, INSTALL);
}

async function schemaVerdict(client: KubeClient, own: Crd): Promise<'own' | 'another' | 'unread'> {
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${own.metadata.name}`;
  try {
    const { body } = await client.request<ServedDefinition>({ method: 'GET', path });
    const schema = body.spec?.versions?.find(({ name }) => name === VERSION)?.schema;
    return isDeepStrictEqual(schema, own.spec.versions[0]?.schema) ? 'own' : 'another';
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return 'unread';
    throw error;
  }
}
