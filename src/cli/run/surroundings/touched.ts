import { DEFAULTS } from '../../../api/defaults.ts';
import type { PatchPolicySpec } from '../../../api/schema/patchpolicy.ts';
import type { PatchIntent } from '../../../api/types.ts';
import type { Labels, PolicyInput, Unknown } from '../../../policy/input.ts';
import { applies } from '../../../policy/match.ts';
import { keyOf } from '../../../reconcile/key.ts';
import { targetKey } from '../../../reconcile/permit/target-key.ts';
import type { Target } from '../../../reconcile/permit/world.ts';
import type { Indexes } from '../../../runtime/store.ts';

/** What the store of the intents must find them by. */
export const INTENT_INDEXES: Indexes<PatchIntent> = Object.freeze({
  target: (intent: PatchIntent) => {
    const target = wantedTarget(intent);
    return target === undefined ? [] : [targetKey(target)];
  },
});

/** What a stored spec, valid or not, wants to change; undefined where that can not be told. */
export function wantedTarget({ metadata, spec }: PatchIntent): Target | undefined {
  // Not checked yet: the store keeps what the server keeps.
  const {
    target,
    namespace = metadata.namespace,
    targetApiVersion = DEFAULTS.targetApiVersion,
    targetKind = DEFAULTS.targetKind,
  } = fieldsOf(spec);
  const parts = [target, namespace, targetApiVersion, targetKind];
  if (!parts.every((part) => typeof part === 'string')) return undefined;
  return {
    name: String(target),
    namespace: String(namespace),
    apiVersion: String(targetApiVersion),
    kind: String(targetKind),
  };
}

/** The keys of the intents that stand in a namespace or reach into it. */
export function aroundNamespace(namespace: string, intents: readonly PatchIntent[]): readonly string[] {
  return intents
    .filter((intent) => intent.metadata.namespace === namespace || wantedTarget(intent)?.namespace === namespace)
    .map(({ metadata }) => keyOf(metadata));
}

/** The keys of the intents that any of these policies may apply to, as far as that is known without their targets. */
export function underPolicies(
  specs: readonly PatchPolicySpec[],
  intents: readonly PatchIntent[],
  labelsOf: (namespace: string) => Labels | Unknown,
): readonly string[] {
  return intents
    .filter((intent) => {
      const input = inputOf(intent, labelsOf);
      return input !== undefined && specs.some((spec) => applies(spec, input).match !== 'no');
    })
    .map(({ metadata }) => keyOf(metadata));
}

const NOTHING = new Map<never, never>();
const NEVER = new Date(0);

/** As much of the input of a verdict as decides whether a policy applies. */
function inputOf(intent: PatchIntent, labelsOf: (namespace: string) => Labels | Unknown): PolicyInput | undefined {
  const target = wantedTarget(intent);
  if (target === undefined) return undefined;
  const { namespace } = intent.metadata;
  const { intentType, source } = fieldsOf(intent.spec);
  return {
    intent: {
      namespace,
      namespaceLabels: labelsOf(namespace),
      type: String(intentType),
      id: intent.metadata.uid,
      ...(typeof source === 'string' ? { source } : {}),
    },
    target: { ...target, namespaceLabels: labelsOf(target.namespace), labels: 'unknown' },
    usage: NOTHING,
    now: NEVER,
  };
}

function fieldsOf(spec: unknown): Readonly<Record<string, unknown>> {
  return typeof spec === 'object' && spec !== null ? (spec as Readonly<Record<string, unknown>>) : {};
}
