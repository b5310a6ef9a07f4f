import { Command } from 'commander';
import type { ValidIntent } from '../../api/wire/load.ts';
import { systemClock } from '../../platform/clock.ts';
import { evaluate } from '../../policy/evaluate.ts';
import { ExitCode } from '../exit-codes.ts';
import { type Input, readInputs } from '../input.ts';
import { Exit, type Io } from '../io.ts';
import { type Format, outputOption, printData } from '../output.ts';
import { withPlanFinding } from '../plan-intent.ts';
import { addSettings, settingsOf } from '../settings-options.ts';
import { type Circumstances, circumstancesOf, inputOf, type RawCircumstances } from './circumstances.ts';
import { type PolicyFile, policiesOf, readPolicyFiles } from './read-policies.ts';
import { dataOf, isAllowed, printBadInput, printVerdicts, type Tested } from './view.ts';

const DETAILS = `
Holds each intent of FILE against all policies and tells what every rule says. The strictest result counts: Allow, Warn,
Approval, Wait, Refuse. Nothing is read from a cluster: say what the operator would find there with the options. What is
not said is unknown, and a rule that needs it says Wait. Rates and the storm brake count as unused.

Examples:
  $ patchgen policy test intent.yaml --policy prod.yaml --from 3
  $ patchgen policy test intent.yaml --policy policies/*.yaml --namespace-labels env=prod --at 2026-12-24T18:00:00Z -o json

Ends with 0 when every intent may go ahead, with 1 when any may not (or not yet, or not without approval), and with 2 when
an intent or a policy can not be read or is not valid.`;

const SETTINGS = ['validationTimeoutMs'] as const;

interface Options extends RawCircumstances {
  readonly policy: readonly string[];
  readonly namespace: string;
  readonly output: Format;
}

/** `patchgen policy test FILE --policy FILE…`: explains a verdict, rule by rule. `now` is an argument for tests. */
export function policyTestCommand(io: Io, now: () => Date = () => new Date()): Command {
  const command = new Command('test')
    .description('Holds intents against policies, without a cluster, and explains the verdict rule by rule.')
    .argument('<file>', 'file with intents; - is standard input')
    .requiredOption('--policy <file...>', 'files with PatchPolicies')
    .option('-n, --namespace <name>', 'namespace of manifests that name none', 'default')
    .option('--namespace-labels <labels>', 'labels of the namespace of the intent: env=prod,team=shop')
    .option('--target-namespace-labels <labels>', 'labels of the namespace of the target, where it is another one')
    .option('--target-labels <labels>', 'labels of the target')
    .option('--from <n>', 'how many replicas the target has now')
    .option('--autoscaler <name>', 'the autoscaler that owns the replicas of the target')
    .option('--owner <name>', 'what keeps the target as it is declared elsewhere: Flux, Argo CD or Helm')
    .option('--at <time>', 'the time to ask for, in RFC 3339: 2026-12-24T18:00:00Z; default now')
    .addOption(outputOption());
  return addSettings(command, SETTINGS)
    .addHelpText('after', DETAILS)
    .action(async (file: string, options: Options) => {
      const circumstances = circumstancesOf(options, now());
      const { validationTimeoutMs: timeoutMs } = settingsOf(command, SETTINGS);
      const read = { clock: systemClock, timeoutMs, strict: false, namespace: options.namespace };
      const files = await readPolicyFiles(io, [...new Set(options.policy)], read);
      const inputs = (await readInputs(io, [file], read)).map(planned);
      const tested = hold(inputs, files, circumstances);
      if (tested === undefined) {
        printBadInput(io, inputs, files);
        throw new Exit(ExitCode.usage);
      }
      if (options.output === 'text') printVerdicts(io, tested);
      else printData(io, options.output, dataOf(tested, circumstances));
      if (!tested.every(isAllowed)) throw new Exit(ExitCode.failed);
    });
}

/** What the operator would reject before any policy is asked can not be held against one. */
function planned(input: Input): Input {
  return 'intents' in input ? { ...input, intents: input.intents.map(withPlanFinding) } : input;
}

/** The verdict on each intent; undefined when any intent or policy is not there or not valid. */
function hold(
  inputs: readonly Input[],
  files: readonly PolicyFile[],
  circumstances: Circumstances,
): readonly Tested[] | undefined {
  const policies = policiesOf(files);
  const intents = inputs.flatMap((input): readonly (ValidIntent | undefined)[] =>
    'intents' in input ? input.intents.map((intent) => (intent.valid ? intent : undefined)) : [undefined],
  );
  if (policies === undefined || !intents.every((intent) => intent !== undefined)) return undefined;
  return intents.map((intent) => ({ intent, verdict: evaluate(inputOf(intent, circumstances), policies) }));
}
