/** The shared libraries of a program, found as the loader finds them. */
import { execFileSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Library {
  /** Where the program looks for it. */
  readonly path: string;
  /** The file itself. */
  readonly source: string;
}

/** Older C libraries load these by name when a host name is looked up, so no program lists them. */
const LOADED_BY_NAME = ['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2'];

/** The libraries that `ldd` names, with the loader, sorted by path. Throws when one is missing on this machine. */
export function librariesOf(program: string): Library[] {
  return librariesIn(run('ldd', program), existsSync).map((path) => ({ path, source: realpathSync(path) }));
}

/** The paths in what `ldd` prints. */
export function librariesIn(printed: string, exists: (path: string) => boolean): string[] {
  const missing = /^\s*(\S+) => not found$/m.exec(printed)?.[1];
  if (missing !== undefined) throw new Error(`the shared library ${missing} is missing on this machine`);
  const named = [...printed.matchAll(/^\s*(?:\S+ => )?(\/\S+) \(0x[0-9a-f]+\)$/gm)].flatMap(([, path]) => path ?? []);
  const libc = named.find((path) => path.endsWith('/libc.so.6'));
  if (libc === undefined)
    throw new Error('ldd names no glibc (libc.so.6): build the image with the Dockerfile on this machine');
  const more = LOADED_BY_NAME.map((name) => join(dirname(libc), name)).filter((path) => exists(path));
  return [...new Set([...named, ...more])].toSorted();
}

function run(command: string, argument: string): string {
  try {
    return execFileSync(command, [argument], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new Error(`${command} ${argument} failed, so the shared libraries of Node.js are not known`, {
      cause: error,
    });
  }
}
