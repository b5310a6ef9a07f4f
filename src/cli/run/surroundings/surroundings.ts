import type { PatchIntent } from '../../../api/types.ts';
import { consents } from '../../../policy/reach.ts';
import { keyOf } from '../../../reconcile/key.ts';
import type { StoredPolicy } from '../../../reconcile/permit/stored-policy.ts';
import type { Surroundings } from '../../../reconcile/permit/world.ts';
import { abortableBy } from '../../../runtime/abortable.ts';
import { Store } from '../../../runtime/store.ts';
import { every } from '../every.ts';
import { type ApprovalWatch, startApprovalWatch } from './approval-watch.ts';
import { type AutoscalerWatch, startAutoscalerWatch } from './autoscaler-watch.ts';
import { type NamespaceWatch, startNamespaceWatch } from './namespace-watch.ts';
import { type Common, type PolicyWatch, startPolicyWatch } from './policy-watch.ts';
import { Rivals } from './rivals.ts';
import type { RunningSurroundings, SurroundingsOptions } from './surroundings-types.ts';
import { aroundNamespace, underPolicies } from './touched.ts';
import { Wakes } from './wakes.ts';

export {
  RESOURCES,
  type RunningSurroundings,
  type SurroundingsMetrics,
  type SurroundingsOptions,
} from './surroundings-types.ts';
export { INTENT_INDEXES } from './touched.ts';

/** What is watched, as the settings have it. */
interface Watches {
  readonly policies?: PolicyWatch;
  readonly approvals?: ApprovalWatch;
  readonly namespaces?: NamespaceWatch;
  readonly autoscalers?: AutoscalerWatch;
}

/**
 * Watches what decides on intents beside themselves and their targets, and wakes those whom a change touches: at once where a
 * person decided, an autoscaler came or a rival moved; at a steady pace where an edit of a policy touches many.
 */
export function startSurroundings(options: SurroundingsOptions): RunningSurroundings {
  const { settings, intents, clock, random } = options;
  const wakes = new Wakes(options);
  const rivals = new Rivals({
    intents,
    letsIn: (namespace, from) => letsIn(settings, watches.namespaces, namespace, from),
    onMoved(keys) {
      // The oldest first: it may have the field now. What the others are told is only another name.
      wakes.now(keys.slice(0, 1));
      wakes.soon(keys.slice(1));
    },
  });
  const watches = startWatches(options, wakes, rivals);
  const kinds = [
    watches.policies?.kind,
    watches.approvals?.kind,
    watches.namespaces?.kind,
    ...(watches.autoscalers?.kinds ?? []),
  ].filter((kind) => kind !== undefined);
  const relist = (): void => {
    for (const kind of kinds) kind.relist();
  };
  const cancel = every({ ms: settings.resyncIntervalMs, clock, random }, relist);
  return {
    surroundings: viewOf(watches, rivals, settings.policies),
    policyObjects: watches.policies?.store ?? new Store<StoredPolicy>(),
    reflectors: kinds.flatMap(({ reflectors }) => reflectors),
    intentChanged: (change) => rivals.intentChanged(change),
    async whenSettled(signal) {
      const abort = abortableBy(signal);
      await abort.race(Promise.all(kinds.map((kind) => kind.whenSettled()))).finally(() => abort.release());
    },
    problems: () => kinds.flatMap((kind) => kind.problem() ?? []),
    relist,
    async stop() {
      cancel();
      wakes.stop();
      await Promise.all([watches.policies?.stop(), ...kinds.map((kind) => kind.stop())]);
    },
  };
}

function startWatches(options: SurroundingsOptions, wakes: Wakes, rivals: Rivals): Watches {
  const { settings, intents, isLeading } = options;
  const { watchNamespaces, allowedTargetNamespaces } = settings;
  const narrowed = watchNamespaces.length > 0;
  const common: Common = { ...options, onKnown: () => wakes.inTurn([...intents.keys()]) };
  const wake = (keys: readonly string[], initial: boolean): void => {
    const present = keys.filter((key) => intents.get(key) !== undefined);
    if (initial) wakes.inTurn(present);
    else wakes.soon(present);
  };
  const autoscalers = settings.livePlans
    ? startAutoscalerWatch(
        common,
        narrowed ? [...new Set([...watchNamespaces, ...allowedTargetNamespaces])] : undefined,
        (targets, initial) => wake(targets.flatMap((target) => intents.byIndex('target', target)).map(key), initial),
      )
    : undefined;
  if (!settings.policies) return { ...(autoscalers && { autoscalers }) };
  const namespaces = startNamespaceWatch(common, (namespace, initial) => {
    rivals.namespaceChanged(namespace);
    // Whoever waited for the first list is woken when it is whole.
    if (!initial && isLeading()) wake(aroundNamespace(namespace, intents.list()), false);
  });
  const policies = startPolicyWatch(common, {
    isLeading,
    onEdits: (specs) => wakes.inTurn(underPolicies(specs, intents.list(), namespaces.labelsOf)),
    onVersion: options.onPolicyChange,
  });
  const approvals = startApprovalWatch(common, narrowed ? watchNamespaces : undefined, wake);
  return { policies, approvals, namespaces, ...(autoscalers && { autoscalers }) };
}

function viewOf(
  { policies, approvals, namespaces, autoscalers }: Watches,
  rivals: Rivals,
  enforced: boolean,
): Surroundings {
  return {
    autoscalerOf: (target) => autoscalers?.autoscalerOf(target),
    namespaceLabels: (namespace) => namespaces?.labelsOf(namespace) ?? 'unknown',
    policies: () => (enforced ? policies?.policies() : []),
    approvals: (namespace, intent) => approvals?.approvals(namespace, intent) ?? [],
    rivalOf: (intent) => rivals.rivalOf(intent),
    autoscalersUnknown: (namespace) => autoscalers?.unknown(namespace),
  };
}

/** As far as settings and consent have it. What policies say of it is no matter here: they refuse, and that is told. */
function letsIn(
  { policies, allowedTargetNamespaces }: SurroundingsOptions['settings'],
  namespaces: NamespaceWatch | undefined,
  namespace: string,
  from: string,
): boolean {
  if (!policies || namespaces === undefined) return false;
  if (allowedTargetNamespaces.length > 0 && !allowedTargetNamespaces.includes(namespace)) return false;
  const labels = namespaces.labelsOf(namespace);
  return labels !== 'unknown' && consents(labels, from);
}

const key = ({ metadata }: PatchIntent): string => keyOf(metadata);
