import {
  autoscalerText,
  projectHpa,
  projectScaledObject,
  type StoredAutoscaler,
} from '../../../reconcile/permit/project-autoscaler.ts';
import { targetKey } from '../../../reconcile/permit/target-key.ts';
import type { Target } from '../../../reconcile/permit/world.ts';
import type { Change } from '../../../runtime/reflector.ts';
import { Store } from '../../../runtime/store.ts';
import type { Common } from './policy-watch.ts';
import { WatchedKind } from './watched-kind.ts';

export interface AutoscalerWatch {
  readonly kinds: readonly WatchedKind<StoredAutoscaler>[];
  autoscalerOf(target: Target): string | undefined;
  /** Why it is not known which targets of a namespace have an autoscaler; undefined where it is. */
  unknown(namespace: string): string | undefined;
}

const OTHERWISE = 'whether an autoscaler sets the replicas of a target is not known';

/**
 * Watches what sets the replicas of targets by itself, in these namespaces or in all. `onTargets`: the autoscaler of these
 * targets, as `targetKey` has them, came, changed or went.
 */
export function startAutoscalerWatch(
  common: Common,
  namespaces: readonly string[] | undefined,
  onTargets: (targets: readonly string[], initial: boolean) => void,
): AutoscalerWatch {
  const byTarget = (): Store<StoredAutoscaler> => new Store<StoredAutoscaler>({ target: ({ target }) => [target] });
  const [hpas, scaledObjects] = [byTarget(), byTarget()];
  const options = { ...common, namespaces, otherwise: OTHERWISE, onChange: onChange(onTargets) };
  const kinds = [
    new WatchedKind<StoredAutoscaler>({
      ...options,
      resource: 'horizontalpodautoscalers',
      api: '/apis/autoscaling/v2',
      store: hpas,
      project: projectHpa,
    }),
    new WatchedKind<StoredAutoscaler>({
      ...options,
      resource: 'scaledobjects',
      api: '/apis/keda.sh/v1alpha1',
      store: scaledObjects,
      project: projectScaledObject,
    }),
  ];
  return {
    kinds,
    autoscalerOf(target) {
      const key = targetKey(target);
      // What people wrote before what was made from it; of several always the same.
      return nameIn(scaledObjects, key) ?? nameIn(hpas, key);
    },
    unknown(namespace) {
      if (!kinds.every((kind) => kind.covers(namespace))) return `namespace ${namespace} is not watched: ${OTHERWISE}`;
      return kinds.map((kind) => kind.problem(namespace)).find((problem) => problem !== undefined);
    },
  };
}

function nameIn(store: Store<StoredAutoscaler>, target: string): string | undefined {
  const [first] = store.byIndex('target', target).map(autoscalerText).toSorted();
  return first;
}

/** The status of an autoscaler moves all the time; whom it is for and what it is called do not. */
function onChange(onTargets: (targets: readonly string[], initial: boolean) => void) {
  return ({ old, object, initial }: Change<StoredAutoscaler>): void => {
    if (old !== undefined && object !== undefined && same(old, object)) return;
    onTargets([...new Set([old, object].flatMap((each) => each?.target ?? []))], initial);
  };
}

const same = (old: StoredAutoscaler, now: StoredAutoscaler): boolean =>
  old.target === now.target && autoscalerText(old) === autoscalerText(now);
