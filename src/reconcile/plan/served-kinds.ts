import type { Clock } from '../../platform/clock.ts';
import { ApiError, type KubeClient } from '../../platform/kubernetes/client.ts';
import { SharedAnswers } from './shared-answers.ts';

/** What a cluster says of one kind. */
export type ServedKind =
  | { readonly scales: true; readonly plural: string }
  /** `others`: kinds of that API version that can scale. */
  | { readonly scales: false; readonly why: string; readonly others: readonly string[] }
  | 'not-served';

/** Kinds of `apps/v1` that scale in every cluster: no need to ask. */
const BUILT_IN: Readonly<Record<string, string>> = {
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  ReplicaSet: 'replicasets',
};
const BUILT_IN_VERSION = 'apps/v1';

/** How long it holds that a kind is there and scales. */
export const SERVED_MS = 600_000;
/** How long a no holds: somebody may be installing the kind right now. */
export const NOT_SERVED_MS = 30_000;
const MOST_VERSIONS = 256;

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** Which resource a kind is, by discovery of its API version. Questions and answers are shared. */
export class ServedKinds {
  readonly #client: Pick<KubeClient, 'request'>;
  readonly #versions: SharedAnswers<readonly Resource[]>;

  constructor(client: Pick<KubeClient, 'request'>, clock: Pick<Clock, 'monotonic'>) {
    this.#client = client;
    this.#versions = new SharedAnswers(clock, MOST_VERSIONS);
  }

  /** `doubtful`: something was not where the last answer said, so that counts no longer than a no. Throws ApiError and ConnectionError. */
  async find(apiVersion: string, kind: string, signal: AbortSignal, doubtful = false): Promise<ServedKind> {
    const plural = apiVersion === BUILT_IN_VERSION && Object.hasOwn(BUILT_IN, kind) ? BUILT_IN[kind] : undefined;
    if (plural !== undefined) return { scales: true, plural };
    const within = async (maxAgeMs: number): Promise<ServedKind> => {
      const ask = (): Promise<readonly Resource[]> => this.#discover(apiVersion);
      return servedKind(await this.#versions.get(apiVersion, maxAgeMs, ask, signal), kind);
    };
    const found = await within(doubtful ? NOT_SERVED_MS : SERVED_MS);
    return found !== 'not-served' && found.scales ? found : within(NOT_SERVED_MS);
  }

  async #discover(apiVersion: string): Promise<readonly Resource[]> {
    try {
      return resourcesOf((await this.#client.request({ method: 'GET', path: versionPath(apiVersion) })).body);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return [];
      throw error;
    }
  }
}

/** `apps/v1` → `/apis/apps/v1`; `v1` → `/api/v1`. */
export function versionPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

function servedKind(resources: readonly Resource[], kind: string): ServedKind {
  const own = resources.filter((resource) => resource.kind === kind && !resource.name.includes('/'));
  const [first] = own;
  if (first === undefined) return 'not-served';
  const names = new Set(resources.map(({ name }) => name));
  const scales = ({ name, namespaced }: Resource): boolean => namespaced && names.has(`${name}/scale`);
  const scalable = own.find(scales);
  if (scalable !== undefined) return { scales: true, plural: scalable.name };
  const others = [...new Set(resources.filter(scales).map((resource) => resource.kind))].toSorted();
  return { scales: false, why: first.namespaced ? 'it has no scale subresource' : 'it is in no namespace', others };
}

/** What of an APIResourceList is well formed. */
function resourcesOf(body: unknown): readonly Resource[] {
  const list = (body as { readonly resources?: unknown } | undefined)?.resources;
  return (Array.isArray(list) ? (list as readonly Partial<Resource>[]) : []).flatMap(({ name, kind, namespaced }) =>
    typeof name === 'string' && typeof kind === 'string' ? [{ name, kind, namespaced: namespaced === true }] : [],
  );
}
