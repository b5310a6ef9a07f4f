import type { CompiledPolicy } from './compile.ts';
import type { PolicyInput } from './input.ts';
import type { Opinion } from './verdict.ts';
import type { CompiledWindow, WindowState } from './windows.ts';

interface Asked extends WindowState {
  readonly window: CompiledWindow;
}

/** Whether changes may happen now: within no Deny window, and within an Allow window where there is any. */
export function windowOpinions({ windows }: CompiledPolicy, { now }: PolicyInput): readonly Opinion[] {
  if (windows.length === 0) return [];
  const asked = windows.map((window) => ({ window, ...window.at(now) }));
  const edge = earliest(asked.map(({ until }) => until));
  return [{ rule: 'windows', ...verdictOf(asked), ...(edge === undefined ? {} : { edge }) }];
}

function verdictOf(asked: readonly Asked[]): Pick<Opinion, 'result' | 'message' | 'until'> {
  const denying = asked.find(({ window, open }) => window.effect === 'Deny' && open);
  if (denying !== undefined) return waiting(within(denying), denying.endless === true ? undefined : denying.until);
  const allowing = asked.filter(({ window }) => window.effect === 'Allow');
  const open = allowing.find((one) => one.open);
  if (open !== undefined)
    return { result: 'Allow', message: within(open) + (open.endless === true ? '' : untilWords(open.until)) };
  if (allowing.length === 0) return { result: 'Allow', message: 'within no Deny window' };
  return waiting('within no Allow window', earliest(allowing.map(({ until }) => until)));
}

function within({ window, endless }: Asked): string {
  return `within ${window.title}${endless === true ? ', which begins again before it ends' : ''}`;
}

function waiting(why: string, until: Date | undefined): Pick<Opinion, 'result' | 'message' | 'until'> {
  return { result: 'Wait', message: why + untilWords(until), ...(until === undefined ? {} : { until }) };
}

export function untilWords(until: Date | undefined): string {
  return until === undefined ? '' : `, until ${until.toISOString().replace(/\.000Z$/, 'Z')}`;
}

/** The first of some moments. */
export function earliest(dates: readonly (Date | undefined)[]): Date | undefined {
  const times = dates.flatMap((date) => (date === undefined ? [] : [date.getTime()]));
  return times.length === 0 ? undefined : new Date(Math.min(...times));
}
