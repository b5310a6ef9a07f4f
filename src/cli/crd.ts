import { Command } from 'commander';
import { patchIntentCrd } from '../api/crd.ts';
import type { Io } from './io.ts';
import { outputOption, printData } from './output.ts';

/** `patchgen crd`: the CustomResourceDefinition, ready for kubectl. */
export function crdCommand(io: Io): Command {
  return new Command('crd')
    .description('Prints the CustomResourceDefinition of PatchIntent: patchgen crd | kubectl apply -f -')
    .addOption(outputOption(['yaml', 'json']))
    .action(({ output }: { readonly output: 'yaml' | 'json' }) => printData(io, output, patchIntentCrd()));
}
