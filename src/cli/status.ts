import { Command } from 'commander';
import { type Environment, environment, type SettingName } from '../config.ts';
import { type Cluster, withCluster } from './cluster.ts';
import { type Io, UsageError } from './io.ts';
import { type Format, outputOption, painter, printData } from './output.ts';
import { addSettings, settingsOf } from './settings-options.ts';
import { readHeld } from './status/held.ts';
import { getIntent, listIntents, nameOf } from './status/read.ts';
import { type Summary, summaryOf } from './status/summary.ts';
import { detailView, heldView, listView } from './status/view.ts';

const NAMES = [
  'kubeconfig',
  'context',
  'leaderElectionId',
  'leaderElectionNamespace',
] as const satisfies readonly SettingName[];

const DESCRIPTION = `Shows where intents are on the path from spec to package, why, and what to do next.

  patchgen status            the intents of the namespace
  patchgen status -A         of all namespaces
  patchgen status shop/web   one intent, in full`;

interface Flags {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly output: Format;
}

/** `patchgen status [NAME]`. */
export function statusCommand(io: Io, env: Environment = environment(), now: () => Date = () => new Date()): Command {
  const command = new Command('status')
    .description(DESCRIPTION)
    .argument('[name]', 'NAME or NAMESPACE/NAME of one intent')
    .option('-n, --namespace <namespace>', 'namespace (default: of the kubeconfig context)')
    .option('-A, --all-namespaces', 'of all namespaces')
    .addOption(outputOption());
  return addSettings(command, NAMES).action((name: string | undefined, flags: Flags) => {
    // As kubectl has it: a name is one of many where all namespaces are looked through.
    if (name !== undefined && flags.allNamespaces === true)
      throw new UsageError('one intent is not looked for in all namespaces: leave out -A');
    const settings = settingsOf(command, NAMES, env);
    return withCluster(settings, env, async (cluster) => {
      const lease = {
        namespace: settings.leaderElectionNamespace ?? cluster.access.namespace,
        name: settings.leaderElectionId,
      };
      const summaries = await readSummaries(cluster, name, flags);
      const held = await readHeld(cluster.client, lease, now());
      if (flags.output !== 'text') {
        const intents = name === undefined ? { intents: summaries } : summaries[0];
        return printData(io, flags.output, { ...intents, ...(held === undefined ? {} : { heldRemovals: held }) });
      }
      io.stdout.write(name === undefined ? list(summaries, flags, now()) : detail(summaries, io, now()));
      if (held !== undefined) io.stdout.write(heldView(held, now(), painter(io)));
    });
  });
}

async function readSummaries(cluster: Cluster, name: string | undefined, flags: Flags): Promise<readonly Summary[]> {
  const { client, access } = cluster;
  if (name !== undefined) {
    const key = nameOf(name, flags.namespace, access.namespace);
    return [summaryOf(await getIntent(client, key.namespace, key.name))];
  }
  const namespace = flags.allNamespaces === true ? undefined : (flags.namespace ?? access.namespace);
  return (await listIntents(client, namespace)).map(summaryOf);
}

const detail = (summaries: readonly Summary[], io: Io, now: Date): string =>
  summaries.map((summary) => detailView(summary, now, painter(io))).join('\n');

function list(summaries: readonly Summary[], flags: Flags, now: Date): string {
  if (summaries.length === 0) return 'No intents.\n';
  return listView(summaries, now, flags.allNamespaces === true);
}
