import Type, { type Static } from 'typebox';
import { DIGEST_PATTERN, MAX_INTENT_NAME_LENGTH } from '../limits.ts';
import { MAX_COMMENT_LENGTH, MAX_USER_NAME_LENGTH } from '../policy/limits.ts';
import { approvalImmutable } from '../policy/rules.ts';
import { rules } from './rules.ts';
import { oneOf } from './selector.ts';

// The schema source of PatchApproval, as patchintent.ts is that of PatchIntent.

export const ApprovalSpec = Type.Object(
  {
    intent: Type.String({
      minLength: 1,
      maxLength: MAX_INTENT_NAME_LENGTH,
      pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
      description: 'Name of the PatchIntent, in the same namespace.',
    }),
    planDigest: Type.String({
      minLength: 64,
      maxLength: 64,
      pattern: DIGEST_PATTERN,
      description: 'The plan that the person looked at. Of another plan this approval says nothing.',
    }),
    decision: oneOf(['Approve', 'Reject'], 'Approve, or Reject.'),
    approver: Type.String({
      minLength: 1,
      maxLength: MAX_USER_NAME_LENGTH,
      description: 'User name of the person who decides, as the API server knows it.',
    }),
    comment: Type.Optional(Type.String({ maxLength: MAX_COMMENT_LENGTH, description: 'Why, for people.' })),
  },
  {
    additionalProperties: false,
    ...rules(approvalImmutable),
    description: 'A decision. It can not be changed: delete it and create another.',
  },
);

/** The whole object as a CRD would describe it. It has no status. */
export const PatchApprovalSchema = Type.Object(
  {
    apiVersion: Type.Optional(Type.String({ description: 'patchgen.dev/v1alpha1' })),
    kind: Type.Optional(Type.String({ description: 'PatchApproval' })),
    metadata: Type.Optional(Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object' })),
    spec: ApprovalSpec,
  },
  { description: 'PatchApproval is the decision of one person on one plan of one PatchIntent.' },
);

export type PatchApprovalSpec = Static<typeof ApprovalSpec>;
