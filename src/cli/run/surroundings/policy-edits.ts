import type { PatchPolicySpec } from '../../../api/schema/patchpolicy.ts';
import type { Clock } from '../../../platform/clock.ts';

const GATHER_MS = 500;
/** More different reaches than this within the time are taken for all there is. */
const MOST = 16;
const EVERYTHING: PatchPolicySpec = Object.freeze({});

/** Gathers edits of policies for a moment, so that finding those whom they touch costs the same for one edit and for hundreds. */
export class PolicyEdits {
  readonly #clock: Clock;
  readonly #onEdits: (specs: readonly PatchPolicySpec[]) => void;
  /** By the text of what they apply to, which is all that counts here. */
  readonly #specs = new Map<string, PatchPolicySpec>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, onEdits: (specs: readonly PatchPolicySpec[]) => void) {
    this.#clock = clock;
    this.#onEdits = onEdits;
  }

  add(specs: readonly PatchPolicySpec[]): void {
    for (const spec of specs) this.#specs.set(JSON.stringify(spec.match ?? {}), spec);
    this.#cancel ??= this.#clock.after(GATHER_MS, () => this.#flush());
  }

  stop(): void {
    this.#cancel?.();
  }

  #flush(): void {
    this.#cancel = undefined;
    const specs = this.#specs.size > MOST ? [EVERYTHING] : [...this.#specs.values()];
    this.#specs.clear();
    this.#onEdits(specs);
  }
}
