import type { Condition, PackageStatus, PatchIntentStatus } from '../api/types.ts';
import { readOwner, readPlan, readPolicy } from './stored-plan.ts';

/**
 * Reads a stored status without trusting it: a permissive CRD, an older version or a person may have written anything. Parts
 * that do not have the right shape are left out, and so are written anew by the next report.
 */
export function readStatus(raw: unknown): PatchIntentStatus {
  if (!isRecord(raw)) return {};
  const read = {
    observedGeneration: integer(raw.observedGeneration),
    lastHandledReconcileAt: text(raw.lastHandledReconcileAt),
    change: text(raw.change),
    plan: readPlan(raw.plan),
    owner: readOwner(raw.owner),
    policy: readPolicy(raw.policy),
    package: readPackage(raw.package),
    conditions: Array.isArray(raw.conditions) ? raw.conditions.filter(isCondition) : undefined,
  };
  return dropUndefined(read);
}

function readPackage(raw: unknown): PackageStatus | undefined {
  if (!isRecord(raw)) return undefined;
  const { name, digest, path, root, generation, fileCount, sizeBytes } = raw;
  if (typeof name !== 'string' || typeof digest !== 'string' || typeof path !== 'string' || typeof root !== 'string')
    return undefined;
  if (!isInteger(generation) || !isInteger(fileCount) || !isInteger(sizeBytes)) return undefined;
  return { name, digest, path, root, generation, fileCount, sizeBytes };
}

function isCondition(raw: unknown): raw is Condition {
  return (
    isRecord(raw) &&
    typeof raw.type === 'string' &&
    (raw.status === 'True' || raw.status === 'False' || raw.status === 'Unknown') &&
    typeof raw.reason === 'string' &&
    typeof raw.message === 'string' &&
    typeof raw.lastTransitionTime === 'string' &&
    (raw.observedGeneration === undefined || isInteger(raw.observedGeneration))
  );
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isInteger = (value: unknown): value is number => Number.isSafeInteger(value);
const integer = (value: unknown): number | undefined => (isInteger(value) ? value : undefined);
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function dropUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as Defined<T>;
}
