import type { PatchPolicySpec } from '../../../api/schema/patchpolicy.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { CompiledPolicy } from '../../../policy/compile.ts';
import { compileStored } from '../../../reconcile/permit/compile-stored.ts';
import type { StoredPolicy } from '../../../reconcile/permit/stored-policy.ts';
import type { StoreChange } from '../../../runtime/store.ts';

export interface KnownPoliciesOptions {
  readonly clock: Clock;
  /** Whether the kind is served and not on its way out. Rejects where the server does not say. */
  readonly isServed: () => Promise<boolean>;
  readonly stored: { get(name: string): StoredPolicy | undefined };
  /** Rules came, changed or went: those of the version before, of the one now, or of both. */
  readonly onChange: (specs: readonly PatchPolicySpec[]) => void;
}

interface Known {
  readonly version: string;
  readonly compiled: CompiledPolicy;
}

/** Until the end of a kind shows in discovery. Its policies are deleted with it, and the watch tells only of that. */
const CONFIRM_MS = 2_000;
const RECHECK_MS = 10_000;
/** After a kind came back, its policies may be applied only a while after it. */
const RETURN_MS = 60_000;

/**
 * The policies that are in force, each compiled once for each version. A policy whose deletion was seen stays in force until it
 * is clear that somebody deleted the policy and not the whole kind: rules must not vanish by an accident with a CRD.
 */
export class KnownPolicies {
  readonly #options: KnownPoliciesOptions;
  readonly #policies = new Map<string, Known>();
  /** Those whose deletion was seen. */
  readonly #doubtful = new Set<string>();
  #all: readonly CompiledPolicy[] | undefined;
  #cancel: (() => void) | undefined;
  /** When deletions may be believed: never while the kind is away. */
  #notBefore = 0;
  #stopped = false;

  constructor(options: KnownPoliciesOptions) {
    this.#options = options;
  }

  all(): readonly CompiledPolicy[] {
    this.#all ??= Object.freeze([...this.#policies.values()].map(({ compiled }) => compiled));
    return this.#all;
  }

  changed({ key, object }: StoreChange<StoredPolicy>): void {
    if (object === undefined) {
      this.#doubtful.add(key);
      this.#check(CONFIRM_MS);
      return;
    }
    this.#doubtful.delete(key);
    const before = this.#policies.get(key);
    // The status moves with every reservation; the rules do not.
    const version = versionOf(object);
    if (before?.version === version) return;
    const compiled = compileStored(object);
    this.#put(key, { version, compiled });
    this.#options.onChange(before === undefined ? [compiled.spec] : [before.compiled.spec, compiled.spec]);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #check(ms: number): void {
    this.#cancel?.();
    this.#cancel = this.#options.clock.after(ms, () => void this.#confirm());
  }

  async #confirm(): Promise<void> {
    const served = await this.#options.isServed().catch(() => undefined);
    if (this.#stopped || this.#doubtful.size === 0) return;
    const now = this.#options.clock.monotonic();
    if (served === false) this.#notBefore = Number.POSITIVE_INFINITY;
    else if (served === true && this.#notBefore === Number.POSITIVE_INFINITY) this.#notBefore = now + RETURN_MS;
    if (served === true && now >= this.#notBefore) this.#forget();
    else this.#check(RECHECK_MS);
  }

  #forget(): void {
    const gone = [...this.#doubtful].filter((name) => this.#options.stored.get(name) === undefined);
    const specs = gone.flatMap((name) => this.#policies.get(name)?.compiled.spec ?? []);
    this.#doubtful.clear();
    for (const name of gone) this.#put(name, undefined);
    if (specs.length > 0) this.#options.onChange(specs);
  }

  #put(name: string, policy: Known | undefined): void {
    if (policy === undefined) this.#policies.delete(name);
    else this.#policies.set(name, policy);
    this.#all = undefined;
  }
}

/** Equal for versions of one policy that differ in nothing but status and metadata. */
const versionOf = ({ metadata, spec }: StoredPolicy): string =>
  `${metadata.uid} ${metadata.generation} ${JSON.stringify(spec)}`;
