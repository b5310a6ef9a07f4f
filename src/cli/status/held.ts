import { ApiError, type KubeClient } from '../../platform/kubernetes/client.ts';
import { isRecord } from './read.ts';

/** What the operator last said about removals that it holds, in an Event on its Lease. */
export interface HeldRemovals {
  readonly note: string;
  readonly at: string;
}

// The operator tells of held removals whenever their set changes, and lets them go after an hour at the latest.
const CURRENT_MS = 3_600_000;

/** The latest word on held removals, or undefined where there is none of the last hour, or none that we may read. */
export async function readHeld(
  client: KubeClient,
  lease: { readonly namespace: string; readonly name: string },
  now: Date,
): Promise<HeldRemovals | undefined> {
  const items: readonly unknown[] = await eventsOf(client, lease).catch((error: unknown) => {
    if (error instanceof ApiError && (error.status === 403 || error.status === 404)) return [];
    throw error;
  });
  const notes = items.filter(isRecord).filter(({ reason }) => reason === 'RemovalHeld');
  const latest = notes
    .map(heldOf)
    .sort((a, b) => a.at.localeCompare(b.at))
    .at(-1);
  return latest !== undefined && now.getTime() - Date.parse(latest.at) < CURRENT_MS ? latest : undefined;
}

async function eventsOf(
  client: KubeClient,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<readonly unknown[]> {
  const fieldSelector = `regarding.kind=Lease,regarding.name=${name}`;
  const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
  const { body } = await client.request({ method: 'GET', path, query: { fieldSelector, limit: 500 } });
  return isRecord(body) && Array.isArray(body.items) ? body.items : [];
}

function heldOf(event: Readonly<Record<string, unknown>>): HeldRemovals {
  const series = isRecord(event.series) ? event.series.lastObservedTime : undefined;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return { note: text(event.note), at: text(series ?? event.eventTime) };
}
