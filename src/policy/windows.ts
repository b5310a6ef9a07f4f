import { Cron } from 'croner';
import { durationMs } from '../api/duration.ts';
import { POLICY_DEFAULTS } from '../api/policy/limits.ts';
import type { PolicyWindow } from '../api/schema/patchpolicy.ts';

export interface WindowState {
  readonly open: boolean;
  /** When this ends; undefined: never. */
  readonly until: Date | undefined;
  /** It begins again and again before it ends, so when it ends is not known: not before `until`. */
  readonly endless?: true;
}

export interface CompiledWindow {
  readonly effect: PolicyWindow['effect'];
  /** `Deny "0 22 * * *" for 8h (Europe/Berlin)`. */
  readonly title: string;
  /** Whether it is open at a moment, its begin included and its end not. */
  readonly at: (now: Date) => WindowState;
}

export interface UnusableWindow {
  /** Which field of the window is to blame. */
  readonly field: 'schedule' | 'timeZone';
  readonly problem: string;
}

/** Any time: whether a schedule ever comes must not depend on when that is asked. */
const REFERENCE = new Date('2024-01-01T00:00:00Z');
/** Begins that fall into the window before, followed to find the end. Beyond them the end is only known to be later. */
const MAX_CHAINED = 32;

/**
 * A window as something that can be asked, or what is wrong with its schedule or time zone.
 *
 * The begin is a local time, the length is elapsed time. In the night when clocks go forward, a begin within the gap
 * comes right after it; in the night when they go back, a begin that is there twice counts the first time. Schedules
 * whose hour or minute is `*` or a step skip the gap and count both times. Source: croner, after Vixie cron.
 */
export function compileWindow(window: PolicyWindow): CompiledWindow | UnusableWindow {
  const { effect, schedule, duration, timeZone = POLICY_DEFAULTS.timeZone } = window;
  const cron = cronOf(schedule, timeZone);
  if ('problem' in cron) return cron;
  const title = `${effect} ${JSON.stringify(schedule)} for ${duration} (${timeZone})`;
  return { effect, title, at: remembered((now) => stateAt(cron, durationMs(duration) ?? 0, now)) };
}

function cronOf(schedule: string, timezone: string): Cron | UnusableWindow {
  if (!isTimeZone(timezone)) return { field: 'timeZone', problem: `${JSON.stringify(timezone)} is not known` };
  const unreadable = (why: string) => ({ field: 'schedule', problem: `${JSON.stringify(schedule)} ${why}` }) as const;
  try {
    const cron = new Cron(schedule, { timezone, mode: '5-part', paused: true, fixedTimeRule: 'no-wildcard' });
    return cron.nextRun(REFERENCE) === null ? unreadable('never comes') : cron;
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^\w+: /, '') : String(error);
    return unreadable(`can not be read: ${why}`);
  }
}

function isTimeZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function stateAt(cron: Cron, lengthMs: number, now: Date): WindowState {
  let end = endOf(cron, lengthMs, now.getTime());
  if (end <= now.getTime()) return { open: false, until: cron.nextRun(now) ?? undefined };
  for (let hops = 0; hops < MAX_CHAINED; hops++) {
    const later = endOf(cron, lengthMs, end);
    if (later <= end) return { open: true, until: new Date(end) };
    end = later;
  }
  return { open: true, until: new Date(end), endless: true };
}

/** The end of the last window that began at a moment or before, in milliseconds. */
function endOf(cron: Cron, lengthMs: number, at: number): number {
  // The library leaves the moment itself out, and schedules have whole minutes.
  const [last, before] = cron.previousRuns(2, new Date(at + 1000)).map((begin) => begin.getTime());
  const begin = last !== undefined && last <= at ? last : before;
  return begin === undefined ? Number.NEGATIVE_INFINITY : begin + lengthMs;
}

/** Every intent asks the same windows, and a calendar costs more than a comparison: an answer serves until it ends. */
function remembered(stateOf: (now: Date) => WindowState): (now: Date) => WindowState {
  let from = Number.POSITIVE_INFINITY;
  let state: WindowState | undefined;
  return (now) => {
    const at = now.getTime();
    if (state !== undefined && at >= from && (state.until === undefined || at < state.until.getTime())) return state;
    from = at;
    state = stateOf(now);
    return state;
  };
}
