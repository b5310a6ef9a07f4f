import type { Settings } from '../../config.ts';
import { systemClock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { attemptFor, LogSink } from '../../platform/log-sink.ts';
import { createLog } from '../../platform/logger.ts';
import type { Io } from '../io.ts';

/** The log of the process on standard error: JSON lines, or readable ones on a terminal. */
export function processLog(settings: Pick<Settings, 'debug'>, io: Io): { readonly log: Log; readonly sink: LogSink } {
  const sink = new LogSink(attemptFor(2), systemClock);
  const terminal = io.stderr.isTTY === true;
  const log = createLog({ debug: settings.debug, json: !terminal, color: terminal && io.color, destination: sink });
  return { log, sink };
}
