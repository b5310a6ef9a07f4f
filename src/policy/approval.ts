import { durationMs } from '../api/duration.ts';
import { POLICY_DEFAULTS } from '../api/policy/limits.ts';
import type { ApprovalRule } from '../api/schema/patchpolicy.ts';
import type { CompiledPolicy } from './compile.ts';
import type { PolicyInput } from './input.ts';
import { stepOf } from './replicas.ts';
import type { ApprovalRequirement, Opinion } from './verdict.ts';

/** Whether people must agree to the change. */
export function approvalOpinions({ spec }: CompiledPolicy, input: PolicyInput): readonly Opinion[] {
  if (spec.approval === undefined) return [];
  const { mode, risk = {} } = spec.approval;
  switch (mode) {
    case 'Never':
      return [{ rule: 'approval', result: 'Allow', message: 'none is needed' }];
    case 'Always':
      return [needed(spec.approval, 'approval', 'for every change')];
    case 'OnRisk':
      return riskOpinions(spec.approval, risk, input);
  }
}

/** The most that any of them asks for; undefined where none does. */
export function mergeRequirements(requirements: readonly ApprovalRequirement[]): ApprovalRequirement | undefined {
  if (requirements.length === 0) return undefined;
  return {
    approvals: Math.max(...requirements.map(({ approvals }) => approvals)),
    timeToLiveMs: Math.min(...requirements.map(({ timeToLiveMs }) => timeToLiveMs)),
    author: requirements.some(({ author }) => author === 'Refuse') ? 'Refuse' : 'Allow',
  };
}

function riskOpinions(
  rule: ApprovalRule,
  { delta, percent, toZero }: NonNullable<ApprovalRule['risk']>,
  input: PolicyInput,
): readonly Opinion[] {
  const step = stepOf(input);
  const needsStep = (name: string, limit: number | undefined, unit: string, over: (limit: number) => boolean) => {
    if (limit === undefined) return [];
    const at = `approval.risk.${name}`;
    if (step === 'unknown') return [unknownStep(at)];
    return [over(limit) ? needed(rule, at, `for more than ${limit} ${unit} at a time`) : harmless(at)];
  };
  const toNothing = input.replicas?.to === 0;
  return [
    ...needsStep('delta', delta, 'replicas', (limit) => step !== 'unknown' && step.delta > limit),
    ...needsStep('percent', percent, 'per cent', (limit) => step !== 'unknown' && step.exceeds(limit)),
    ...(toZero === true
      ? [toNothing ? needed(rule, 'approval.risk.toZero', 'for scaling to 0') : harmless('approval.risk.toZero')]
      : []),
  ];
}

function needed(rule: ApprovalRule, at: string, why: string): Opinion {
  const { approvals = POLICY_DEFAULTS.approvals, author = POLICY_DEFAULTS.author } = rule;
  const timeToLiveMs = durationMs(rule.timeToLive ?? POLICY_DEFAULTS.timeToLive) ?? 0;
  const people = `${approvals} ${approvals === 1 ? 'approval is' : 'approvals are'} needed`;
  return { rule: at, result: 'Approval', message: `${people} ${why}`, approval: { approvals, timeToLiveMs, author } };
}

const harmless = (rule: string): Opinion => ({ rule, result: 'Allow', message: 'no such risk' });
const unknownStep = (rule: string): Opinion => ({
  rule,
  result: 'Wait',
  message: 'the live number of replicas is not known',
});
