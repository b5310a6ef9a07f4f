import { Command } from 'commander';
import { type LoadedIntent } from '../api/wire/load.ts';
import { systemClock } from '../platform/clock.ts';
import { printable } from '../platform/escape.ts';
import { describeFinding, describeInvalid, findingData, invalidData, titleOf } from './findings.ts';
import { type Input, readInputs } from './input.ts';
import { Exit, type Io } from './io.ts';
import { type Format, outputOption, painter, printData } from './output.ts';
import { withPlanFindings } from './plan-intent.ts';
import { addSettings, settingsOf } from './settings-options.ts';

const DETAILS = `
A document is a PatchIntent manifest (it has apiVersion and kind) or a wire document (snake_case, with its namespace).
JSON or YAML: by the ending of the file name, else by the first character. A file may hold several documents, or a List
as kubectl get -o json prints it; at most 1 MiB. Everything that is wrong is told at once.

Examples:
  $ patchgen validate intent.yaml
  $ kubectl get pi -o json | patchgen validate -
  $ patchgen validate --strict -o json *.yaml

Ends with 1 when any document is invalid or any file cannot be read.`;

const SETTINGS = ['validationTimeoutMs', 'strictMode'] as const;

interface Options {
  readonly output: Format;
  readonly strict?: boolean;
  readonly namespace: string;
}

/** `patchgen validate FILE…|-`: checks intents without a cluster. */
export function validateCommand(io: Io): Command {
  const command = new Command('validate')
    .description('Checks intents in files or from standard input, without a cluster.')
    .argument('<file...>', 'files to check; - is standard input')
    .addOption(outputOption())
    .option('--strict', 'warnings are errors, such as a missing correlation id (the same as --strict-mode)')
    .option('-n, --namespace <name>', 'namespace of manifests that name none', 'default');
  return addSettings(command, SETTINGS)
    .addHelpText('after', DETAILS)
    .action(async (files: readonly string[], options: Options) => {
      const { validationTimeoutMs, strictMode } = settingsOf(command, SETTINGS);
      const read = await readInputs(io, [...new Set(files)], {
        clock: systemClock,
        timeoutMs: validationTimeoutMs,
        strict: options.strict === true || strictMode,
        namespace: options.namespace,
      });
      const inputs = read.map(withPlanFindings);
      if (options.output === 'text') printText(io, inputs);
      else printData(io, options.output, dataOf(inputs));
      if (!inputs.every(isGood)) throw new Exit(1);
    });
}

function isGood(input: Input): boolean {
  return 'intents' in input && input.intents.every(({ valid }) => valid);
}

function printText(io: Io, inputs: readonly Input[]): void {
  const paint = painter(io);
  for (const input of inputs) {
    if ('error' in input) io.stderr.write(`error: ${input.error}\n`);
    else for (const intent of input.intents) io.stdout.write(textOf(intent));
  }
  const intents = inputs.flatMap((input) => ('intents' in input ? input.intents : []));
  const bad = intents.filter(({ valid }) => !valid).length;
  const unread = inputs.length - inputs.filter((input) => 'intents' in input).length;
  const parts = [`${intents.length - bad} valid`, `${bad} invalid`, ...(unread > 0 ? [`${unread} unreadable`] : [])];
  io.stdout.write(`${parts.join(', ')}\n`);

  function textOf(intent: LoadedIntent): string {
    if (!intent.valid) return describeInvalid(intent, paint);
    const { spec, warnings } = intent;
    const target = `${spec.targetKind} ${spec.namespace}/${spec.target}`;
    const told = warnings.map((found) =>
      describeFinding({ ...found, message: `warning: ${found.message}` }, 'yellow', paint),
    );
    return `${titleOf(intent)}: ${paint('green', 'valid')}: ${printable(target)}, replicas → ${spec.replicas}\n${told.join('')}`;
  }
}

function dataOf(inputs: readonly Input[]) {
  const documents = inputs.flatMap((input) => ('intents' in input ? input.intents.map(documentOf) : []));
  const errors = inputs.flatMap((input) => ('error' in input ? [{ file: input.name, message: input.error }] : []));
  return { valid: inputs.every(isGood), documents, ...(errors.length > 0 ? { errors } : {}) };
}

function documentOf(intent: LoadedIntent) {
  if (!intent.valid) return invalidData(intent);
  const { source: file, line, name, valid, namespace, form, spec, warnings } = intent;
  return { file, line, name, valid, namespace, form, spec, warnings: warnings.map(findingData) };
}
