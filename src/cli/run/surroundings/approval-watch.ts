import { BASE } from '../../../reconcile/kind-served.ts';
import type { Approval } from '../../../reconcile/permit/approvals.ts';
import { intentKeyOf, projectApproval, type StoredApproval } from '../../../reconcile/permit/project-approval.ts';
import { Store } from '../../../runtime/store.ts';
import type { Common } from './policy-watch.ts';
import { WatchedKind } from './watched-kind.ts';

export interface ApprovalWatch {
  readonly kind: WatchedKind<StoredApproval>;
  approvals(namespace: string, intent: string): readonly Approval[];
}

/** Watches decisions of people, in these namespaces or in all. `onDecision`: there is another set of them on these intents. */
export function startApprovalWatch(
  common: Common,
  namespaces: readonly string[] | undefined,
  onDecision: (keys: readonly string[], initial: boolean) => void,
): ApprovalWatch {
  const store = new Store<StoredApproval>({
    intent: (approval) => (approval.withdrawn ? [] : [intentKeyOf(approval)]),
  });
  const kind = new WatchedKind<StoredApproval>({
    ...common,
    resource: 'patchapprovals',
    api: BASE,
    namespaces,
    store,
    project: projectApproval,
    onChange({ old, object, initial }) {
      if (old !== undefined && object !== undefined && saysTheSame(old, object)) return;
      onDecision(
        [...new Set([old, object].flatMap((each) => (each === undefined ? [] : [intentKeyOf(each)])))],
        initial,
      );
    },
    otherwise: 'no approval counts',
  });
  return { kind, approvals: (namespace, intent) => store.byIndex('intent', `${namespace}/${intent}`) };
}

function saysTheSame(old: StoredApproval, now: StoredApproval): boolean {
  return (['intent', 'planDigest', 'decision', 'approver', 'withdrawn'] as const).every(
    (part) => old[part] === now[part],
  );
}
