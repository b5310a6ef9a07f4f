import type { PolicyNumbers } from '../../platform/metrics/policy.ts';
import { brakedUntil } from '../../policy/brake.ts';
import type { StoredPolicy } from '../../reconcile/permit/stored-policy.ts';

/** Counts policies by what their status says; a status of any shape, since anybody may have written it. */
export function countPolicies(policies: readonly StoredPolicy[], now: Date): PolicyNumbers {
  const ready = { True: 0, False: 0, Unknown: 0 };
  let braking = 0;
  for (const policy of policies) {
    ready[readyOf(policy)] += 1;
    if (brakes(policy, now)) braking += 1;
  }
  return { ready, braking };
}

/** What was said of an older spec says nothing of this one. */
function readyOf({ metadata, status }: StoredPolicy): keyof PolicyNumbers['ready'] {
  const conditions = isRecord(status) && Array.isArray(status.conditions) ? status.conditions.filter(isRecord) : [];
  const found = conditions.find(({ type }) => type === 'Ready');
  if (found === undefined || found.observedGeneration !== metadata.generation) return 'Unknown';
  return found.status === 'True' || found.status === 'False' ? found.status : 'Unknown';
}

function brakes({ spec, status }: StoredPolicy, now: Date): boolean {
  const brake = isRecord(spec) ? spec.storm : undefined;
  const storm = isRecord(status) ? status.storm : undefined;
  if (!isRecord(brake) || typeof brake.coolDown !== 'string' || !isRecord(storm)) return false;
  const { trippedAt } = storm;
  return typeof trippedAt === 'number' && brakedUntil({ failures: [], trippedAt }, brake, now) !== undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
