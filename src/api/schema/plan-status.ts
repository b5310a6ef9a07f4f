import Type, { type Static } from 'typebox';
import { MAX_NAMESPACE_LENGTH } from '../limits.ts';

/** More policies than this are counted but not listed. */
export const MAX_CONSIDERED = 64;
/** Of one message, in code points. */
export const MAX_OPINION_LENGTH = 512;

export const PlanBase = Type.Object(
  {
    uid: Type.String({ maxLength: 128, description: 'uid of the live object.' }),
    resourceVersion: Type.String({
      maxLength: 128,
      description: 'Version of the live object when this plan was first made. It moves more often than the plan does.',
    }),
  },
  {
    additionalProperties: false,
    description: 'The live object that the plan was made against; absent where there was none.',
  },
);

export const PlanField = Type.Object(
  {
    path: Type.String({ maxLength: 256, description: 'Where the field is, for example `.spec.replicas`.' }),
    from: Type.Optional(
      Type.String({ maxLength: 1024, description: 'The live value as text; absent where it is not known.' }),
    ),
    to: Type.String({ maxLength: 1024, description: 'The value of the change as text.' }),
  },
  { additionalProperties: false, description: 'One field that the change sets.' },
);

export const OwnerStatus = Type.Object(
  {
    tool: Type.Unsafe<'Flux' | 'Argo CD' | 'Helm'>({
      type: 'string',
      enum: ['Flux', 'Argo CD', 'Helm'],
      description: 'What keeps the target as it is declared elsewhere.',
    }),
    kind: Type.String({ maxLength: 63, description: 'Kustomization, HelmRelease, Application or Release.' }),
    name: Type.Optional(Type.String({ maxLength: 253, description: 'Name of the owning object, where it is known.' })),
    namespace: Type.Optional(
      Type.String({ maxLength: MAX_NAMESPACE_LENGTH, description: 'Namespace of the owning object.' }),
    ),
    advice: Type.String({ maxLength: 512, description: 'What to do so that the change lasts.' }),
  },
  {
    additionalProperties: false,
    description: 'Who else declares the target, by its labels, annotations and managed fields.',
  },
);

const decision = (description: string) =>
  Type.Unsafe<'Allow' | 'Warn' | 'Approval' | 'Wait' | 'Refuse'>({
    type: 'string',
    enum: ['Allow', 'Warn', 'Approval', 'Wait', 'Refuse'],
    description,
  });

export const PolicyVerdict = Type.Object(
  {
    decision: decision('The strictest result of all policies.'),
    considered: Type.Array(
      Type.Object(
        {
          policy: Type.Optional(
            Type.String({
              maxLength: 253,
              description: 'Name of the PatchPolicy; absent: what holds where no policy speaks.',
            }),
          ),
          result: decision('The strictest result of its rules.'),
          rule: Type.Optional(Type.String({ maxLength: 128, description: 'The rule that decided; absent for Allow.' })),
          message: Type.Optional(Type.String({ maxLength: MAX_OPINION_LENGTH, description: 'Why; absent for Allow.' })),
        },
        { additionalProperties: false, description: 'One policy that applies.' },
      ),
      {
        maxItems: MAX_CONSIDERED,
        'x-kubernetes-list-type': 'atomic',
        description: 'The policies that apply, by name.',
      },
    ),
  },
  { additionalProperties: false, description: 'What the policies say. Absent where none applies.' },
);

export type PlanBase = Static<typeof PlanBase>;
export type PlanField = Static<typeof PlanField>;
export type OwnerStatus = Static<typeof OwnerStatus>;
export type PolicyVerdict = Static<typeof PolicyVerdict>;
