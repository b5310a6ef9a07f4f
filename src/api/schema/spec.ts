import Type, { type Static } from 'typebox';
import { DEFAULTS } from '../defaults.ts';
import {
  API_VERSION_PATTERN,
  CORRELATION_ID_PATTERN,
  INTENT_TYPES,
  KIND_PATTERN,
  MAX_API_VERSION_LENGTH,
  MAX_CORRELATION_ID_LENGTH,
  MAX_KIND_LENGTH,
  MAX_NAMESPACE_LENGTH,
  MAX_REASON_LENGTH,
  MAX_REPLICAS,
  MAX_SOURCE_LENGTH,
  MAX_TARGET_LENGTH,
  MIN_REPLICAS,
  NAME_PATTERN,
} from '../limits.ts';
import { MAX_USER_NAME_LENGTH } from '../policy/limits.ts';
import { nameRules, replicasRule, rules, scalingRule } from './rules.ts';

/** What should change. */
export const Spec = Type.Object(
  {
    intentType: Type.Unsafe<(typeof INTENT_TYPES)[number]>({
      type: 'string',
      enum: [...INTENT_TYPES],
      description:
        'The kind of change, in lower case. `scaling` sets the number of replicas of a workload and needs `replicas`. ' +
        'It is the only type so far; each type brings fields of its own.',
    }),
    target: Type.String({
      minLength: 1,
      maxLength: MAX_TARGET_LENGTH,
      pattern: NAME_PATTERN,
      ...rules(...nameRules('target')),
      description:
        'Name of the object to change, for example `web`: lower case letters, digits and `-`, beginning and ending ' +
        'with a letter or digit. The object need not exist yet.',
    }),
    namespace: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: MAX_NAMESPACE_LENGTH,
        pattern: NAME_PATTERN,
        ...rules(...nameRules('namespace')),
        description:
          'Namespace of the target. Left out, it is the namespace of the PatchIntent itself, and that is the usual case. ' +
          'Another namespace is refused by the operator (reason TargetNotAllowed) unless a PatchPolicy lets intents reach ' +
          'there and that namespace consents by its label `patchgen.dev/allow-intents-from`.',
      }),
    ),
    targetApiVersion: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: MAX_API_VERSION_LENGTH,
        pattern: API_VERSION_PATTERN,
        default: DEFAULTS.targetApiVersion,
        description: 'API group and version of the target, as in its own manifest.',
      }),
    ),
    targetKind: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: MAX_KIND_LENGTH,
        pattern: KIND_PATTERN,
        default: DEFAULTS.targetKind,
        description:
          'Kind of the target: `Deployment`, `StatefulSet`, `ReplicaSet`, or a custom kind that has a scale subresource ' +
          'over `.spec.replicas`. Another kind is accepted by the API server and refused by the operator (reason ' +
          'UnsupportedTargetKind).',
      }),
    ),
    replicas: Type.Optional(
      Type.Integer({
        minimum: MIN_REPLICAS,
        maximum: MAX_REPLICAS,
        format: 'int32',
        ...rules(replicasRule),
        description:
          'How many replicas the target shall have, from 0 (scaled to nothing) to 100. Required for `scaling`: a missing ' +
          'value is an error and never means 0.',
      }),
    ),
    reason: Type.Optional(
      Type.String({
        maxLength: MAX_REASON_LENGTH,
        description:
          'Why the change is wanted, for the people who review it. It has no influence on the bytes of the package.',
      }),
    ),
    source: Type.Optional(
      Type.String({
        maxLength: MAX_SOURCE_LENGTH,
        description:
          'Who or what asks: a person, a team, an autoscaler. It has no influence on the bytes of the package.',
      }),
    ),
    correlationId: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: MAX_CORRELATION_ID_LENGTH,
        pattern: CORRELATION_ID_PATTERN,
        description:
          'An identifier of yours (ticket, incident, request) to find the intent by: letters, digits, `_` and `-`. ' +
          'Try `kubectl get pi --field-selector spec.correlationId=INC-42`.',
      }),
    ),
    requestedBy: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: MAX_USER_NAME_LENGTH,
        description:
          'User name of who asks, as the API server knows it. The admission policy requested-by.patchgen.dev refuses any ' +
          'other name than that of the user who creates the intent or changes its spec. Policies that keep authors from ' +
          'approving their own changes need it.',
      }),
    ),
    suspend: Type.Optional(
      Type.Boolean({
        default: DEFAULTS.suspend,
        description:
          'true: leave the intent alone. Its package stays as it is, and Ready is False with reason Suspended until this ' +
          'is false again.',
      }),
    ),
    dryRun: Type.Optional(
      Type.Boolean({
        default: DEFAULTS.dryRun,
        description:
          'true: only say what would be done. Plan and digest appear in the status and nothing is written; a package ' +
          'published before stays as it is.',
      }),
    ),
  },
  {
    additionalProperties: false,
    ...rules(scalingRule),
    description:
      'What should change, stated as a fact and not as steps. A change of the spec replaces the package; the last good ' +
      'package stays while the spec is invalid.',
  },
);

export type PatchIntentSpec = Static<typeof Spec>;
