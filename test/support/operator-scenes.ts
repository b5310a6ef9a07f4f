import { readFileSync } from 'node:fs';
import type { PatchIntentSpec } from '../../src/api/types.ts';
import type { ControlPlane } from '../../tools/control-plane/control-plane.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { eventually, isReady, type OperatorWorld } from './operator-world.ts';

/** A good spec without warnings. */
export const scale = (target: string, replicas: number): PatchIntentSpec => ({
  intentType: 'scaling',
  target,
  replicas,
  correlationId: 'c-1',
});

/** Applies good intents with these names, each with a target of its own, and waits until they are Ready. */
export async function readyIntents(world: OperatorWorld, namespace: string, names: readonly string[]): Promise<void> {
  for (const [i, name] of names.entries()) await world.apply(`${namespace}/${name}`, scale(name, i % 100));
  await eventually(
    `the ${names.length} intents of ${namespace} are Ready`,
    async () => {
      const ready = (await world.list(namespace)).filter(isReady).map(({ metadata }) => metadata.name);
      return names.every((name) => ready.includes(name));
    },
    120_000,
  );
}

/** Waits until so many intents of the namespace are Ready. */
export async function allReady(world: OperatorWorld, namespace: string, count: number): Promise<void> {
  await eventually(
    `${count} intents of ${namespace} are Ready`,
    async () => (await world.list(namespace)).filter(isReady).length === count,
    120_000,
  );
}

export interface SeenEvent {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly kind: string; readonly name: string };
  readonly series?: { readonly count: number };
}

export async function eventsIn(plane: ControlPlane, namespace: string): Promise<readonly SeenEvent[]> {
  const { body } = await plane.request('GET', `/apis/events.k8s.io/v1/namespaces/${namespace}/events`);
  return (body as { items: SeenEvent[] }).items;
}

/** A fault proxy in front of the API server; operators go through it with `start({ server: proxy.url })`. */
export function proxiedServer(plane: ControlPlane): Promise<FaultProxy> {
  return startFaultProxy({ server: plane.server, ca: readFileSync(plane.caFile, 'utf8') });
}
