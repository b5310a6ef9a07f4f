/**
 * Keeps package-lock.json installable everywhere. Where a registry does not serve the binaries of other platforms, npm leaves
 * them out of the lockfile, and `npm ci` then refuses it on every machine. Their versions are known all the same: the
 * package that wants them names them exactly. (npm/cli#4828 and its relatives.)
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface Entry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

export interface Lockfile {
  readonly packages: Readonly<Record<string, Entry>>;
  readonly [key: string]: unknown;
}

/** The entries that should be there, by path; empty for a complete lockfile. */
export function missingEntries(lockfile: Lockfile): Record<string, Entry> {
  const missing: Record<string, Entry> = {};
  for (const { optionalDependencies = {}, dev } of Object.values(lockfile.packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const path = `node_modules/${name}`;
      if (lockfile.packages[path] !== undefined || !/^\d+\.\d+\.\d+/.test(version)) continue;
      missing[path] = { version, ...platform(name), ...(dev === true ? { dev } : {}), optional: true };
    }
  }
  return missing;
}

/** The same lockfile with them, in npm's order. */
export function complete(lockfile: Lockfile): Lockfile {
  const all = Object.entries({ ...lockfile.packages, ...missingEntries(lockfile) });
  return { ...lockfile, packages: Object.fromEntries(all.sort(([a], [b]) => a.localeCompare(b, 'en'))) };
}

export function readLockfile(path: string): Lockfile {
  return JSON.parse(readFileSync(path, 'utf8')) as Lockfile;
}

export function writeLockfile(path: string, lockfile: Lockfile): void {
  writeFileSync(path, `${JSON.stringify(lockfile, undefined, 2)}\n`);
}

/** Packages of one platform say in their name which: `linux-arm64-musl`, `win32-x64-msvc`. */
function platform(name: string): Entry {
  const found = name.match(
    /(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|ia32|ppc64|riscv64|s390x|x64)(?:-(\w+))?/,
  );
  const [, os, cpu, variant] = found ?? [];
  if (os === undefined || cpu === undefined) return {};
  const libc = os !== 'linux' || variant === undefined ? undefined : variant.startsWith('musl') ? 'musl' : 'glibc';
  return { cpu: [cpu], os: [os], ...(libc === undefined ? {} : { libc: [libc] }) };
}
