import { findCondition } from '../../api/conditions.ts';
import type { Condition, PackageStatus, PatchIntent } from '../../api/types.ts';
import { isRecord } from './read.ts';
import { nextOf, type PathStep, pathOf, type Stage, stageOf } from './stage.ts';

/** Everything that `patchgen status` says of an intent, as data: what `-o json` prints. */
export interface Summary {
  readonly namespace: string;
  readonly name: string;
  readonly created: string | undefined;
  readonly stage: Stage;
  readonly generation: number;
  readonly observedGeneration: number;
  readonly target: string;
  readonly change: string | undefined;
  readonly asked: {
    readonly by: string | undefined;
    readonly reason: string | undefined;
    readonly correlationId: string | undefined;
  };
  readonly path: readonly PathStep[];
  readonly reason: string | undefined;
  readonly message: string | undefined;
  readonly next: string;
  readonly warnings: readonly string[];
  readonly package: PackageStatus | undefined;
  readonly conditions: readonly Condition[];
}

export function summaryOf(intent: PatchIntent): Summary {
  const { metadata, status } = intent;
  // What the server stored is valid only as far as its CRD was: read each member for what it is.
  const spec: Readonly<Record<string, unknown>> = isRecord(intent.spec) ? intent.spec : {};
  const text = (name: string): string | undefined => {
    const value = spec[name];
    return value === undefined || typeof value === 'string' ? value : JSON.stringify(value);
  };
  const ready = findCondition(status?.conditions ?? [], 'Ready');
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    created: metadata.creationTimestamp,
    stage: stageOf(intent),
    generation: metadata.generation,
    observedGeneration: status?.observedGeneration ?? -1,
    target: `${text('targetKind') ?? 'Deployment'} ${text('target') ?? '?'} in ${text('namespace') ?? metadata.namespace}`,
    change: status?.change,
    asked: { by: text('source'), reason: text('reason'), correlationId: text('correlationId') },
    path: pathOf(intent),
    reason: ready?.reason,
    message: ready?.message,
    next: nextOf(intent),
    warnings: status?.plan?.warnings ?? [],
    package: status?.package,
    conditions: status?.conditions ?? [],
  };
}
