import { printable } from '../../platform/escape.ts';
import { ownerText } from '../../policy/owner.ts';
import type { Considered, Skipped } from '../../policy/verdict.ts';
import type { ApprovalState } from '../../reconcile/permit/approvals.ts';
import { diffView } from '../diff-view.ts';
import { type Fact, factLines } from '../fact-lines.ts';
import { invalidData } from '../findings.ts';
import type { Paint } from '../output.ts';
import { approvalWords } from '../policy/view.ts';
import { type Answers, isWhole } from './answers.ts';
import { callerWords } from './caller-words.ts';
import { type Judgement, judgementOf, mayGoAhead, planDigestOf } from './judge.ts';
import type { Look } from './look.ts';

const STYLES: Readonly<Record<Judgement, Parameters<Paint>[0]>> = {
  Allow: 'green',
  Warn: 'yellow',
  Approval: 'yellow',
  Wait: 'yellow',
  Refuse: 'red',
  Idle: 'yellow',
  Unknown: 'yellow',
};

/** More than these say nothing new on a page; -o json has them all, with the reason. */
const MOST_NAMES = 5;

const STORED = {
  same: 'the cluster has this intent as it is',
  changed: 'would replace the intent of this name in the cluster',
  new: undefined,
  unknown: undefined,
} as const;

/** One plan on a page. */
export function planView(look: Look, paint: Paint): string {
  const { subject, heard, failure } = look;
  const judgement = judgementOf(look);
  const change = heard?.considered.live.summary ?? `replicas → ${subject.spec.replicas}`;
  const title = `${paint('bold', printable(subject.title))}: ${paint(STYLES[judgement], judgement)}: ${printable(change)}`;
  const diff = heard?.considered.live.diff;
  const why: Fact = ['Why', failure && `${failure.reason}: ${callerWords(failure.message)}`];
  return `${title}\n${factLines([why, ...factsOf(look)], paint)}${diff === undefined ? '' : `\n${diffView(diff, paint)}`}`;
}

function factsOf(look: Look): readonly Fact[] {
  const { subject, heard, gaps } = look;
  const { targetKind, namespace, target } = subject.spec;
  const { autoscaler, rival, owner, verdict } = heard?.considered ?? {};
  const approval = heard?.approval;
  return [
    ['Target', `${targetKind} ${target} in ${namespace}`],
    [
      'Stored',
      heard?.considered.published === true
        ? 'the package of this very change is published already'
        : STORED[subject.stored],
    ],
    ['Idle', subject.idle],
    ['Owner', owner && ownerText(owner)],
    ['Autoscaler', autoscaler],
    ['Other intent', rival && `${rival.key} is older and wants ${rival.value}`],
    ...warningsOf(look).map((warning): Fact => ['Warning', warning]),
    ...(verdict?.considered ?? []).map((voice): Fact => ['Policy', voiceWords(voice)]),
    ['Other', othersOf(verdict?.skipped ?? [])],
    ['Needed', verdict?.approval && approvalWords(verdict.approval)],
    ['Approval', approval && approval.message !== look.failure?.message ? approvalText(approval) : undefined],
    ['Again', verdict?.retryAt && `the time may change this at ${verdict.retryAt.toISOString()}`],
    ...gaps.map(({ what, why }): Fact => ['Unknown', `${what}: ${why}`]),
    ['Plan', heard && (planDigestOf(look) ?? 'the operator may give it another digest, because of what is unknown')],
  ];
}

const voiceWords = ({ result, message }: Considered): string => `${result}: ${message}`;

const approvalText = ({ reason, message }: ApprovalState): string => `${reason}: ${message}`;

function othersOf(skipped: readonly Skipped[]): string | undefined {
  if (skipped.length === 0) return undefined;
  const names = skipped.slice(0, MOST_NAMES).map(({ policy }) => policy);
  const more = skipped.length - names.length;
  const all = [...names, ...(more > 0 ? [`${more} more`] : [])].join(', ');
  return skipped.length === 1 ? `policy ${all} does not apply` : `policies that do not apply: ${all}`;
}

/** In the words for the caller; what is told as unknown is not told twice. */
function warningsOf({ warnings, gaps }: Look): readonly string[] {
  return warnings.map(callerWords).filter((warning) => !gaps.some(({ why }) => warning.startsWith(why)));
}

/** What `-o json` and `-o yaml` print. */
export function plansData(answers: Answers, now: Date) {
  const { looks, unplanned, inputs } = answers;
  const invalid = inputs.flatMap((input) => ('intents' in input ? input.intents.filter((one) => !one.valid) : []));
  const unread = inputs.flatMap((input) => ('error' in input ? [{ file: input.name, message: input.error }] : []));
  const errors = [
    ...unread,
    ...unplanned.map(({ file, line, namespace, name, message }) => ({ file, line, namespace, name, message })),
  ];
  return {
    allowed: isWhole(answers) && looks.every((look) => mayGoAhead(judgementOf(look))),
    at: now.toISOString(),
    plans: looks.map(planData),
    invalid: invalid.map(invalidData),
    errors,
  };
}

function planData(look: Look) {
  const { subject, heard, gaps, failure } = look;
  const { file, line, stored, spec, intent, idle } = subject;
  const { namespace, name } = intent.metadata;
  const { live, autoscaler, rival, owner, verdict, changeDigest } = heard?.considered ?? {};
  return {
    file,
    line,
    namespace,
    name,
    stored,
    spec,
    judgement: judgementOf(look),
    idle,
    reason: failure?.reason,
    message: failure === undefined ? undefined : callerWords(failure.message),
    change: live?.summary,
    action: live?.action,
    base: live?.base,
    fields: live?.fields,
    diff: live?.diff,
    owner,
    autoscaler,
    rival: rival && { intent: rival.key, wants: rival.value },
    warnings: warningsOf(look),
    policy: verdict && {
      decision: verdict.decision,
      considered: verdict.considered,
      skipped: verdict.skipped,
      approval: verdict.approval,
      retryAt: verdict.retryAt,
    },
    approval: heard?.approval,
    changeDigest,
    planDigest: planDigestOf(look),
    unknown: gaps,
  };
}
