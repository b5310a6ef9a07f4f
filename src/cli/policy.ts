import { Command } from 'commander';
import type { Io } from './io.ts';
import { policyTestCommand } from './policy/test-intents.ts';

/** `patchgen policy …`: what concerns PatchPolicies. */
export function policyCommand(io: Io): Command {
  return new Command('policy')
    .description('Works on PatchPolicies, without a cluster.')
    .addCommand(policyTestCommand(io));
}
