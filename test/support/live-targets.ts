import { onTestFinished } from 'vitest';
import type { ResolvedSpec } from '../../src/api/resolve.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { loadAccess } from '../../src/platform/kubernetes/access.ts';
import { createKubeClient } from '../../src/platform/kubernetes/http-client.ts';
import type { Targets } from '../../src/reconcile/permit/world.ts';
import type { Base, FoundBase } from '../../src/reconcile/plan/base.ts';
import { createTargets } from '../../src/reconcile/plan/targets.ts';
import { resolvedSpec } from './specs.ts';

export interface LiveTargets {
  readonly targets: Targets;
  read(spec: Partial<ResolvedSpec>): Promise<Base>;
  /** A read that must find the target. */
  found(spec: Partial<ResolvedSpec>): Promise<FoundBase>;
  /** The requests since the last look: `GET …/deployments/web/scale 200`. */
  take(): readonly string[];
}

/** Targets of a real cluster as the user of this kubeconfig sees them. */
export async function liveTargets(kubeconfig: string): Promise<LiveTargets> {
  const requests: string[] = [];
  const client = createKubeClient(await loadAccess({ kubeconfig, env: {} }), {
    clock: systemClock,
    userAgent: 'patchgen-test',
    onResponse: ({ method, path, status }) => requests.push(`${method} ${path} ${status}`),
  });
  onTestFinished(() => client.close());
  const targets = createTargets(client, { clock: systemClock, live: true, dryRun: true });
  const read = (spec: Partial<ResolvedSpec>): Promise<Base> =>
    targets.read(resolvedSpec(spec), AbortSignal.timeout(30_000));
  return {
    targets,
    read,
    async found(spec) {
      const base = await read(spec);
      if (base.state !== 'found') throw new Error(`the target is ${JSON.stringify(base)}`);
      return base;
    },
    take: () => requests.splice(0),
  };
}

/** A manifest that every kind of workload takes, and any custom kind. */
export function workload(kind: string, namespace: string, spec: object = {}, apiVersion = 'apps/v1'): string {
  return JSON.stringify({
    apiVersion,
    kind,
    metadata: { name: 'web', namespace, labels: { app: 'web' } },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      ...(kind === 'StatefulSet' ? { serviceName: 'web' } : {}),
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'main', image: 'registry.example/web:1.0' }] },
      },
      ...spec,
    },
  });
}
