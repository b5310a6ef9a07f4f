import type { PackageStatus } from '../../api/types.ts';
import { printable } from '../../platform/escape.ts';
import { age, type Paint, table } from '../output.ts';
import type { HeldRemovals } from './held.ts';
import type { PathStep, Stage } from './stage.ts';
import type { Summary } from './summary.ts';

const STYLE: Readonly<Record<Stage, Parameters<Paint>[0]>> = {
  New: 'cyan',
  Outdated: 'cyan',
  Deleting: 'dim',
  Suspended: 'yellow',
  DryRun: 'green',
  Published: 'green',
  Rejected: 'red',
  Retrying: 'yellow',
  Waiting: 'yellow',
};
const SIGN: Readonly<Record<PathStep['state'], string>> = { done: '✓', failed: '✗', skipped: '–', ahead: '·' };

/** One intent on a page: where it is, why, and what to do. */
export function detailView(summary: Summary, now: Date, paint: Paint): string {
  const { stage, asked } = summary;
  const title = `${paint('bold', printable(`${summary.namespace}/${summary.name}`))}  ${paint(STYLE[stage], stage)}`;
  const path = summary.path.map(({ step, state }) => `${SIGN[state]} ${step}`).join('   ');
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Path', path],
    ['Why', summary.message === undefined ? undefined : `${summary.reason}: ${summary.message}`],
    ['Next', summary.next],
    ['Change', summary.change],
    ['Target', summary.target],
    ['Package', packageLine(summary.package, summary.generation)],
    ['Digest', summary.package?.digest],
    ['Asked by', asked.by],
    ['Reason', asked.reason],
    ['Correlation', asked.correlationId],
    ['Age', age(summary.created, now)],
    ...summary.warnings.map((warning) => ['Warning', warning] as const),
  ];
  const lines = facts.flatMap(([name, text]) =>
    text === undefined ? [] : [`  ${paint('dim', name.padEnd(12))} ${printable(text)}`],
  );
  return `${title}\n${lines.join('\n')}\n${conditionTable(summary, now)}`;
}

function packageLine(pkg: PackageStatus | undefined, generation: number): string | undefined {
  if (pkg === undefined) return undefined;
  const old = pkg.generation < generation ? `, made from generation ${pkg.generation} of ${generation}` : '';
  return `${pkg.path} (${pkg.name}, ${pkg.fileCount} files, ${pkg.sizeBytes} bytes${old})`;
}

function conditionTable({ conditions }: Summary, now: Date): string {
  if (conditions.length === 0) return '';
  const rows = conditions.map(({ type, status, reason, lastTransitionTime, message }) => [
    `  ${type}`,
    status,
    reason,
    age(lastTransitionTime, now),
    message,
  ]);
  return `\n${table([['  CONDITION', 'STATUS', 'REASON', 'AGE', 'MESSAGE'], ...rows])}`;
}

/** Intents as a table, one line each. */
export function listView(summaries: readonly Summary[], now: Date, withNamespace: boolean): string {
  const head = ['NAME', 'STAGE', 'CHANGE', 'TARGET', 'AGE', 'WHY'];
  const rows = summaries.map((it) => {
    const why = it.stage === 'Published' ? '' : it.message === undefined ? it.next : `${it.reason}: ${it.message}`;
    return [it.name, it.stage, it.change ?? '', it.target, age(it.created, now), why];
  });
  const all = [head, ...rows];
  return table(
    withNamespace ? all.map((row, i) => [i === 0 ? 'NAMESPACE' : (summaries[i - 1]?.namespace ?? ''), ...row]) : all,
  );
}

export const heldView = (held: HeldRemovals, now: Date, paint: Paint): string =>
  `\n${paint('yellow', 'Held removals')} (told ${age(held.at, now)} ago)\n  ${printable(held.note)}\n`;
