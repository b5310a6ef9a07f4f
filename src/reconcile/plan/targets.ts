import type { ResolvedSpec } from '../../api/resolve.ts';
import type { Clock } from '../../platform/clock.ts';
import { ConnectionError, type KubeClient } from '../../platform/kubernetes/client.ts';
import { targetOf } from '../permit/consider.ts';
import type { Target, Targets } from '../permit/world.ts';
import type { Base } from './base.ts';
import { dryRunPatch } from './dry-run.ts';
import { forbidden, readMetadata, readScale, type Scale } from './read-target.ts';
import { NOT_SERVED_MS } from './served-kinds.ts';
import { type Remembered, TargetMemory } from './target-memory.ts';
import { type FoundPlace, type TargetPlace, TargetPlaces } from './target-place.ts';

export interface TargetsOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** False: no target is asked for, and every base is `not-asked`. */
  readonly live: boolean;
  /** Whether the API server is asked what it would say to patches. */
  readonly dryRun: boolean;
}

/** About 460 bytes each with three labels and an owner. */
const MOST_REMEMBERED = 20_000;

/** Targets of one cluster, read singly when they are asked for. */
export function createTargets(client: Pick<KubeClient, 'request'>, options: TargetsOptions): Targets {
  if (!options.live) return { read: async () => ({ state: 'not-asked' }), dryRun: async () => [] };
  const targets = new LiveTargets(client, options.clock);
  return {
    read: (spec, signal) => targets.read(spec, signal),
    dryRun: async (patch, target, signal) => (options.dryRun ? targets.dryRun(patch, target, signal) : []),
  };
}

class LiveTargets implements Targets {
  readonly #client: Pick<KubeClient, 'request'>;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #places: TargetPlaces;
  readonly #memory = new TargetMemory(MOST_REMEMBERED);

  constructor(client: Pick<KubeClient, 'request'>, clock: Pick<Clock, 'monotonic'>) {
    this.#client = client;
    this.#clock = clock;
    this.#places = new TargetPlaces(client, clock);
  }

  async read(spec: ResolvedSpec, signal: AbortSignal): Promise<Base> {
    const target = targetOf(spec);
    const place = await this.#places.find(target, signal);
    if (!isPlace(place)) return withoutPlace(place);
    const scale = await readScale(this.#client, place, signal);
    switch (scale) {
      case 'missing': {
        // The same answer comes for a kind that went away or can not scale any more.
        const again = await this.#places.find(target, signal, true);
        return isPlace(again) ? { state: 'missing', ...doubtsOf(again) } : withoutPlace(again);
      }
      case 'forbidden':
        return { state: 'unreadable', why: forbidden(place, target.namespace, '/scale'), ...doubtsOf(place) };
      case 'without-number': {
        const why = `${target.kind} ${target.name} in namespace ${target.namespace} has no .spec.replicas, so how many it has is not known`;
        return { state: 'unreadable', why, ...doubtsOf(place) };
      }
      default:
        return this.#withMetadata(target, place, scale, signal);
    }
  }

  async dryRun(
    patch: Readonly<Record<string, unknown>>,
    target: Target,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const place = await this.#places.find(target, signal);
    return isPlace(place) ? dryRunPatch(this.#client, place, patch, target, signal) : [];
  }

  async #withMetadata(target: Target, place: TargetPlace, scale: Scale, signal: AbortSignal): Promise<Base> {
    const known = this.#recall(place, scale);
    if (known !== undefined) return found(target, place, scale, known);
    const metadata = await readMetadata(this.#client, place, target, signal);
    if (metadata === 'missing') return { state: 'missing', ...doubtsOf(place) };
    if (metadata === 'forbidden') {
      const unknown: Remembered = { labels: 'unknown', forbiddenAt: this.#clock.monotonic() };
      this.#memory.set(place.path, scale, unknown);
      return found(target, place, scale, unknown);
    }
    if (metadata.uid !== scale.uid) throw new ConnectionError('the target was replaced while it was read');
    this.#memory.set(place.path, metadata, metadata.remembered);
    return found(target, place, { ...scale, resourceVersion: metadata.resourceVersion }, metadata.remembered);
  }

  #recall(place: TargetPlace, scale: Scale): Remembered | undefined {
    const known = this.#memory.get(place.path, scale);
    if (known?.forbiddenAt === undefined) return known;
    return this.#clock.monotonic() - known.forbiddenAt < NOT_SERVED_MS ? known : undefined;
  }
}

const isPlace = (place: FoundPlace): place is TargetPlace => typeof place === 'object' && 'path' in place;

/** Whether packages write the right field is no less in doubt where the target can't be seen. */
const doubtsOf = ({ warnings }: TargetPlace): Pick<TargetPlace, 'warnings'> | object =>
  warnings.length === 0 ? {} : { warnings };

function withoutPlace(place: Exclude<FoundPlace, TargetPlace>): Base {
  return place === 'not-served'
    ? { state: 'missing', notServed: true }
    : { state: 'unreadable', why: place.unreadable };
}

function found(target: Target, place: TargetPlace, scale: Scale, known: Remembered): Base {
  const { uid, resourceVersion, replicas } = scale;
  const { generation, labels, owner } = known;
  const blind =
    labels === 'unknown' ? [`${forbidden(place, target.namespace, '')}; labels and owner are not known`] : [];
  return {
    state: 'found',
    uid,
    resourceVersion,
    ...(generation === undefined ? {} : { generation }),
    replicas,
    labels,
    ...(owner === undefined ? {} : { owner }),
    warnings: [...place.warnings, ...blind],
  };
}
