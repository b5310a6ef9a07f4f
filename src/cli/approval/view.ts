import { printable } from '../../platform/escape.ts';
import { diffView } from '../diff-view.ts';
import { type Fact, factLines } from '../fact-lines.ts';
import { age, type Paint, timeSpan } from '../output.ts';
import { summaryOf } from '../status/summary.ts';
import { approvalCondition, isRead, type Question, titleOf } from './question.ts';
import type { Decision } from './read.ts';
import { askingPolicies } from './requirement.ts';

/** What somebody should see before they decide: the plan, why people are asked, and what they have said. */
export function questionView(question: Question, paint: Paint): string {
  const { intent, now } = question;
  const { target, change, asked, owner, conflict, warnings, plan } = summaryOf(intent);
  const facts: readonly Fact[] = [
    ['Change', change],
    ['Target', target],
    ['Requested by', asked.requestedBy],
    ['Asked by', asked.by],
    ['Reason', asked.reason],
    ['Correlation', asked.correlationId],
    ['Created', `${age(intent.metadata.creationTimestamp, now)} ago`],
    ['Owner', owner],
    ['Conflict', conflict],
    ...warnings.map((warning): Fact => ['Warning', warning]),
    ...neededFacts(question),
    ...decisionFacts(question),
    ['Plan', plan?.planDigest],
  ];
  const diff = plan?.diff === undefined ? '' : `\n${diffView(plan.diff, paint)}`;
  return `${paint('bold', printable(titleOf(intent)))}\n${factLines(facts, paint)}${diff}`;
}

function neededFacts({ intent, wanted }: Question): readonly Fact[] {
  const { requirement, unread } = wanted;
  const state = approvalCondition(intent);
  const author = requirement?.author === 'Refuse' ? 'not of its author' : 'its author included';
  return [
    ...askingPolicies(intent).map(({ words }): Fact => ['Needed', words]),
    ...(requirement === undefined
      ? []
      : [['Together', `${requirement.approvals} within ${timeSpan(requirement.timeToLiveMs)}, ${author}`] as const]),
    ...unread.map((name): Fact => ['Unknown', `what policy ${name} wants of approvals: it could not be read`]),
    ['State', state === undefined ? undefined : `${state.reason}: ${state.message}`],
  ];
}

function decisionFacts({ intent, decisions, now }: Question): readonly Fact[] {
  if (!isRead(decisions)) return [['Unknown', `who has decided so far: ${decisions.unread}`]];
  if (decisions.length === 0) return [['Decided', 'nobody so far']];
  const current = intent.status?.plan?.planDigest;
  const isOfThis = ({ planDigest }: Decision): boolean => planDigest === current;
  return [
    ...othersWords(
      decisions.filter((one) => !isOfThis(one)),
      now,
    ),
    ...decisions.filter(isOfThis).map((one) => decisionWords(one, current, now)),
  ].map((words): Fact => ['Decided', words]);
}

/** What was said of other plans is past, and there may be hundreds of it: it is counted, so that the plan stays in sight. */
function othersWords(others: readonly Decision[], now: Date): readonly string[] {
  const last = others.at(-1);
  if (last === undefined || others.length === 1) return others.map((one) => decisionWords(one, undefined, now));
  return [
    `${others.length} times on other plans, the last by ${last.approver} ${age(last.createdAt.toISOString(), now)} ago`,
  ];
}

/** `alice approved this plan 3m ago: looks good`. */
export function decisionWords(
  { approver, decision, planDigest, createdAt, comment }: Decision,
  current: string | undefined,
  now: Date,
): string {
  const did = decision === 'Approve' ? 'approved' : 'rejected';
  const which = planDigest === current ? 'this plan' : 'another plan';
  const said = comment === undefined ? '' : `: ${comment}`;
  return `${approver} ${did} ${which} ${age(createdAt.toISOString(), now)} ago${said}`;
}
