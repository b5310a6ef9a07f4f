import type { PatchIntentStatus } from '../../api/types.ts';
import { sameStatus } from './equal.ts';

/**
 * The status writes under way. The watch often brings a write back before its answer has come; known for what it is, it
 * costs no second run over the intent.
 */
export class StatusEchoes {
  readonly #underWay = new Map<string, PatchIntentStatus>();

  begin(key: string, status: PatchIntentStatus): void {
    this.#underWay.set(key, status);
  }

  end(key: string): void {
    this.#underWay.delete(key);
  }

  /** Whether a status that the watch shows is the one that is being written. */
  isEcho(key: string, status: PatchIntentStatus | undefined): boolean {
    const writing = this.#underWay.get(key);
    return writing !== undefined && sameStatus(writing, status ?? {});
  }
}
