import { Command } from 'commander';
import { type Environment, environment, type SettingName, type Settings } from '../config.ts';
import { systemClock } from '../platform/clock.ts';
import { printable } from '../platform/escape.ts';
import { createGuard } from '../reconcile/permit/guard.ts';
import { createTargets } from '../reconcile/plan/targets.ts';
import { type Cluster, withCluster } from './cluster.ts';
import { ExitCode } from './exit-codes.ts';
import { Exit, type Io, UsageError } from './io.ts';
import { type Format, outputOption, painter, printData } from './output.ts';
import { type Answers, type Asked, answer, askedByName, askedIn, isWhole } from './plan/answers.ts';
import { judgementOf, mayGoAhead } from './plan/judge.ts';
import type { Viewpoint } from './plan/look.ts';
import { ClusterReader } from './plan/reader.ts';
import { plansData, planView } from './plan/view.ts';
import { printBadInput } from './policy/view.ts';
import { addSettings, settingsOf } from './settings-options.ts';
import { nameOf } from './status/read.ts';

const NAMES = [
  'validationTimeoutMs',
  'strictMode',
  'livePlans',
  'planDryRun',
  'policies',
  'approvalGuard',
  'allowedTargetNamespaces',
  'kubeconfig',
  'context',
] as const satisfies readonly SettingName[];
type PlanSettings = Pick<Settings, (typeof NAMES)[number]>;

const DESCRIPTION = `Plans intents against the live cluster as the operator would, with your own rights, and changes nothing.

Shows what would change, who else has the field, what every policy says, and whose approval is needed. What your rights do not let you see is told as unknown, and never taken for fine.`;

const DETAILS = `
Examples:
  $ patchgen plan intent.yaml                    what would come of it
  $ patchgen plan --intent web -n shop -o json   what comes of one that the cluster has
  $ kubectl get pi -o json | patchgen plan -

Give it the settings of the operator (--strict-mode, --plan-dry-run, …), so that it comes to the same. It tells what the
operator would do, and not whether you may create the intent: that kubectl apply --dry-run=server tells.

Intents of one call are planned as if all of them were there: of two that want other values of one field the older one
keeps it. Those that are new are younger than all that the cluster has, and among each other in the order of the call.

Ends with 0 when every change may go ahead, with 1 when any may not (or not yet, or not without approval, or the operator
does not act on it, or that is not known), and with 2 when an intent can not be read, is not valid or could not be planned,
because the cluster gave no answer; the others are planned all the same.`;

interface Flags {
  readonly intent?: string;
  readonly namespace?: string;
  readonly output: Format;
}

/** `patchgen plan FILE…`. `now` is an argument for tests. */
export function planCommand(io: Io, env: Environment = environment(), now: () => Date = () => new Date()): Command {
  const command = new Command('plan')
    .description(DESCRIPTION)
    .argument('[file...]', 'files with intents; - is standard input')
    .option('--intent <name>', 'NAME or NAMESPACE/NAME of an intent of the cluster, in place of files')
    .option('-n, --namespace <namespace>', 'namespace of what names none (default: of the kubeconfig context)')
    .addOption(outputOption());
  return addSettings(command, NAMES)
    .addHelpText('after', DETAILS)
    .action((files: readonly string[], flags: Flags) => {
      if (files.length === 0 && flags.intent === undefined)
        throw new UsageError('say what to plan: files with intents, - for standard input, or --intent NAME');
      if (files.length > 0 && flags.intent !== undefined)
        throw new UsageError('say what to plan once: files with intents or --intent NAME, not both');
      const settings = settingsOf(command, NAMES, env);
      return withCluster(settings, env, async (cluster) => {
        const viewpoint = viewpointOf(cluster, settings, now);
        const answers = await answer(await askedOf(io, cluster, viewpoint, files, flags, settings), viewpoint);
        if (flags.output === 'text') printText(io, answers);
        else printData(io, flags.output, plansData(answers, now()));
        if (!isWhole(answers)) throw new Exit(ExitCode.usage);
        if (!answers.looks.every((one) => mayGoAhead(judgementOf(one)))) throw new Exit(ExitCode.failed);
      });
    });
}

/** Plans go to standard output, all that could not be planned to standard error. */
function printText(io: Io, { inputs, looks, unplanned }: Answers): void {
  printBadInput(io, inputs, []);
  for (const { title, message } of unplanned) io.stderr.write(`error: ${printable(`${title}: ${message}`)}\n`);
  io.stdout.write(looks.map((one) => planView(one, painter(io))).join('\n'));
}

function viewpointOf({ client }: Cluster, settings: PlanSettings, now: () => Date): Viewpoint {
  const { strictMode, livePlans, planDryRun, policies, approvalGuard, allowedTargetNamespaces } = settings;
  const clock = { ...systemClock, now };
  return {
    reader: new ClusterReader(client),
    targets: createTargets(client, { clock, live: livePlans, dryRun: planDryRun }),
    guard: createGuard(client, { clock, enforce: approvalGuard }),
    rules: { strictMode, allowedTargetNamespaces: new Set(allowedTargetNamespaces) },
    policies,
    livePlans,
    now,
  };
}

function askedOf(
  io: Io,
  { client, access }: Cluster,
  viewpoint: Viewpoint,
  files: readonly string[],
  flags: Flags,
  { validationTimeoutMs: timeoutMs }: PlanSettings,
): Promise<Asked> {
  if (flags.intent !== undefined) {
    const { namespace, name } = nameOf(flags.intent, flags.namespace, access.namespace);
    return askedByName(client, namespace, name);
  }
  const options = { clock: systemClock, timeoutMs, strict: false, namespace: flags.namespace ?? access.namespace };
  return askedIn(io, files, options, viewpoint);
}
