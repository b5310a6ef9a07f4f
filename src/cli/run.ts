import { hostname } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { REASONS } from '../api/reasons.ts';
import { accessEnvironment, environment, SETTING_NAMES, type Settings, unknownVariables } from '../config.ts';
import { startPublisher } from '../kpt/publisher/start.ts';
import { systemClock } from '../platform/clock.ts';
import { loadAccess } from '../platform/kubernetes/access.ts';
import { createKubeClient } from '../platform/kubernetes/http-client.ts';
import type { Log } from '../platform/log.ts';
import type { LogSink } from '../platform/log-sink.ts';
import { createMetrics } from '../platform/metrics.ts';
import { systemRandom } from '../platform/random.ts';
import { REFUSING_RULES } from '../policy/evaluate.ts';
import { ExitCode } from './exit-codes.ts';
import { type Io, UsageError } from './io.ts';
import { type Operator, startOperator } from './run/operator.ts';
import { processLog } from './run/process-log.ts';
import { untilSignal } from './run/signals.ts';
import { STOP_LIMIT_MS, stopInTime } from './run/stop-in-time.ts';
import { RESOURCES } from './run/surroundings/surroundings-types.ts';
import { addSettings, settingsOf } from './settings-options.ts';
import { VERSION } from './version.ts';

/** `patchgen run`: the operator, until a signal or the loss of the lease ends it. */
export function runCommand(io: Io): Command {
  const command = new Command('run')
    .summary('run the operator')
    .description(
      'Runs the operator: watches PatchIntents, writes a package for each under <output-dir>/packages, and reports in their status.\n' +
        'SIGTERM or Ctrl-C ends it cleanly (a second one at once); the loss of the lease ends it with exit code 64.',
    );
  return addSettings(command).action(async () => {
    const settings = settingsOf(command, SETTING_NAMES);
    const { log, sink } = processLog(settings, io);
    for (const variable of unknownVariables(environment()))
      log.warn({ variable }, 'unknown environment variable: no such setting');
    try {
      await runOperator(settings, log, sink);
    } finally {
      await sink.flush(1_000);
    }
  });
}

async function runOperator(settings: Settings, log: Log, sink: LogSink): Promise<void> {
  const clock = systemClock;
  const random = systemRandom;
  const access = await accessTo(settings);
  const metrics = createMetrics({
    monotonic: () => clock.monotonic(),
    version: VERSION,
    workers: settings.workers,
    lease: settings.leaderElectionId,
    host: new URL(access.server).host,
    neededBytes: settings.minFreeSpaceBytes,
    reasons: REASONS,
    rules: REFUSING_RULES,
    watched: RESOURCES,
  });
  metrics.onScrape(() => metrics.state.logLinesDropped(sink.dropped));
  const identity = `${hostname()}_${random.uuid()}`;
  log.info({ version: VERSION, identity, server: access.server, outputDir: settings.outputDir }, 'patchgen starts');
  const client = createKubeClient(access, { clock, userAgent: `patchgen/${VERSION}`, onResponse: metrics.restClient });
  const publisher = startPublisher({
    root: join(settings.outputDir, 'packages'),
    minFreeBytes: settings.minFreeSpaceBytes,
    log,
    clock,
    random,
  });
  const leaseNamespace = settings.leaderElectionNamespace ?? access.namespace;
  const signals = untilSignal();
  try {
    const operator = await startOperator({
      settings,
      client,
      publisher,
      identity,
      leaseNamespace,
      clock,
      random,
      log,
      metrics,
    });
    await untilEnd(operator, signals.signal, log, sink);
  } finally {
    signals.dispose();
  }
}

/** Lets the operator run until a signal comes, and stops it. Never returns when the lease is lost. */
async function untilEnd(operator: Operator, signal: Promise<string>, log: Log, sink: LogSink): Promise<void> {
  const end = await Promise.race([operator.ended, signal]);
  if (typeof end !== 'string') {
    log.error({ why: end.why }, 'patchgen ends: the lease is lost');
    // Nothing may be written any more, so nothing is drained: open requests and the publisher thread end with the process.
    await sink.flush(1_000);
    process.exit(ExitCode.leaseLost);
  }
  log.info({ signal: end }, 'patchgen stops');
  if ((await stopInTime(operator.stop(), systemClock)) === 'late') {
    log.error({ seconds: STOP_LIMIT_MS / 1_000 }, 'patchgen ends: it did not stop in time');
    await sink.flush(1_000);
    process.exit(ExitCode.failed);
  }
  log.info({}, 'patchgen stopped');
}

async function accessTo(settings: Settings): ReturnType<typeof loadAccess> {
  try {
    return await loadAccess({
      ...(settings.kubeconfig === undefined ? {} : { kubeconfig: settings.kubeconfig }),
      ...(settings.context === undefined ? {} : { context: settings.context }),
      env: accessEnvironment(environment()),
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
