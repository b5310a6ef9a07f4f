import type { PatchIntent } from '../../../api/types.ts';
import { type Claim, Contests } from '../../../policy/contests.ts';
import { claimOf, type LetsIn } from '../../../reconcile/permit/claim-of.ts';
import type { StoreChange } from '../../../runtime/store.ts';
import { wantedTarget } from './touched.ts';

export interface RivalsOptions {
  readonly intents: { get(key: string): PatchIntent | undefined };
  readonly letsIn: LetsIn;
  /** These intents have another rival now, or none any more. */
  readonly onMoved: (keys: readonly string[]) => void;
}

/** Keeps the contests in step with the intents and with what namespaces consent to. */
export class Rivals {
  readonly #options: RivalsOptions;
  readonly #contests = new Contests();
  /** By namespace: the keys of the intents that reach into it from elsewhere. */
  readonly #reaching = new Map<string, Set<string>>();

  constructor(options: RivalsOptions) {
    this.#options = options;
  }

  rivalOf(key: string): Claim | undefined {
    return this.#contests.rivalOf(key);
  }

  intentChanged({ key, type, old, object }: StoreChange<PatchIntent>): void {
    if (type === 'updated' && old !== undefined && object !== undefined && wantsTheSame(old, object)) return;
    if (old !== undefined) this.#reaches(key, reachOf(old), false);
    if (object !== undefined) this.#reaches(key, reachOf(object), true);
    this.#claim(key, object);
  }

  /** The labels of a namespace changed: it may let in others than before. */
  namespaceChanged(namespace: string): void {
    for (const key of this.#reaching.get(namespace) ?? []) this.#claim(key, this.#options.intents.get(key));
  }

  #reaches(key: string, namespace: string | undefined, does: boolean): void {
    if (namespace === undefined) return;
    const keys = this.#reaching.get(namespace) ?? new Set();
    if (does) keys.add(key);
    else keys.delete(key);
    if (keys.size > 0) this.#reaching.set(namespace, keys);
    else this.#reaching.delete(namespace);
  }

  #claim(key: string, intent: PatchIntent | undefined): void {
    const claim = intent === undefined ? undefined : claimOf(intent, this.#options.letsIn);
    const moved = claim === undefined ? this.#contests.delete(key) : this.#contests.set(claim);
    if (moved.length > 0) this.#options.onMoved(moved);
  }
}

function wantsTheSame(old: PatchIntent, now: PatchIntent): boolean {
  return (
    old.metadata.deletionTimestamp === now.metadata.deletionTimestamp &&
    JSON.stringify(old.spec) === JSON.stringify(now.spec)
  );
}

/** The namespace that an intent reaches into; undefined where it stays in its own. */
function reachOf(intent: PatchIntent): string | undefined {
  const namespace = wantedTarget(intent)?.namespace;
  return namespace === intent.metadata.namespace ? undefined : namespace;
}
