import type { PackageStatus } from '../../api/types.ts';
import { printable } from '../../platform/escape.ts';
import { diffView } from '../diff-view.ts';
import { type Fact, factLines } from '../fact-lines.ts';
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
  AwaitingApproval: 'yellow',
  Conflicted: 'yellow',
  Denied: 'red',
  Rejected: 'red',
  Retrying: 'yellow',
  Waiting: 'yellow',
};
const SIGN: Readonly<Record<PathStep['state'], string>> = { done: '✓', failed: '✗', skipped: '–', ahead: '·' };

/** One intent on a page: where it is, why, and what to do. */
export function detailView(summary: Summary, now: Date, paint: Paint): string {
  const { stage, plan } = summary;
  const title = `${paint('bold', printable(`${summary.namespace}/${summary.name}`))}  ${paint(STYLE[stage], stage)}`;
  const diff = plan?.diff === undefined ? '' : `\n${diffView(plan.diff, paint)}`;
  return `${title}\n${factLines(factsOf(summary, now), paint)}${diff}${conditionTable(summary, now)}`;
}

function factsOf(summary: Summary, now: Date): readonly Fact[] {
  const { asked } = summary;
  return [
    ['Path', summary.path.map(({ step, state }) => `${SIGN[state]} ${step}`).join('   ')],
    ['Why', summary.message === undefined ? undefined : `${summary.reason}: ${summary.message}`],
    ['Next', summary.next],
    ['Change', summary.change],
    ['Target', summary.target],
    ['Conflict', summary.conflict],
    ['Owner', summary.owner],
    ...policyFacts(summary.policy),
    ['Approval', approvalWords(summary)],
    ['Plan', summary.plan?.planDigest],
    ['Package', packageLine(summary.package, summary.generation)],
    ['Digest', summary.package?.digest],
    ['Asked by', asked.by],
    ['Requested by', asked.requestedBy],
    ['Reason', asked.reason],
    ['Correlation', asked.correlationId],
    ['Age', age(summary.created, now)],
    ...summary.warnings.map((warning): Fact => ['Warning', warning]),
  ];
}

/** Undefined where Ready says the same. */
function approvalWords({ approval, reason, message }: Summary): string | undefined {
  if (approval === undefined || (approval.reason === reason && approval.message === message)) return undefined;
  return `${approval.reason}: ${approval.message}`;
}

function policyFacts(policy: Summary['policy']): readonly Fact[] {
  return (policy?.considered ?? []).map((one): Fact => {
    const rule = one.rule === undefined ? '' : `, ${one.rule}`;
    const who = one.policy === undefined ? `no policy says otherwise${rule}` : `policy ${one.policy}${rule}`;
    // The message names policy and rule by itself.
    return ['Policy', `${one.result}: ${one.message ?? who}`];
  });
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
