import type { ControlPlane } from '../../tools/control-plane/control-plane.ts';
import { type OperatorAccount, operatorAccount } from './operator-account.ts';

export interface OperatorAccounts {
  /** The account for an operator with these flags, made when it is first asked for. */
  of(flags?: readonly string[]): Promise<OperatorAccount>;
}

/** The namespace of every release, and so of the Leases; `tools/operator-process.ts` names it to operators. */
const NAMESPACE = 'default';

/** One release of the chart for each Lease and list of namespaces that operators are started with. */
export function accountsOf(plane: ControlPlane): OperatorAccounts {
  const made = new Map<string, Promise<OperatorAccount>>();
  return {
    of(flags = []) {
      if (flags.includes('--leader-election-namespace'))
        throw new Error('a release has its Lease in its own namespace');
      const leaderElectionId = valueOf(flags, '--leader-election-id') ?? 'patchgen';
      const watched = valueOf(flags, '--watch-namespaces') ?? '';
      const key = `${leaderElectionId} ${watched}`;
      const known = made.get(key);
      if (known !== undefined) return known;
      const name = made.size === 0 ? 'patchgen' : `patchgen-${made.size + 1}`;
      const watchNamespaces = watched === '' ? [] : watched.split(',');
      const account = operatorAccount(plane, { name, namespace: NAMESPACE, leaderElectionId, watchNamespaces });
      made.set(key, account);
      account.catch(() => made.delete(key));
      return account;
    },
  };
}

const valueOf = (flags: readonly string[], name: string): string | undefined => {
  const at = flags.lastIndexOf(name);
  return at < 0 ? undefined : flags[at + 1];
};
