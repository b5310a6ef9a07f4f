import Type, { type Static } from 'typebox';
import { DIGEST_PATTERN, MAX_INTENT_NAME_LENGTH, MAX_NAMESPACE_LENGTH } from '../limits.ts';
import { OwnerStatus, PlanBase, PlanField, PolicyVerdict } from './plan-status.ts';

const generation = { format: 'int64', minimum: -1 } as const;

/** As `metav1.Condition`, with its bounds, so that a condition of another controller fits too. */
export const Condition = Type.Object(
  {
    type: Type.String({
      maxLength: 316,
      pattern:
        '^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$',
      description:
        'Which condition this is: Ready, Reconciling, Stalled, Validated, Planned, Approved, Packaged or Conflicted.',
    }),
    status: Type.Unsafe<'True' | 'False' | 'Unknown'>({
      type: 'string',
      enum: ['True', 'False', 'Unknown'],
      description: 'Whether the condition holds.',
    }),
    reason: Type.String({
      minLength: 1,
      maxLength: 1024,
      pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$',
      description: 'One word for programs. docs/reasons.md has a paragraph for each, with what to do.',
    }),
    message: Type.String({ maxLength: 32768, description: 'What is the matter, for people.' }),
    lastTransitionTime: Type.String({
      format: 'date-time',
      description: 'When the status of this condition last changed.',
    }),
    observedGeneration: Type.Optional(
      Type.Integer({ ...generation, description: 'The generation of the spec that this condition speaks of.' }),
    ),
  },
  { additionalProperties: false, description: 'One aspect of the state of the intent.' },
);

export const PackageStatus = Type.Object(
  {
    name: Type.String({
      maxLength: 63,
      description: 'Name of the package: target, intent type and the first 12 digits of the change digest.',
    }),
    digest: Type.String({
      pattern: DIGEST_PATTERN,
      description: 'sha256 over the sorted `sha256sum` lines of the files. `patchgen verify` recomputes it.',
    }),
    path: Type.String({
      maxLength: MAX_NAMESPACE_LENGTH + 1 + MAX_INTENT_NAME_LENGTH,
      description: 'Where the package is, relative to the package root, for example `shop/web-5`.',
    }),
    root: Type.String({ maxLength: 64, description: 'Identity of the package root that holds it.' }),
    generation: Type.Integer({
      ...generation,
      description:
        'The generation of the spec that the package was made from. Older than metadata.generation: see Ready.',
    }),
    fileCount: Type.Integer({ minimum: 0, format: 'int32', description: 'Number of files.' }),
    sizeBytes: Type.Integer({ minimum: 0, format: 'int64', description: 'Sum of the sizes of the files, in bytes.' }),
  },
  { additionalProperties: false, description: 'The package that was last published and is on disk.' },
);

export const PlanStatus = Type.Object(
  {
    changeDigest: Type.String({
      pattern: DIGEST_PATTERN,
      description: 'sha256 of the change. Two intents with the same one ask for the same change.',
    }),
    packageDigest: Type.Optional(
      Type.String({
        pattern: DIGEST_PATTERN,
        description:
          'Digest of the package that the plan renders to, published or not (dry run). Absent until it may be rendered.',
      }),
    ),
    planDigest: Type.Optional(
      Type.String({
        pattern: DIGEST_PATTERN,
        description:
          'sha256 of the change, of what it was planned against, of the package format and of what the policies looked ' +
          'at. A PatchApproval names it, and agrees to nothing else.',
      }),
    ),
    action: Type.Optional(
      Type.Unsafe<'Change' | 'NoChange' | 'Unknown'>({
        type: 'string',
        enum: ['Change', 'NoChange', 'Unknown'],
        description:
          'Change: the live object has another value. NoChange: it has this one. Unknown: it is not there or could not be read.',
      }),
    ),
    base: Type.Optional(PlanBase),
    fields: Type.Optional(
      Type.Array(PlanField, {
        maxItems: 64,
        'x-kubernetes-list-type': 'atomic',
        description: 'The fields that the change sets, with the live value.',
      }),
    ),
    diff: Type.Optional(
      Type.String({ maxLength: 4096, description: 'The change of the live object in the form of `diff -u`.' }),
    ),
    warnings: Type.Optional(
      Type.Array(Type.String({ maxLength: 1024 }), {
        maxItems: 64,
        'x-kubernetes-list-type': 'atomic',
        description: 'What a reviewer should know, and strict mode refuses.',
      }),
    ),
  },
  { additionalProperties: false, description: 'What the operator means to do about the current spec.' },
);

export const Status = Type.Object(
  {
    observedGeneration: Type.Optional(
      Type.Integer({
        ...generation,
        description:
          'The last generation of the spec that was handled; -1 on a new intent. Older than metadata.generation: not current.',
      }),
    ),
    lastHandledReconcileAt: Type.Optional(
      Type.String({
        maxLength: 256,
        description: 'The value of the annotation `patchgen.dev/requestedAt` that was answered last.',
      }),
    ),
    change: Type.Optional(
      Type.String({
        maxLength: 1024,
        description:
          'The change in short, for example `replicas 3 → 5`; `replicas → 5` where the live value is not known.',
      }),
    ),
    plan: Type.Optional(PlanStatus),
    owner: Type.Optional(OwnerStatus),
    policy: Type.Optional(PolicyVerdict),
    package: Type.Optional(PackageStatus),
    conditions: Type.Optional(
      Type.Array(Condition, {
        maxItems: 64,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
        description:
          'Ready is the summary: `kubectl wait --for=condition=Ready pi/NAME`. Reconciling and Stalled are there only while ' +
          'they are True: the operator will try again, or will not until the spec changes.',
      }),
    ),
  },
  {
    additionalProperties: false,
    default: { observedGeneration: -1 },
    description: 'What the operator found and did. Written by the operator only.',
  },
);

export type PatchIntentStatus = Static<typeof Status>;
export type Condition = Static<typeof Condition>;
export type PackageStatus = Static<typeof PackageStatus>;
export type PlanStatus = Static<typeof PlanStatus>;
export type { OwnerStatus, PlanBase, PlanField, PolicyVerdict } from './plan-status.ts';
