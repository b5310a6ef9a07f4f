import { isDeepStrictEqual } from 'node:util';
import { Command } from 'commander';
import type { TargetKind } from '../../src/api/guards/requester.ts';
import { addSettings, settingsOf, spellOutSwitches } from '../../src/cli/settings-options.ts';
import type { SettingName } from '../../src/config.ts';
import type { ControlPlane } from '../../tools/control-plane/control-plane.ts';
import { type OperatorAccount, operatorAccount } from './operator-account.ts';

export interface OperatorAccounts {
  /** The account for an operator with these flags, made when it is first asked for. */
  of(flags?: readonly string[]): Promise<OperatorAccount>;
}

/** The namespace of every release, and so of the Leases; `tools/operator-process.ts` names it to operators. */
const NAMESPACE = 'default';

/** One release of the chart for each set of flags that says something of rights. `targets`: that value of the chart. */
export function accountsOf(plane: ControlPlane, targets?: readonly TargetKind[]): OperatorAccounts {
  const made: { readonly values: object; readonly account: Promise<OperatorAccount> }[] = [];
  return {
    of(flags = []) {
      const values = { ...valuesOf(flags), ...(targets === undefined ? {} : { targets }) };
      const known = made.find((one) => isDeepStrictEqual(one.values, values));
      if (known !== undefined) return known.account;
      const name = made.length === 0 ? 'patchgen' : `patchgen-${made.length + 1}`;
      const account = operatorAccount(plane, { name, namespace: NAMESPACE, values });
      made.push({ values, account });
      return account;
    },
  };
}

/** Those that say what an operator may do. */
const SETTINGS = [
  'leaderElectionId',
  'watchNamespaces',
  'allowedTargetNamespaces',
  'livePlans',
  'planDryRun',
  'policies',
  'approvalGuard',
] as const satisfies readonly SettingName[];

/** The values of the chart that say the same as the flags. */
function valuesOf(flags: readonly string[]): object {
  const command = addSettings(new Command('run')).exitOverride();
  command.parse([...spellOutSwitches(flags)], { from: 'user' });
  if (command.opts().leaderElectionNamespace !== undefined)
    throw new Error('a release has its Lease in its own namespace');
  return settingsOf(command, SETTINGS, {});
}
