import { groupOf, isCustomKind } from '../../api/custom-kind.ts';
import { Rejected } from '../../api/errors.ts';
import { quote } from '../../api/quote.ts';
import type { Clock } from '../../platform/clock.ts';
import { ApiError, type KubeClient } from '../../platform/kubernetes/client.ts';
import type { Target } from '../permit/world.ts';
import { ReplicasPaths, WRITTEN_PATH } from './replicas-paths.ts';
import { ServedKinds, versionPath } from './served-kinds.ts';

/** Where a target is in the API, whether or not it is there. */
export interface TargetPlace {
  readonly path: string;
  readonly group: string;
  readonly plural: string;
  /** What a reviewer should know of how this was found. */
  readonly warnings: readonly string[];
}

export type FoundPlace = TargetPlace | 'not-served' | { readonly unreadable: string };

const MOST_NAMED = 10;

/** Finds where targets are in the API. */
export class TargetPlaces {
  readonly #kinds: ServedKinds;
  readonly #paths: ReplicasPaths;

  constructor(client: Pick<KubeClient, 'request'>, clock: Pick<Clock, 'monotonic'>) {
    this.#kinds = new ServedKinds(client, clock);
    this.#paths = new ReplicasPaths(client, clock);
  }

  /**
   * `doubtful`: the target was not where this said before. Throws Rejected UnsupportedTargetKind for a kind that can not scale,
   * ApiError and ConnectionError.
   */
  async find(target: Target, signal: AbortSignal, doubtful = false): Promise<FoundPlace> {
    const { apiVersion, kind, namespace, name } = target;
    const served = await this.#kinds.find(apiVersion, kind, signal, doubtful).catch(undiscovered(apiVersion));
    if (served === 'not-served' || 'unreadable' in served) return served;
    if (!served.scales) throw unsupported(target, `${served.why}${namesOf(served.others, apiVersion)}`);
    const { plural } = served;
    const collection = `${versionPath(apiVersion)}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
    const warnings = isCustomKind(apiVersion) ? await this.#check(target, plural, signal) : [];
    return { path: `${collection}/${encodeURIComponent(name)}`, group: groupOf(apiVersion), plural, warnings };
  }

  /** Packages write `.spec.replicas`, so that is what scaling has to mean. */
  async #check(target: Target, plural: string, signal: AbortSignal): Promise<readonly string[]> {
    const group = groupOf(target.apiVersion);
    const found = await this.#paths.find(group, target.apiVersion.slice(group.length + 1), plural, signal);
    if ('unknown' in found)
      return [`whether ${target.kind} is scaled by ${WRITTEN_PATH} is not known: ${found.unknown}`];
    if (found.path === WRITTEN_PATH) return [];
    throw unsupported(target, `it is scaled by ${quote(found.path)}, and packages set ${WRITTEN_PATH}`);
  }
}

function undiscovered(apiVersion: string): (thrown: unknown) => { readonly unreadable: string } {
  return (thrown) => {
    if (!(thrown instanceof ApiError) || thrown.status !== 403) throw thrown;
    const path = versionPath(apiVersion);
    return { unreadable: `the operator may not get ${path}: the ClusterRole system:discovery grants that` };
  };
}

function unsupported({ apiVersion, kind }: Target, why: string): Rejected {
  return new Rejected('UnsupportedTargetKind', `scaling does not work on ${quote(`${apiVersion} ${kind}`)}: ${why}`);
}

function namesOf(kinds: readonly string[], apiVersion: string): string {
  if (kinds.length === 0) return `, and no kind of ${apiVersion} in a namespace has a scale subresource`;
  const more = kinds.length - MOST_NAMED;
  const named = `${kinds.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  // Not that it works on them: where their scale has its number is looked up for the kind that is asked for only.
  return `; kinds of ${apiVersion} that have one in a namespace: ${named}`;
}
