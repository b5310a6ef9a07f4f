import Type from 'typebox';
import { nameLengthRule, rules } from './rules.ts';
import { Spec } from './spec.ts';
import { Status } from './status.ts';

// The one schema source. Types, the validator, the CRD and the field reference all come from here.

export { type PatchIntentSpec, Spec } from './spec.ts';
export { Condition, PackageStatus, type PatchIntentStatus, PlanStatus, Status } from './status.ts';

/** The whole object as the CRD describes it. The server knows more of `metadata` than is said here. */
export const PatchIntentSchema = Type.Object(
  {
    apiVersion: Type.Optional(Type.String({ description: 'patchgen.dev/v1alpha1' })),
    kind: Type.Optional(Type.String({ description: 'PatchIntent' })),
    metadata: Type.Optional(Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object' })),
    spec: Spec,
    status: Type.Optional(Status),
  },
  {
    ...rules(nameLengthRule),
    description:
      'PatchIntent says what should change ("scale Deployment web in shop to 5"). Patchgen turns it into a patch package ' +
      'that people can review and kustomize, kubectl and kpt can apply, and tells the truth about it in the status.',
  },
);
