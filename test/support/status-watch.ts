import type { PatchIntent } from '../../src/api/types.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { loadAccess } from '../../src/platform/kubernetes/access.ts';
import { createKubeClient } from '../../src/platform/kubernetes/http-client.ts';
import type { ControlPlane } from '../../tools/control-plane/control-plane.ts';
import { lintStatus } from './status-linter.ts';

export interface StatusWatch {
  /** What the linter found in any version, with the key. Empty is good. */
  readonly findings: readonly string[];
  /** Versions seen, so that a test can prove that it looked. */
  readonly versions: number;
  /** Status changes of one key (`namespace/name`), in order, as `<status> <reason>` of Ready. */
  words(key: string): readonly string[];
  stop(): Promise<void>;
}

/** Watches every PatchIntent and lints each version that the server sends. Comes back by itself when the server restarts. */
export async function watchStatuses(plane: ControlPlane): Promise<StatusWatch> {
  const client = createKubeClient(await loadAccess({ kubeconfig: plane.kubeconfig, env: {} }), {
    clock: systemClock,
    userAgent: 'status-watch',
    connections: 1,
  });
  const findings: string[] = [];
  const words = new Map<string, string[]>();
  const last = new Map<string, PatchIntent>();
  const state = { versions: 0 };
  const halt = new AbortController();
  const see = (intent: PatchIntent): void => {
    const key = `${intent.metadata.namespace}/${intent.metadata.name}`;
    const before = last.get(intent.metadata.uid);
    last.set(intent.metadata.uid, intent);
    state.versions += 1;
    findings.push(...lintStatus(intent, before).map((finding) => `${key}: ${finding}`));
    const ready = intent.status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready === undefined || JSON.stringify(before?.status) === JSON.stringify(intent.status)) return;
    words.set(key, [...(words.get(key) ?? []), `${ready.status} ${ready.reason}`]);
  };
  const follow = async (): Promise<void> => {
    while (!halt.signal.aborted) {
      try {
        const stream = client.watch({
          path: '/apis/patchgen.dev/v1alpha1/patchintents',
          query: { watch: true },
          signal: halt.signal,
          silenceMs: 600_000,
        });
        for await (const line of stream) {
          const { type, object } = line as { type: string; object: PatchIntent };
          if (type === 'ADDED' || type === 'MODIFIED') see(object);
        }
      } catch {}
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const followed = follow();
  return {
    findings,
    get versions() {
      return state.versions;
    },
    words: (key) => words.get(key) ?? [],
    async stop() {
      halt.abort();
      await client.close();
      await followed;
    },
  };
}
