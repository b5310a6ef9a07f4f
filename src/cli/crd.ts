import { Argument, Command } from 'commander';
import type { Crd } from '../api/crd.ts';
import { crds } from '../api/crds.ts';
import type { Io } from './io.ts';
import { outputOption, printData } from './output.ts';

interface Options {
  readonly output: 'yaml' | 'json';
}

/** `patchgen crd`: the CustomResourceDefinitions, ready for kubectl. */
export function crdCommand(io: Io): Command {
  return new Command('crd')
    .description('Prints the CustomResourceDefinitions: patchgen crd | kubectl apply --server-side -f -')
    .addArgument(new Argument('[kinds...]', 'only these').choices(crds().map(pluralOf)))
    .addOption(outputOption(['yaml', 'json']))
    .action((kinds: readonly string[], { output }: Options) => print(io, output, wanted(kinds)));
}

const pluralOf = ({ spec }: Crd): string => spec.names.plural;

const wanted = (kinds: readonly string[]): readonly Crd[] =>
  crds().filter((crd) => kinds.length === 0 || kinds.includes(pluralOf(crd)));

/** YAML as one document each, JSON as one object, which is a List where they are several. */
function print(io: Io, output: Options['output'], chosen: readonly Crd[]): void {
  const [only] = chosen;
  if (output === 'json')
    return printData(io, output, chosen.length === 1 ? only : { apiVersion: 'v1', kind: 'List', items: chosen });
  for (const [index, crd] of chosen.entries()) {
    if (index > 0) io.stdout.write('---\n');
    printData(io, output, crd);
  }
}
