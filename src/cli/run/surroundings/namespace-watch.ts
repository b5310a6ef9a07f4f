import type { Labels, Unknown } from '../../../policy/input.ts';
import { projectNamespace, type StoredNamespace } from '../../../reconcile/permit/project-namespace.ts';
import { Store } from '../../../runtime/store.ts';
import type { Common } from './policy-watch.ts';
import { WatchedKind } from './watched-kind.ts';

export interface NamespaceWatch {
  readonly kind: WatchedKind<StoredNamespace>;
  labelsOf(namespace: string): Labels | Unknown;
}

/** Watches the labels of all namespaces. `onLabels`: a namespace has other labels than before. */
export function startNamespaceWatch(
  common: Common,
  onLabels: (namespace: string, initial: boolean) => void,
): NamespaceWatch {
  const store = new Store<StoredNamespace>();
  const kind = new WatchedKind<StoredNamespace>({
    ...common,
    resource: 'namespaces',
    api: '/api/v1',
    store,
    project: projectNamespace,
    onChange({ key, old, object, initial }) {
      if (JSON.stringify(old?.labels) !== JSON.stringify(object?.labels)) onLabels(key, initial);
    },
    otherwise: 'what looks at their labels waits',
  });
  return { kind, labelsOf: (namespace) => store.get(namespace)?.labels ?? 'unknown' };
}
