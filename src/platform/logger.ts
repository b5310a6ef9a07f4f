import { type Logger, pino } from 'pino';
import { printableJson } from './escape.ts';
import type { Log } from './log.ts';
import { loggable } from './log-fields.ts';
import { humanLine } from './log-human.ts';
import { redact } from './redact.ts';

/** Where finished lines go. It must neither throw nor block: see `log-sink.ts`. */
export interface LogDestination {
  write(line: string): void;
}

export interface LogOptions {
  /** Whether debug lines are written too. */
  readonly debug: boolean;
  /** JSON lines for machines; otherwise one readable line each. */
  readonly json: boolean;
  readonly destination: LogDestination;
  /** Colours in readable lines. Default false. */
  readonly color?: boolean;
}

/**
 * The log of the process: one line per call, constant message with fields, time as ISO text, level as a word. Control and
 * other invisible characters are escaped, secrets replaced, errors written with reason, cause and stack. A call never throws.
 */
export function createLog(options: LogOptions): Log {
  const { destination, json, color = false } = options;
  const stream = {
    write: (line: string): void => {
      const safe = redact(printableJson(line.trimEnd()));
      destination.write(json ? `${safe}\n` : humanLine(safe, color));
    },
  };
  const logger = pino(
    {
      level: options.debug ? 'debug' : 'info',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      // pino would fold our plain errors once more and lose their causes.
      serializers: { err: (plain: unknown) => plain },
    },
    stream,
  );
  return guarded(logger);
}

// Everything that callers hand over is made plain before pino sees it: its own hooks pass child fields and errors by.
function guarded(logger: Logger): Log {
  return {
    debug: (fields, message) => {
      if (logger.isLevelEnabled('debug')) logger.debug(loggable(fields), message);
    },
    info: (fields, message) => logger.info(loggable(fields), message),
    warn: (fields, message) => logger.warn(loggable(fields), message),
    error: (fields, message) => logger.error(loggable(fields), message),
    child: (fields) => guarded(logger.child(loggable(fields))),
  };
}
