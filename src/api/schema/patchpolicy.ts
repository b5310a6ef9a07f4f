import Type, { type Static } from 'typebox';
import {
  API_VERSION_PATTERN,
  INTENT_TYPES,
  KIND_PATTERN,
  MAX_API_VERSION_LENGTH,
  MAX_KIND_LENGTH,
  MAX_NAMESPACE_LENGTH,
  MAX_SOURCE_LENGTH,
  MAX_TARGET_LENGTH,
} from '../limits.ts';
import { MAX_KINDS, MAX_NAMES, MAX_WINDOWS } from '../policy/limits.ts';
import { policyNameLength, saysSomething } from '../policy/rules.ts';
import { ApprovalRule, RateLimits, ReplicaLimits, Requirements, StormBrake, Window } from './policy-rules.ts';
import { PolicyStatus } from './policy-status.ts';
import { celRules, rules } from './rules.ts';
import { LabelSelector, list, names, oneOf } from './selector.ts';

// The schema source of PatchPolicy, as patchintent.ts is that of PatchIntent.

const NamespaceMatch = Type.Object(
  {
    names: Type.Optional(names(MAX_NAMESPACE_LENGTH, 'Names; `*` stands for any characters.')),
    selector: Type.Optional(LabelSelector),
  },
  { additionalProperties: false, minProperties: 1, description: 'Namespaces by name and label; both must hold.' },
);

const KindMatch = Type.Object(
  {
    apiVersion: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: MAX_API_VERSION_LENGTH,
        pattern: API_VERSION_PATTERN,
        description: 'Kinds of this group, in whichever version an intent names them. Left out: of any group.',
      }),
    ),
    kind: Type.String({ minLength: 1, maxLength: MAX_KIND_LENGTH, pattern: KIND_PATTERN, description: 'The kind.' }),
  },
  { additionalProperties: false, description: 'A kind of target.' },
);

const TargetMatch = Type.Object(
  {
    kinds: Type.Optional(list(KindMatch, MAX_KINDS, 'One of these kinds.')),
    names: Type.Optional(names(MAX_TARGET_LENGTH, 'One of these names; `*` stands for any characters.')),
    selector: Type.Optional(LabelSelector),
  },
  { additionalProperties: false, minProperties: 1, description: 'Targets by kind, name and label; all must hold.' },
);

const Source = Type.String({ minLength: 1, maxLength: MAX_SOURCE_LENGTH });

const Match = Type.Object(
  {
    namespaces: Type.Optional(NamespaceMatch),
    targets: Type.Optional(TargetMatch),
    intentTypes: Type.Optional(list(oneOf(INTENT_TYPES, 'An intent type.'), 8, 'One of these intent types.')),
    sources: Type.Optional(
      list(Source, MAX_NAMES, 'One of these in `spec.source`; `*` stands for any characters. No source is no match.'),
    ),
  },
  {
    additionalProperties: false,
    description:
      'To which intents the policy applies; left out, to all. Each member that is given must hold. `namespaces` holds ' +
      'when the namespace of the intent or that of its target is one of them.',
  },
);

const BEHAVIOURS = ['Refuse', 'Warn', 'Ignore'] as const;

export const PolicySpec = Type.Object(
  {
    match: Type.Optional(Match),
    replicas: Type.Optional(ReplicaLimits),
    require: Type.Optional(Requirements),
    rate: Type.Optional(RateLimits),
    storm: Type.Optional(StormBrake),
    windows: Type.Optional(
      list(Window, MAX_WINDOWS, 'When changes may happen. With at least one Allow, only within one of them.'),
    ),
    autoscaler: Type.Optional(
      oneOf(BEHAVIOURS, 'What to do when an autoscaler owns the field. No policy says it: Refuse.'),
    ),
    gitOps: Type.Optional(
      oneOf(BEHAVIOURS, 'What to do when Flux, Argo CD or Helm owns the target. No policy says it: Warn.'),
    ),
    targetNamespaces: Type.Optional(
      Type.Object(NamespaceMatch.properties, {
        additionalProperties: false,
        minProperties: 1,
        description:
          'To which other namespaces intents may reach. The namespace itself must consent by its label ' +
          '`patchgen.dev/allow-intents-from`. No policy says it: to none.',
      }),
    ),
    approval: Type.Optional(ApprovalRule),
  },
  {
    additionalProperties: false,
    ...celRules(saysSomething),
    description: 'Of all policies that apply to an intent, each rule counts, and the strictest result wins.',
  },
);

/** The whole object as a CRD would describe it. */
export const PatchPolicySchema = Type.Object(
  {
    apiVersion: Type.Optional(Type.String({ description: 'patchgen.dev/v1alpha1' })),
    kind: Type.Optional(Type.String({ description: 'PatchPolicy' })),
    metadata: Type.Optional(Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object' })),
    spec: PolicySpec,
    status: Type.Optional(PolicyStatus),
  },
  { ...rules(policyNameLength), description: 'PatchPolicy says which changes may go ahead, when, and who must agree.' },
);

export type PatchPolicySpec = Static<typeof PolicySpec>;
export type { PolicyStatus } from './policy-status.ts';
export type PolicyMatch = Static<typeof Match>;
export type NamespaceMatch = Static<typeof NamespaceMatch>;
export type TargetMatch = Static<typeof TargetMatch>;
export type LabelSelector = Static<typeof LabelSelector>;
export type ReplicaLimits = Static<typeof ReplicaLimits>;
export type Requirements = Static<typeof Requirements>;
export type RateLimits = Static<typeof RateLimits>;
export type StormBrake = Static<typeof StormBrake>;
export type PolicyWindow = Static<typeof Window>;
export type ApprovalRule = Static<typeof ApprovalRule>;
export type Behaviour = (typeof BEHAVIOURS)[number];
