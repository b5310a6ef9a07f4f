import { type Failure, Rejected, Waiting } from '../../api/errors.ts';
import type { Reason } from '../../api/reasons.ts';
import { sha256 } from '../../kpt/digest.ts';
import type { Considered, Decision } from '../../policy/verdict.ts';
import { tellsUnasked } from '../plan/dry-run.ts';
import type { ApprovalState } from './approvals.ts';
import type { Consideration } from './consider.ts';

/** More than this says nothing new to a person. */
const MOST_MESSAGES = 5;
/** Woken by a watch when it matters; the look in between is for the target, which nobody watches. */
const WATCHED_MS = 300_000;
/** Nobody watches the guard either, and whoever has mended it waits for the effect. */
const UNGUARDED_MS = 60_000;
const MIN_WAIT_MS = 1_000;
const MAX_WAIT_MS = 600_000;
/** Thousands may wait for one place: one of them gets it, and the others must not read their targets all at once for that. */
const SPREAD_MS = 30_000;

export interface Admission {
  readonly strictMode: boolean;
  readonly dryRun: boolean;
  readonly now: Date;
}

/**
 * Lets a plan go ahead, or throws why not: `Rejected` for what only a change of spec or policy can mend, `Waiting` for what
 * passes or what people decide. A dry run changes nothing, so it waits for nobody.
 */
export function admit(considered: Consideration, approval: ApprovalState | undefined, admission: Admission): void {
  if (admission.strictMode) refuseStrictly(considered);
  const { rival, verdict } = considered;
  if (rival !== undefined) {
    const message = `intent ${rival.key} is older and wants ${rival.value} of the same field; this one goes ahead when that one changes or goes`;
    throw new Waiting('ConflictingIntent', message, { retryAfterMs: WATCHED_MS });
  }
  if (verdict.decision === 'Refuse') throw refusal(voicesOf(considered, 'Refuse'));
  if (admission.dryRun) return;
  if (verdict.decision === 'Wait') throw delay(considered, admission.now);
  if (approval !== undefined && !approval.given) throw unapproved(approval, admission.now);
}

/** What a dry run would have to wait for. */
export function pendingOf({ verdict }: Consideration, approval: ApprovalState | undefined): readonly string[] {
  const waits = verdict.considered.filter(({ result }) => result === 'Wait').map(({ message }) => message);
  return approval === undefined || approval.given ? waits : [...waits, approval.message];
}

/** The rules that refuse a plan, for counting. */
export function deniedBy({ verdict }: Consideration): readonly string[] {
  return verdict.decision === 'Refuse'
    ? [...new Set(voices(verdict.considered, 'Refuse').map(({ rule }) => rule))]
    : [];
}

/** Strict mode turns every warning of the plan into a refusal; what policies warn of is their own choice. */
function refuseStrictly({ base, live, unknown }: Consideration): void {
  if (base.state === 'missing') throw new Waiting('TargetNotFound', `strict mode: ${live.warnings.join('; ')}`);
  if (base.state === 'unreadable') throw new Waiting('TargetUnreadable', `strict mode: ${base.why}`);
  // What rights are missing for is granted without a change of the spec.
  const unread = [...(base.state === 'found' ? base.warnings : []), ...unknown];
  if (unread.length > 0) throw new Waiting('TargetUnreadable', `strict mode: ${unread.join('; ')}`);
  if (live.warnings.length > 0) throw new Rejected('StrictMode', `strict mode refuses: ${live.warnings.join('; ')}`);
}

/**
 * What strict mode makes of what the API server said to the patch: no warning goes ahead. Rights are granted and admission
 * policies are edited without a change of the spec, so that waits.
 */
export function heed(said: readonly string[], strictMode: boolean): void {
  if (!strictMode || said.length === 0) return;
  throw new Waiting(said.every(tellsUnasked) ? 'TargetUnreadable' : 'DryRunRefused', `strict mode: ${said.join('; ')}`);
}

function refusal(refusing: readonly Considered[]): Failure {
  const message = wordsOf(refusing);
  // First of all: as long as an autoscaler has the field, nothing else about the change matters.
  if (refusing.some(({ rule }) => rule === 'autoscaler'))
    return new Waiting('ManagedByAutoscaler', message, { retryAfterMs: WATCHED_MS });
  const reason = refusing.some(({ rule }) => rule === 'targetNamespaces') ? 'TargetNotAllowed' : 'PolicyDenied';
  return new Rejected(reason, message);
}

function delay(considered: Consideration, now: Date): Waiting {
  const waiting = voicesOf(considered, 'Wait');
  const reason = reasonOfWait(waiting.map(({ rule }) => rule));
  const { retryAt } = considered.verdict;
  // What is not known now comes by a watch, but for the live target.
  if (retryAt === undefined) return new Waiting(reason, wordsOf(waiting), { retryAfterMs: WATCHED_MS });
  const shared = waiting.some(({ rule }) => rule === 'rate.perNamespacePerHour');
  const apart = shared ? spreadOf(considered.input.intent.id) : 0;
  return new Waiting(reason, wordsOf(waiting), { retryAfterMs: waitUntil(retryAt, now) + apart });
}

/** Milliseconds, other ones for other changes. */
const spreadOf = (id: string): number => Number.parseInt(sha256(id).slice(0, 8), 16) % SPREAD_MS;

/** What takes longest to come right by itself is told first. */
function reasonOfWait(rules: readonly string[]): Reason {
  const is = (prefix: string): boolean => rules.some((rule) => rule === prefix || rule.startsWith(`${prefix}.`));
  if (rules.some((rule) => !['windows', 'storm'].includes(rule) && !rule.startsWith('rate.')))
    return 'PolicyUnresolved';
  if (is('windows')) return 'OutsideWindow';
  return is('storm') ? 'StormBrake' : 'RateLimited';
}

function unapproved(approval: ApprovalState & { readonly given: false }, now: Date): Failure {
  if (approval.reason === 'ApprovalRejected') return new Rejected('ApprovalRejected', approval.message);
  const period = approval.unguarded === true ? UNGUARDED_MS : WATCHED_MS;
  const retryAfterMs = approval.until === undefined ? period : Math.min(period, waitUntil(approval.until, now));
  return new Waiting('AwaitingApproval', approval.message, { retryAfterMs });
}

/** Milliseconds until a moment, within bounds: neither a busy loop nor a sleep through the next change of the clock. */
export function waitUntil(moment: Date, now: Date): number {
  return Math.min(MAX_WAIT_MS, Math.max(MIN_WAIT_MS, moment.getTime() - now.getTime()));
}

const voicesOf = ({ verdict }: Consideration, result: Decision): readonly Considered[] =>
  voices(verdict.considered, result);

function voices(considered: readonly Considered[], result: Decision): readonly Considered[] {
  return considered.filter((voice) => voice.result === result);
}

function wordsOf(considered: readonly Considered[]): string {
  const more = considered.length - MOST_MESSAGES;
  const told = considered.slice(0, MOST_MESSAGES).map(({ message }) => message);
  return [...told, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
