import { isatty } from 'node:tty';
import type { Environment } from '../config.ts';
import type { Io, Output } from './io.ts';

/** The process as commands see it: a reader that goes away (EPIPE) ends the printing, not the work. */
export function processIo(args: readonly string[], env: Environment): Io {
  return {
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    stdin: process.stdin,
    color: wantsColor(args, env) && isatty(process.stdout.fd),
    interactive: isatty(process.stdin.fd) && isatty(process.stderr.fd),
  };
}

// Source: https://no-color.org
const wantsColor = (args: readonly string[], env: Environment): boolean =>
  !args.includes('--no-color') && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';

function outputOf(stream: NodeJS.WriteStream): Output {
  const state = { gone: false };
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
    state.gone = true;
  });
  return {
    write: (text) => state.gone || stream.write(text),
    get isTTY() {
      return stream.isTTY;
    },
    get columns() {
      return stream.columns;
    },
  };
}
