import { approvalOpinions, mergeRequirements } from './approval.ts';
import type { CompiledPolicy } from './compile.ts';
import type { PolicyInput } from './input.ts';
import { type Applies, applies } from './match.ts';
import { OWNERSHIP_DEFAULTS, ownershipOpinions } from './ownership.ts';
import { reachDefault, reachesOut, reachOpinions } from './reach.ts';
import { replicaOpinions, stepOpinions } from './replicas.ts';
import { requireOpinions } from './require.ts';
import { usageOpinions } from './usage-rules.ts';
import { type Considered, type Opinion, strictest, type Verdict, type VerdictInputs } from './verdict.ts';
import { earliest, windowOpinions } from './window-rule.ts';

type Rule = (policy: CompiledPolicy, input: PolicyInput) => readonly Opinion[];

/** What a change may never be, published or not. In the order in which they are told. */
const STANDING: readonly Rule[] = [
  requireOpinions,
  replicaOpinions,
  reachOpinions,
  ({ spec }, input) => ownershipOpinions(spec, input),
];

/** What counts at the moment at which a change is let through. */
const AT_THE_DOOR: readonly Rule[] = [stepOpinions, windowOpinions, usageOpinions, approvalOpinions];
const ALL: readonly Rule[] = [...STANDING, ...AT_THE_DOOR];

/** The rules that can refuse a change, by the names that verdicts give them. */
export const REFUSING_RULES: readonly string[] = Object.freeze([
  'require.reason',
  'require.correlationId',
  'require.source',
  'replicas.min',
  'replicas.max',
  'replicas.neverZero',
  'replicas.maxDelta',
  'replicas.maxPercent',
  'targetNamespaces',
  'autoscaler',
  'gitOps',
]);

interface Voice extends Opinion {
  readonly policy: string | undefined;
}

interface Asked {
  readonly policy: CompiledPolicy;
  readonly applies: Applies;
}

/**
 * Whether a change may go ahead under these policies, and why. Pure; the order of the policies doesn't matter.
 *
 * All policies that apply count, and the strictest result wins, so one more policy never makes the verdict milder. The
 * exceptions are the topics on which something strict holds as long as no policy speaks: `autoscaler`, `gitOps` and
 * `targetNamespaces`; there the first policy that speaks replaces it. What is unknown and matters means Wait.
 */
export function evaluate(input: PolicyInput, policies: readonly CompiledPolicy[]): Verdict {
  const ordered = policies.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const asked = ordered.map((policy) => ({ policy, applies: applies(policy.spec, input) }));
  const present = asked.filter((one) => one.applies.match !== 'no');
  const voices = present.flatMap((one) => voicesOf(one, input));
  return verdictOf(input, asked, [...voices, ...defaultVoices(input, voices)]);
}

function voicesOf({ policy, applies: { match, because } }: Asked, input: PolicyInput): readonly Voice[] {
  const by = (opinion: Opinion): Voice => ({ ...opinion, policy: policy.name });
  if (match === 'unknown') {
    const words = `whether it applies is not known: labels are missing for ${because.map((name) => `match.${name}`).join(', ')}`;
    return [by({ rule: 'match', result: 'Wait', message: words })];
  }
  const published = input.published === true;
  const problems = policy.problems.filter(({ once }) => !published || once !== true);
  if (problems.length > 0) {
    const words = `it can not be used: ${problems.map(({ message }) => message).join('; ')}`;
    return [by({ rule: 'spec', result: 'Wait', message: words })];
  }
  return (published ? STANDING : ALL).flatMap((rule) => rule(policy, input)).map(by);
}

/** What holds on the topics of which no policy has spoken. Told only where it matters. */
function defaultVoices(input: PolicyInput, voices: readonly Voice[]): readonly Voice[] {
  const silent = (rule: string): boolean => !voices.some((voice) => voice.rule === rule);
  const { autoscaler, gitOps } = OWNERSHIP_DEFAULTS;
  const opinions = [
    ...(reachesOut(input) && silent('targetNamespaces') ? [reachDefault(input)] : []),
    ...ownershipOpinions(
      {
        // Where nobody asks for it, what is not known holds nothing up: the plan warns of it.
        ...(input.autoscaler !== undefined && silent('autoscaler') ? { autoscaler } : {}),
        ...(input.owner !== undefined && silent('gitOps') ? { gitOps } : {}),
      },
      input,
    ),
  ];
  return opinions.map((opinion) => ({ ...opinion, policy: undefined }));
}

function verdictOf(input: PolicyInput, asked: readonly Asked[], voices: readonly Voice[]): Verdict {
  const considered = voices.map(consideredOf);
  const approval = mergeRequirements(voices.flatMap((voice) => voice.approval ?? []));
  const retryAt = earliest(voices.map(({ edge }) => edge));
  return {
    decision: strictest(voices.map(({ result }) => result)),
    considered,
    skipped: asked
      .filter((one) => one.applies.match === 'no')
      .map(({ policy, applies: { because } }) => ({
        policy: policy.name,
        message: `policy ${policy.name} does not apply: ${because.map((name) => `match.${name}`).join(', ')}`,
      })),
    warnings: considered.filter(({ result }) => result === 'Warn').map(({ message }) => message),
    ...(approval === undefined ? {} : { approval }),
    ...(retryAt === undefined ? {} : { retryAt }),
    inputs: { ...inputsOf(input, asked), ...(approval === undefined ? {} : { approval }) },
  };
}

function consideredOf({ policy, rule, result, message, until }: Voice): Considered {
  const who = policy === undefined ? 'no policy says otherwise' : `policy ${policy}`;
  return { policy, rule, result, message: `${who}, ${rule}: ${message}`, ...(until === undefined ? {} : { until }) };
}

function inputsOf({ autoscaler, owner }: PolicyInput, asked: readonly Asked[]): VerdictInputs {
  return {
    policies: asked
      .filter((one) => one.applies.match !== 'no')
      .map(({ policy: { name, uid, generation } }) => ({
        name,
        ...(uid === undefined ? {} : { uid }),
        ...(generation === undefined ? {} : { generation }),
      })),
    ...(autoscaler === undefined ? {} : { autoscaler }),
    ...(owner === undefined ? {} : { owner }),
  };
}
