import { Command, Option } from 'commander';
import { environment, rowOf, variableOf } from '../config.ts';
import { systemClock } from '../platform/clock.ts';
import { readInputs } from './input.ts';
import { Exit, type Io, UsageError } from './io.ts';
import { type Format, printData } from './output.ts';
import { renderIntent } from './packages/render-intent.ts';
import { dataOf, isGood, printReport, type Report } from './packages/report-generated.ts';
import { writeRendered } from './packages/write-rendered.ts';
import { addSettings, settingsOf } from './settings-options.ts';

const DETAILS = `
Takes what validate takes: PatchIntent manifests and wire documents, JSON or YAML, several to a file. Each becomes a plain
folder <dir>/<package name>, whole or not at all, with the bytes and the digest that the operator would publish. A folder
that is there with the same content is left alone; one that differs is kept unless --force is given.

Examples:
  $ patchgen generate intent.yaml --output out --create
  $ kubectl get pi web -o json | patchgen generate - --output out
  $ patchgen generate *.yaml --dry-run -o json

Ends with 1 when any document is invalid or any package could not be written; the others are written all the same.`;

const SETTINGS = ['validationTimeoutMs', 'strictMode', 'minFreeSpaceBytes'] as const;

interface Options {
  readonly output?: string;
  readonly create?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly strict?: boolean;
  readonly namespace: string;
  readonly format: Format;
}

/** `patchgen generate FILE…|- --output DIR`: packages as plain folders, without a cluster. */
export function generateCommand(io: Io): Command {
  const command = new Command('generate')
    .description('Writes the packages of intents as plain folders, without a cluster.')
    .argument('<file...>', 'files with intents; - is standard input')
    .option('--output <dir>', `folder to write to (env ${variableOf(rowOf('outputDir').flag)})`)
    .option('--create', 'make the folder where it does not exist')
    .option('--force', 'replace packages whose content differs')
    .option('--dry-run', 'write nothing; with -o json or yaml print the files')
    .addOption(new Option('-o, --format <format>', 'how to print').choices(['text', 'json', 'yaml']).default('text'))
    .option('--strict', 'warnings are errors, such as a missing correlation id (the same as --strict-mode)')
    .option('-n, --namespace <name>', 'namespace of manifests that name none', 'default');
  return addSettings(command, SETTINGS)
    .addHelpText('after', DETAILS)
    .action(async (files: readonly string[], options: Options) => {
      const report = await generate(io, command, files, options);
      if (options.format === 'text') printReport(io, report);
      else printData(io, options.format, dataOf(report));
      if (!isGood(report)) throw new Exit(1);
    });
}

async function generate(io: Io, command: Command, files: readonly string[], options: Options): Promise<Report> {
  const { validationTimeoutMs: timeoutMs, strictMode, minFreeSpaceBytes } = settingsOf(command, SETTINGS);
  const directory = options.dryRun === true ? undefined : outputOf(command, options);
  const strict = options.strict === true || strictMode;
  const { namespace } = options;
  const inputs = await readInputs(io, [...new Set(files)], { clock: systemClock, timeoutMs, strict, namespace });
  const intents = inputs.flatMap((input) => ('intents' in input ? input.intents : []));
  const results = intents.filter((intent) => intent.valid).map(renderIntent);
  const rendered = results.filter((result) => 'package' in result);
  const refused = results.filter((result) => 'failure' in result);
  const { create = false, force = false } = options;
  const outcomes =
    directory === undefined
      ? rendered.map(() => 'rendered' as const)
      : await writeRendered(io, rendered, { directory, create, force, minFreeBytes: minFreeSpaceBytes });
  const generated = rendered.map((one, index) => ({ ...one, outcome: outcomes[index] ?? new Error('not written') }));
  return { inputs, generated, refused, directory };
}

/** The setting names the mount of the operator; here it is the folder itself, and has no default that anyone would want. */
function outputOf(command: Command, { output }: Options): string {
  if (output !== undefined && output !== '') return output;
  const { outputDir } = settingsOf(command, ['outputDir']);
  const row = rowOf('outputDir');
  if (outputDir === row.default && (environment()[variableOf(row.flag)] ?? '') === '') {
    throw new UsageError('say where to write: --output <dir>, or PATCHGEN_OUTPUT_DIR; --dry-run writes nothing');
  }
  return outputDir;
}
