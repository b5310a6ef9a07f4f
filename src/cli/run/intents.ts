import type { PatchIntent } from '../../api/types.ts';
import { requestedAt } from '../../reconcile/project.ts';

/** Whether a new version of an intent asks for a run: anything but a mere echo of metadata that nobody reads. */
export function asksForRun(old: PatchIntent | undefined, now: PatchIntent): boolean {
  if (old === undefined || old.metadata.uid !== now.metadata.uid) return true;
  return (
    old.metadata.generation !== now.metadata.generation ||
    old.metadata.deletionTimestamp !== now.metadata.deletionTimestamp ||
    requestedAt(old.metadata) !== requestedAt(now.metadata) ||
    JSON.stringify(old.status) !== JSON.stringify(now.status)
  );
}
