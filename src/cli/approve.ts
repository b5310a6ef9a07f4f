import { Command, Option } from 'commander';
import { duration } from '../config/kinds.ts';
import { type Environment, environment, type SettingName } from '../config.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { printable } from '../platform/escape.ts';
import { type Decided, decide } from './approval/decide.ts';
import { waitFor } from './approval/wait.ts';
import { type Cluster, withCluster } from './cluster.ts';
import { ExitCode } from './exit-codes.ts';
import { Exit, type Io, UsageError } from './io.ts';
import { type Format, printData } from './output.ts';
import { addSettings, settingsOf } from './settings-options.ts';
import { getIntent, nameOf } from './status/read.ts';

const NAMES = ['kubeconfig', 'context'] as const satisfies readonly SettingName[];

const APPROVE = `Agrees to the plan of an intent that awaits approval: shows plan and diff, who has decided so far and what the policies want, asks, and creates a PatchApproval under your own name.

An approval is about one plan: when the spec, a policy or the live target changes, it does not count any more.`;

const REJECT = `Refuses the plan of an intent that awaits approval: shows what approve shows, asks why, and creates a PatchApproval under your own name.

A rejection holds until the spec of the intent changes.`;

interface Flags {
  readonly namespace?: string;
  readonly comment?: string;
  readonly planDigest?: string;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly wait?: boolean;
  readonly timeout: string;
  readonly output: Format | 'name';
}

/** Waiting is all that the process does then, so its timer keeps it alive, unlike those of the operator. */
const WAITING_CLOCK: Clock = {
  ...systemClock,
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

type Make = (io: Io, env?: Environment, clock?: Clock) => Command;

/** `patchgen approve NAME`. */
export const approveCommand: Make = (io, env, clock) => decisionCommand('Approve', io, env, clock);

/** `patchgen reject NAME`. */
export const rejectCommand: Make = (io, env, clock) => decisionCommand('Reject', io, env, clock);

function decisionCommand(
  decision: 'Approve' | 'Reject',
  io: Io,
  env: Environment = environment(),
  clock: Clock = WAITING_CLOCK,
): Command {
  const command = new Command(decision.toLowerCase())
    .description(decision === 'Approve' ? APPROVE : REJECT)
    .argument('<name>', 'NAME or NAMESPACE/NAME of the intent')
    .option('-n, --namespace <namespace>', 'namespace (default: of the kubeconfig context)')
    .option(
      '--comment <text>',
      decision === 'Approve' ? 'why, for people' : 'why, for people; asked for where it is not given',
    )
    .option('--plan-digest <digest>', 'decide on this plan only; fails when the status has another')
    .option('-y, --yes', 'do not ask')
    .option('--force', 'decide also where that seems to be without effect')
    .option('--wait', decision === 'Approve' ? 'wait until the intent is Ready' : 'wait until the intent is rejected')
    .option('--timeout <duration>', 'how long to wait', '1m')
    .addOption(
      new Option('-o, --output <format>', 'how to print').choices(['text', 'json', 'yaml', 'name']).default('text'),
    );
  return addSettings(command, NAMES).action((name: string, flags: Flags) => {
    const timeoutMs = timeoutOf(flags.timeout);
    return withCluster(settingsOf(command, NAMES, env), env, async (cluster) => {
      const decided = await run(io, cluster, name, decision, flags, clock);
      tell(io, decided, flags);
      if (flags.wait === true) await wait(io, cluster, decided, timeoutMs, clock);
    });
  });
}

function timeoutOf(text: string): number {
  const kind = duration('1s', '1m');
  const ms = kind.parse(text);
  if (ms === undefined) throw new UsageError(`--timeout: must be ${kind.allowed}, got ${JSON.stringify(text)}`);
  return ms;
}

function run(
  io: Io,
  { client, access }: Cluster,
  name: string,
  decision: 'Approve' | 'Reject',
  flags: Flags,
  clock: Clock,
): Promise<Decided> {
  const { comment, planDigest, yes = false, force = false, output } = flags;
  const wish = {
    decision,
    ...(comment === undefined ? {} : { comment }),
    ...(planDigest === undefined ? {} : { planDigest }),
    yes,
    force,
    page: output === 'text',
  };
  return decide(io, client, nameOf(name, flags.namespace, access.namespace), wish, () => clock.now());
}

function tell(io: Io, { name, object, wanted }: Decided, { output, wait }: Flags): void {
  if (output === 'json' || output === 'yaml') return printData(io, output, object);
  if (output === 'name') return void io.stdout.write(`patchapproval.patchgen.dev/${printable(name)}\n`);
  const { namespace, intent, decision, approver, planDigest } = wanted;
  const did = decision === 'Approve' ? 'approved' : 'rejected';
  const next = wait === true ? '' : `What comes of it: patchgen status ${namespace}/${intent}\n`;
  io.stdout.write(
    `\n${printable(approver)} ${did} plan ${planDigest.slice(0, 12)} of ${namespace}/${intent} (PatchApproval ${printable(name)})\n${next}`,
  );
}

async function wait(
  io: Io,
  { client }: Cluster,
  { wanted, before }: Decided,
  timeoutMs: number,
  clock: Clock,
): Promise<void> {
  const { namespace, intent, decision, intentUid: uid, planDigest } = wanted;
  const read = () => getIntent(client, namespace, intent);
  const ending = await waitFor(read, { decision, uid, planDigest, before, timeoutMs, clock });
  if ('done' in ending) return void io.stderr.write(`${printable(ending.done)}\n`);
  io.stderr.write(`${printable(ending.not)}\n`);
  throw new Exit(ExitCode.failed);
}
