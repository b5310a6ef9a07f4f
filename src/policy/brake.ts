import { durationMs } from '../api/duration.ts';
import { MAX_STORM_FAILURES } from '../api/policy/limits.ts';
import type { StormBrake } from '../api/schema/patchpolicy.ts';
import { CLOCKS_APART_MS } from './clocks.ts';

/**
 * Failures of changes under one policy, for its storm brake. Plain JSON of at most 100 failures, about 6 kB. A failure is
 * never taken back, and a cool-down never cut short, by anything but time.
 */
export interface StormState {
  /** By time, then by id; one for each change that failed, with its last failure. */
  readonly failures: readonly Failure[];
  /** When the last failure that was one too many came, in milliseconds since 1970. */
  readonly trippedAt?: number;
}

interface Failure {
  /** In milliseconds since 1970. */
  readonly at: number;
  /** Which change it was. One that fails again and again counts once. */
  readonly id: string;
}

export const CALM: StormState = Object.freeze({ failures: Object.freeze([]) });

/** The state after one more failed change. Only as many failures are kept as the brake looks at. */
export function failed(state: StormState, brake: StormBrake, id: string, now: Date): StormState {
  const at = now.getTime();
  const failures = newest([...state.failures, { at, id }], brake.failures);
  const [oldest] = failures;
  const trips = failures.length >= brake.failures && oldest !== undefined && at - oldest.at < msOf(brake.window);
  return stateOf(failures, trips ? Math.max(at, state.trippedAt ?? at) : state.trippedAt);
}

/** The end of the cool-down; undefined where changes may go ahead. */
export function brakedUntil({ trippedAt }: StormState, brake: StormBrake, now: Date): Date | undefined {
  if (trippedAt === undefined) return undefined;
  // A time ahead of the clock was left by a clock that was wrong.
  const until = Math.min(trippedAt, now.getTime()) + msOf(brake.coolDown);
  return until > now.getTime() ? new Date(until) : undefined;
}

/** What two replicas saw, together. Commutative and idempotent, and never milder than either. */
export function mergeStorms(one: StormState, other: StormState): StormState {
  const tripped = [one.trippedAt, other.trippedAt].filter((at) => at !== undefined);
  const failures = newest([...one.failures, ...other.failures], MAX_STORM_FAILURES);
  return stateOf(failures, tripped.length === 0 ? undefined : Math.max(...tripped));
}

/** Whether the brake would be milder by what is stored than by what is known: a failure that counts, or a cool-down, is not there. */
export function lacksStorm(stored: StormState, known: StormState, brake: StormBrake, now: Date): boolean {
  if (brakedUntil(known, brake, now) !== undefined && brakedUntil(stored, brake, now) === undefined) return true;
  const counts = ({ at }: Failure): boolean => now.getTime() - at < msOf(brake.window);
  const there = new Set(stored.failures.filter(counts).map(({ id }) => id));
  return newest(known.failures, brake.failures).some((failure) => counts(failure) && !there.has(failure.id));
}

/** Times that lie ahead become now; the same state where none does. */
export function drawBackStorm(state: StormState, now: Date): StormState {
  const { failures, trippedAt } = state;
  const present = now.getTime();
  if (Math.max(failures.at(-1)?.at ?? 0, trippedAt ?? 0) <= present + CLOCKS_APART_MS) return state;
  const drawn = failures.map(({ at, id }) => ({ at: Math.min(at, present), id }));
  return stateOf(newest(drawn, MAX_STORM_FAILURES), trippedAt === undefined ? undefined : Math.min(trippedAt, present));
}

function stateOf(failures: readonly Failure[], trippedAt: number | undefined): StormState {
  return trippedAt === undefined ? { failures } : { failures, trippedAt };
}

/** The last failure of each change, and of those the newest, in order. */
function newest(failures: readonly Failure[], count: number): readonly Failure[] {
  const ordered = failures.toSorted((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1));
  const last = new Map<string, Failure>();
  for (const failure of ordered) {
    last.delete(failure.id);
    last.set(failure.id, failure);
  }
  return [...last.values()].slice(-count);
}

const msOf = (duration: string): number => durationMs(duration) ?? 0;
