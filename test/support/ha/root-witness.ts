import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Ask, Witnessed } from './root-witness-thread.ts';

export type { Claim, Made, Witnessed } from './root-witness-thread.ts';

export interface RootWitness {
  /** Watches `<mount>/packages` from now on; it need not exist yet. */
  watch(root: string): void;
  /** All that was seen since the beginning, after one more look. */
  tell(): Promise<Witnessed>;
  stop(): Promise<void>;
}

/** A thread that looks at package roots again and again; see root-witness-thread.ts. */
export function startRootWitness(): RootWitness {
  const thread = new Worker(new URL('./root-witness-thread.ts', import.meta.url));
  const failed = new Promise<never>((_, reject) => thread.once('error', reject));
  failed.catch(() => {});
  return {
    watch: (root) => thread.postMessage({ watch: root } satisfies Ask),
    async tell() {
      const told = once(thread, 'message');
      thread.postMessage({ tell: true } satisfies Ask);
      const [answer] = (await Promise.race([told, failed])) as [Witnessed];
      return answer;
    },
    async stop() {
      await thread.terminate();
    },
  };
}
