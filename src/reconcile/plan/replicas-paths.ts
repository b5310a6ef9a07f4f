import type { Clock } from '../../platform/clock.ts';
import { ApiError, type KubeClient } from '../../platform/kubernetes/client.ts';
import { rightOf } from './missing-right.ts';
import { NOT_SERVED_MS, SERVED_MS } from './served-kinds.ts';
import { SharedAnswers } from './shared-answers.ts';

/** The path that packages write. */
export const WRITTEN_PATH = '.spec.replicas';

/** Where the scale subresource of a custom kind has its number, or why that could not be found out. */
export type ReplicasPath = { readonly path: string } | { readonly unknown: string };

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const MOST_KINDS = 1024;

/** Reads where custom kinds keep their number of replicas, each once in a while: a definition may have a megabyte. */
export class ReplicasPaths {
  readonly #client: Pick<KubeClient, 'request'>;
  readonly #answers: SharedAnswers<ReplicasPath>;

  constructor(client: Pick<KubeClient, 'request'>, clock: Pick<Clock, 'monotonic'>) {
    this.#client = client;
    this.#answers = new SharedAnswers(clock, MOST_KINDS);
  }

  /** What does not suit is looked at again soon: somebody may be mending it. Throws ApiError and ConnectionError. */
  async find(group: string, version: string, plural: string, signal: AbortSignal): Promise<ReplicasPath> {
    const name = `${plural}.${group}`;
    const within = (maxAgeMs: number): Promise<ReplicasPath> =>
      this.#answers.get(`${name}/${version}`, maxAgeMs, () => this.#read(name, version), signal);
    const found = await within(SERVED_MS);
    return 'path' in found && found.path === WRITTEN_PATH ? found : within(NOT_SERVED_MS);
  }

  async #read(name: string, version: string): Promise<ReplicasPath> {
    try {
      const path = `${DEFINITIONS}/${encodeURIComponent(name)}`;
      return pathOf((await this.#client.request<Definition>({ method: 'GET', path })).body, name, version);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // An API server of its own can serve a kind that no definition describes.
      if (error.status === 404) return { unknown: `no CustomResourceDefinition ${name} tells where` };
      if (error.status !== 403) throw error;
      const resource = 'customresourcedefinitions';
      return { unknown: rightOf({ verb: 'get', group: 'apiextensions.k8s.io', resource, name }) };
    }
  }
}

interface Definition {
  readonly spec?: {
    readonly versions?: readonly {
      readonly name?: string;
      readonly subresources?: { readonly scale?: { readonly specReplicasPath?: string } };
    }[];
  };
}

function pathOf({ spec }: Definition, name: string, version: string): ReplicasPath {
  const served = spec?.versions?.find((one) => one.name === version);
  const path = served?.subresources?.scale?.specReplicasPath;
  return path === undefined ? { unknown: `CustomResourceDefinition ${name} does not tell` } : { path };
}
