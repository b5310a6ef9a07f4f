import Type, { type Static } from 'typebox';

// The one schema source. Types, the validator, the CRD and the field reference all come from here.

export const Spec = Type.Object(
  {
    intentType: Type.Unsafe<'scaling'>({ type: 'string', enum: ['scaling'] }),
    target: Type.String({ minLength: 1, maxLength: 253 }),
    namespace: Type.Optional(Type.String({ minLength: 1, maxLength: 63 })),
    targetApiVersion: Type.Optional(Type.String()),
    targetKind: Type.Optional(Type.String()),
    replicas: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
    reason: Type.Optional(Type.String({ maxLength: 512 })),
    source: Type.Optional(Type.String({ maxLength: 64 })),
    correlationId: Type.Optional(Type.String({ maxLength: 128 })),
    suspend: Type.Optional(Type.Boolean()),
    dryRun: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

export const Condition = Type.Object({
  type: Type.String(),
  status: Type.Unsafe<'True' | 'False' | 'Unknown'>({ type: 'string', enum: ['True', 'False', 'Unknown'] }),
  reason: Type.String(),
  message: Type.String(),
  lastTransitionTime: Type.String(),
  observedGeneration: Type.Optional(Type.Integer()),
});

export const PackageStatus = Type.Object({
  name: Type.String(),
  digest: Type.String(),
  path: Type.String(),
  root: Type.String(),
  generation: Type.Integer(),
  fileCount: Type.Integer(),
  sizeBytes: Type.Integer(),
});

export const PlanStatus = Type.Object({
  changeDigest: Type.String(),
  warnings: Type.Optional(Type.Array(Type.String())),
});

export const Status = Type.Object({
  observedGeneration: Type.Optional(Type.Integer()),
  lastHandledReconcileAt: Type.Optional(Type.String()),
  change: Type.Optional(Type.String()),
  plan: Type.Optional(PlanStatus),
  package: Type.Optional(PackageStatus),
  conditions: Type.Optional(Type.Array(Condition)),
});

export type PatchIntentSpec = Static<typeof Spec>;
export type PatchIntentStatus = Static<typeof Status>;
export type Condition = Static<typeof Condition>;
export type PackageStatus = Static<typeof PackageStatus>;
export type PlanStatus = Static<typeof PlanStatus>;
