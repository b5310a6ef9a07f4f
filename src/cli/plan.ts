import { Command } from 'commander';
import type { ValidIntent } from '../api/wire/load.ts';
import { type Environment, environment, type SettingName, type Settings } from '../config.ts';
import { systemClock } from '../platform/clock.ts';
import { createGuard } from '../reconcile/permit/guard.ts';
import { createTargets } from '../reconcile/plan/targets.ts';
import { type Cluster, withCluster } from './cluster.ts';
import { ExitCode } from './exit-codes.ts';
import { type Input, readInputs } from './input.ts';
import { Exit, type Io, UsageError } from './io.ts';
import { type Format, outputOption, painter, printData } from './output.ts';
import { judgementOf, mayGoAhead } from './plan/judge.ts';
import { type Look, look, type Viewpoint } from './plan/look.ts';
import { ClusterReader } from './plan/reader.ts';
import { fromCluster, fromFile, type Subject } from './plan/subject.ts';
import { plansData, planView } from './plan/view.ts';
import { withPlanFinding } from './plan-intent.ts';
import { printBadInput } from './policy/view.ts';
import { addSettings, settingsOf } from './settings-options.ts';
import { getIntent, nameOf } from './status/read.ts';

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

Give it the settings of the operator (--strict-mode, --plan-dry-run, …), so that it comes to the same. Ends with 0 when
every change may go ahead, with 1 when any may not (or not yet, or not without approval, or that is not known), and with 2
when an intent can not be read or is not valid.`;

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
      if ((files.length === 0) === (flags.intent === undefined))
        throw new UsageError('say what to plan: files with intents, - for standard input, or --intent NAME');
      const settings = settingsOf(command, NAMES, env);
      return withCluster(settings, env, async (cluster) => {
        const viewpoint = viewpointOf(cluster, settings, now);
        const subjects = await subjectsOf(io, cluster, viewpoint, files, flags, settings);
        const looks: Look[] = [];
        for (const subject of subjects) looks.push(await look(subject, viewpoint));
        if (flags.output === 'text') io.stdout.write(looks.map((one) => planView(one, painter(io))).join('\n'));
        else printData(io, flags.output, plansData(looks, now()));
        if (!looks.every((one) => mayGoAhead(judgementOf(one)))) throw new Exit(ExitCode.failed);
      });
    });
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

async function subjectsOf(
  io: Io,
  { client, access }: Cluster,
  { reader, now }: Viewpoint,
  files: readonly string[],
  flags: Flags,
  { validationTimeoutMs: timeoutMs }: PlanSettings,
): Promise<readonly Subject[]> {
  if (flags.intent !== undefined) {
    const key = nameOf(flags.intent, flags.namespace, access.namespace);
    const subject = fromCluster(await getIntent(client, key.namespace, key.name));
    if (subject === undefined)
      throw new Error(`the spec of ${flags.intent} is not valid: see patchgen status ${flags.intent}`);
    return [subject];
  }
  const options = { clock: systemClock, timeoutMs, strict: false, namespace: flags.namespace ?? access.namespace };
  const inputs = (await readInputs(io, [...new Set(files)], options)).map(planned);
  const valid = validOf(inputs);
  if (valid === undefined) {
    printBadInput(io, inputs, []);
    throw new Exit(ExitCode.usage);
  }
  return Promise.all(valid.map((intent) => fromFile(reader, intent, now())));
}

/** What the operator would reject before it looks at the cluster is told as `validate` tells it. */
function planned(input: Input): Input {
  return 'intents' in input ? { ...input, intents: input.intents.map(withPlanFinding) } : input;
}

/** Undefined when any input or intent is not there or not valid. */
function validOf(inputs: readonly Input[]): readonly ValidIntent[] | undefined {
  const intents = inputs.flatMap((input): readonly (ValidIntent | undefined)[] =>
    'intents' in input ? input.intents.map((intent) => (intent.valid ? intent : undefined)) : [undefined],
  );
  return intents.every((intent) => intent !== undefined) ? intents : undefined;
}
