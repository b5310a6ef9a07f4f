import Type, { type Static } from 'typebox';
import { MAX_STORM_FAILURES } from '../policy/limits.ts';
import { Condition } from './status.ts';

/** The text of a full rate ledger: 10,000 entries of 31 characters. */
const MAX_LEDGER_LENGTH = 310_000;

export const StormStatus = Type.Object(
  {
    failures: Type.Array(
      Type.Object(
        {
          at: Type.Integer({ format: 'int64', minimum: 0, description: 'Milliseconds since 1970.' }),
          id: Type.String({
            maxLength: 128,
            description: 'Which change of which intent failed: its uid and generation.',
          }),
        },
        { additionalProperties: false, description: 'A change that failed.' },
      ),
      {
        maxItems: MAX_STORM_FAILURES,
        'x-kubernetes-list-type': 'atomic',
        description: 'The last failure of each change.',
      },
    ),
    trippedAt: Type.Optional(
      Type.Integer({
        format: 'int64',
        minimum: 0,
        description: 'When the last cool-down began, in milliseconds since 1970.',
      }),
    ),
  },
  { additionalProperties: false, description: 'What the storm brake has counted.' },
);

export const PolicyStatus = Type.Object(
  {
    observedGeneration: Type.Optional(
      Type.Integer({
        format: 'int64',
        minimum: -1,
        description: 'The last generation of the spec that was looked at.',
      }),
    ),
    conditions: Type.Optional(
      Type.Array(Condition, {
        maxItems: 16,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
        description:
          'Ready: whether the operator can use the policy. While it cannot, intents that it applies to wait.',
      }),
    ),
    rate: Type.Optional(
      Type.String({
        maxLength: MAX_LEDGER_LENGTH,
        description:
          'The changes of the last hour that this policy let through, 31 characters each, for its rate limits. Written ' +
          'before a change goes ahead; deleting it would refund what was used.',
      }),
    ),
    storm: Type.Optional(StormStatus),
  },
  {
    additionalProperties: false,
    default: { observedGeneration: -1 },
    description: 'What the operator found and counted. Written by the operator only.',
  },
);

export type PolicyStatus = Static<typeof PolicyStatus>;
