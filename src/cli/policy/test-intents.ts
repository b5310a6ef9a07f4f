import { Command } from 'commander';
import { systemClock } from '../../platform/clock.ts';
import { evaluate } from '../../policy/evaluate.ts';
import { ExitCode } from '../exit-codes.ts';
import { type Input, readInputs } from '../input.ts';
import { Exit, type Io, UsageError } from '../io.ts';
import { type Format, outputOption, printData } from '../output.ts';
import { withPlanFindings } from '../plan-intent.ts';
import { addSettings, settingsOf } from '../settings-options.ts';
import { type Circumstances, circumstancesOf, inputOf, type RawCircumstances } from './circumstances.ts';
import { type PolicyFile, policiesOf, readPolicyFiles } from './read-policies.ts';
import { dataOf, isAllowed, type Outcome, printBadInput, printVerdicts } from './view.ts';

const DETAILS = `
Holds each intent of FILE against all policies and tells what every rule says. The strictest result counts: Allow, Warn,
Approval, Wait, Refuse. Nothing is read from a cluster: say what the operator would find there with the options. What is
not said is unknown, and a rule that needs it says Wait; say none for an autoscaler or owner that is not there. Rates and
the storm brake count as unused.

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
    .usage('[options] <file>')
    .argument('[file]', 'file with intents; - is standard input')
    .requiredOption('--policy <file...>', 'files with PatchPolicies')
    .option('-n, --namespace <name>', 'namespace of manifests that name none', 'default')
    .option('--namespace-labels <labels>', 'labels of the namespace of the intent: env=prod,team=shop')
    .option('--target-namespace-labels <labels>', 'labels of the namespace of the target, where it is another one')
    .option('--target-labels <labels>', 'labels of the target')
    .option('--from <n>', 'how many replicas the target has now')
    .option('--autoscaler <name>', 'the autoscaler that owns the replicas of the target, or none')
    .option('--owner <name>', 'what keeps the target as it is declared elsewhere (Flux, Argo CD or Helm), or none')
    .option('--at <time>', 'the time to ask for, in RFC 3339: 2026-12-24T18:00:00Z; default now')
    .addOption(outputOption());
  return addSettings(command, SETTINGS)
    .addHelpText('after', DETAILS)
    .action(async (file: string | undefined, options: Options) => {
      const circumstances = circumstancesOf(options, now());
      const { validationTimeoutMs: timeoutMs } = settingsOf(command, SETTINGS);
      const read = { clock: systemClock, timeoutMs, strict: false, namespace: options.namespace };
      const named = filesOf(file, options.policy);
      const files = await readPolicyFiles(io, [...new Set(named.policies)], read);
      const outcome = hold((await readInputs(io, [named.intents], read)).map(withPlanFindings), files, circumstances);
      if (options.output !== 'text') printData(io, options.output, dataOf(outcome, circumstances));
      else if (outcome.whole) printVerdicts(io, outcome.tested);
      else printBadInput(io, outcome.inputs, files);
      if (!outcome.whole) throw new Exit(ExitCode.usage);
      if (!outcome.tested.every(isAllowed)) throw new Exit(ExitCode.failed);
    });
}

/** `--policy` takes all files that come after it, so of those that stand there the last may be the one of the intents. */
function filesOf(file: string | undefined, policies: readonly string[]) {
  if (file !== undefined) return { intents: file, policies };
  const last = policies.at(-1);
  if (last === undefined || policies.length < 2) {
    throw new UsageError('missing FILE: patchgen policy test FILE --policy FILE…');
  }
  return { intents: last, policies: policies.slice(0, -1) };
}

/** The verdict on each intent that is valid, if all policies are. */
function hold(inputs: readonly Input[], files: readonly PolicyFile[], circumstances: Circumstances): Outcome {
  const policies = policiesOf(files);
  const intents = inputs.flatMap((input) => ('intents' in input ? input.intents : []));
  const tested =
    policies === undefined
      ? []
      : intents.flatMap((intent) =>
          intent.valid ? [{ intent, verdict: evaluate(inputOf(intent, circumstances), policies) }] : [],
        );
  const whole = policies !== undefined && tested.length === intents.length && !inputs.some((input) => 'error' in input);
  return { tested, inputs, files, whole };
}
