import { isDeepStrictEqual } from 'node:util';
import type { GuardBinding, GuardPolicy } from '../../api/guards/guard.ts';

/** An admission policy or a binding as the server stores it, as far as it is read. */
export interface StoredGuard {
  readonly metadata?: {
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly managedFields?: readonly { readonly time?: string; readonly subresource?: string }[];
  };
  readonly spec?: unknown;
}

/** Since when one object of the guard is in force as it should be, or what is wrong with it. */
export type Finding = { readonly since: Date } | { readonly wrong: string };

/**
 * Compares what is stored with what should be. A generation of 1 has had no other spec since the object was created. For a
 * later one, the last time that anybody wrote the object, whatever of it, is the earliest at which it can have come into force
 * as it is. Status is no part of it.
 */
export function inspect(ours: GuardPolicy | GuardBinding, stored: StoredGuard): Finding {
  const { metadata = {} } = stored;
  if (metadata.deletionTimestamp !== undefined) return { wrong: 'is being deleted' };
  const path = difference(ours.spec, stored.spec, 'spec');
  if (path !== undefined) return { wrong: `was changed at ${path}` };
  const created = timeOf(metadata.creationTimestamp);
  if (created === undefined) return { wrong: 'does not say when it was created' };
  if (metadata.generation === 1) return { since: new Date(created) };
  const written = (metadata.managedFields ?? [])
    .filter(({ subresource }) => subresource !== 'status')
    .map(({ time }) => timeOf(time));
  if (written.length === 0 || written.includes(undefined)) return { wrong: 'does not say when it was changed last' };
  return { since: new Date(Math.max(created, ...written.filter((time) => time !== undefined))) };
}

/** The path of the first difference; undefined where there is none. */
function difference(ours: unknown, theirs: unknown, path: string): string | undefined {
  if (isDeepStrictEqual(ours, theirs)) return undefined;
  if (!isMap(ours) || !isMap(theirs)) return path;
  const keys = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].sort();
  const [first] = keys.flatMap((key) => difference(ours[key], theirs[key], `${path}.${key}`) ?? []);
  return first ?? path;
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function timeOf(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : time;
}
