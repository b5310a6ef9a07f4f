import { Command } from 'commander';
import {
  accessEnvironment,
  type Environment,
  environment,
  SETTINGS,
  type SettingName,
  type Settings,
} from '../config.ts';
import { printable } from '../platform/escape.ts';
import { type Cluster, connect } from './cluster.ts';
import { type DoctorCheck, type Finding, runChecks } from './doctor/check.ts';
import { clusterChecks } from './doctor/cluster-checks.ts';
import { permissionChecks } from './doctor/permission-checks.ts';
import { roundTripChecks } from './doctor/round-trips.ts';
import { runtimeChecks } from './doctor/runtime-checks.ts';
import { safetyChecks } from './doctor/safety-checks.ts';
import { storageChecks } from './doctor/storage-checks.ts';
import { ExitCode } from './exit-codes.ts';
import { Exit, type Io } from './io.ts';
import { type Format, outputOption, painter, printData } from './output.ts';
import { addSettings, settingsOf } from './settings-options.ts';

const NAMES = [
  'outputDir',
  'minFreeSpaceBytes',
  'kubeconfig',
  'context',
  'watchNamespaces',
  'leaderElect',
  'leaderElectionId',
  'leaderElectionNamespace',
  'allowedTargetNamespaces',
  'livePlans',
  'planDryRun',
  'policies',
  'approvalGuard',
] as const satisfies readonly SettingName[];
type DoctorSettings = Pick<Settings, (typeof NAMES)[number]>;

const DESCRIPTION = `Checks everything that the operator needs: this program, the volume of the packages, the cluster, the permissions, and what plans and approvals rest on.

Use the settings and the kubeconfig (or pod) of the operator, so that its own rights are looked at. Nothing is left behind.
Exit code 1 when anything is wrong (✗); what could not be looked at (–) does not count.`;

/** `patchgen doctor`. */
export function doctorCommand(io: Io, env: Environment = environment(), now: () => Date = () => new Date()): Command {
  const command = new Command('doctor')
    .description(DESCRIPTION)
    .option('--no-cluster', 'leave the cluster and the permissions out')
    .addOption(outputOption());
  return addSettings(command, NAMES).action(async (flags: { readonly cluster: boolean; readonly output: Format }) => {
    const settings = settingsOf(command, NAMES, env);
    const lookup = findOnce(settings, env);
    const checks = [...localChecks(settings, env), ...(flags.cluster ? remoteChecks(settings, lookup.find, now) : [])];
    try {
      const findings = await runChecks(checks, flags.output === 'text' ? textTeller(io) : undefined);
      report(findings, flags.output, io);
    } finally {
      await lookup.close();
    }
  });
}

function localChecks(settings: DoctorSettings, env: Environment): readonly DoctorCheck[] {
  const { outputDir, minFreeSpaceBytes } = settings;
  const inPod = accessEnvironment(env).serviceHost !== undefined;
  return [
    ...runtimeChecks({ nodeVersion: process.version, platform: `${process.platform} ${process.arch}` }),
    ...storageChecks({
      outputDir,
      minFreeBytes: minFreeSpaceBytes,
      required: inPod || outputDir !== SETTINGS.outputDir.default,
    }),
  ];
}

function remoteChecks(settings: DoctorSettings, find: () => Promise<Cluster>, now: () => Date): readonly DoctorCheck[] {
  const { leaderElectionId: leaseName, leaderElectionNamespace: leaseNamespace, ...rest } = settings;
  const scope = { ...rest, leaseName, leaseNamespace };
  return [
    ...clusterChecks(find, settings),
    ...permissionChecks(find, scope),
    ...safetyChecks(find, scope),
    ...roundTripChecks(find, scope, now),
  ];
}

/** The cluster is looked for once, by the first check that wants it. */
function findOnce(settings: DoctorSettings, env: Environment) {
  const state: { cluster: Promise<Cluster> | undefined } = { cluster: undefined };
  return {
    find: (): Promise<Cluster> => {
      state.cluster ??= connect(settings, env);
      return state.cluster;
    },
    close: async (): Promise<void> => {
      const cluster = await state.cluster?.catch(() => undefined);
      await cluster?.client.close();
    },
  };
}

/** Tells each finding as it comes, under the heading of its area. */
function textTeller(io: Io): (finding: Finding) => void {
  const paint = painter(io);
  const last = { area: '' };
  const signs = { ok: paint('green', '✓'), failed: paint('red', '✗'), skipped: paint('dim', '–') };
  return ({ area, name, state, detail, fix }) => {
    if (area !== last.area) io.stdout.write(`${last.area === '' ? '' : '\n'}${paint('bold', area)}\n`);
    last.area = area;
    io.stdout.write(`  ${signs[state]} ${printable(name)}: ${printable(detail)}\n`);
    if (fix !== undefined) io.stdout.write(`      ${paint('yellow', '→')} ${printable(fix)}\n`);
  };
}

function report(findings: readonly Finding[], format: Format, io: Io): void {
  const wrong = findings.filter(({ state }) => state === 'failed').length;
  if (format === 'text') {
    const seen = findings.filter(({ state }) => state === 'ok').length;
    io.stdout.write(
      `\n${wrong === 0 ? `All is well: ${seen} checks passed.` : `${wrong} of ${findings.length} checks failed.`}\n`,
    );
  } else {
    printData(io, format, { ok: wrong === 0, checks: findings });
  }
  if (wrong > 0) throw new Exit(ExitCode.failed);
}
